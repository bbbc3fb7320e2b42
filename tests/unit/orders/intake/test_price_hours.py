"""Prices of a menu level are to be had in its hours alone, by the property's clock."""

from typing import Any
from uuid import UUID

import pytest
from tests.asgi import Response
from tests.ordering import OrderingRegion
from tests.restaurant import BURGER, CODE, MENU, ORDER, property_with

from muneris.config.menu import Menu

SAID = (
    "Line 1: price 2 of item 11001 is not in force then. "
    "Its hours are on the menu: choose another price or time."
)


def with_happy_hour() -> Menu:
    """The menu whose second price of a burger is to be had on Saturdays from 12:30 to 14:00 UTC."""
    document = MENU.model_dump(mode="json")
    happy_price = document["items"][0]["definitions"][0]["prices"][1]
    happy_price |= {"level": 2, "hours": {"sat": [{"from": "14:30", "to": "16:00"}]}}
    return Menu.model_validate(document)


@pytest.fixture(autouse=True)
def _happy_hour(region: OrderingRegion) -> None:
    region.menus.values[CODE] = with_happy_hour()


def burgers(requested_at: str | None = None, *, happy: bool = True) -> dict[str, Any]:
    lines = [
        {"menu_item_id": BURGER, "quantity": 1, "price_sequence": each} for each in (1, 2 if happy else 1)
    ]
    fulfilment = (
        {"type": "pickup"} if requested_at is None else {"type": "pickup", "requested_at": requested_at}
    )
    total = "18.50" if happy else "20.00"
    return {**ORDER, "fulfilment": fulfilment, "lines": lines, "expected_total": total}


async def assert_refused(region: OrderingRegion, order: object) -> None:
    before = await region.rows()
    answer = await region.place(order=order)
    assert (answer.status, answer.code, answer.json()["detail"]) == (422, "unknown_item", SAID)
    assert await region.rows() == before


def assert_costs(answer: Response, total: str) -> None:
    assert (answer.status, answer.json()["total"]) == (202, total)


async def test_before_its_hours_and_after_them_it_is_refused(region: OrderingRegion) -> None:
    region.clock.advance(seconds=30 * 60 - 1)
    await assert_refused(region, burgers())
    region.clock.advance(seconds=1)
    assert_costs(await region.place(order=burgers()), "18.50")
    region.clock.advance(seconds=90 * 60 - 1)
    assert_costs(await region.place(region.key(), burgers()), "18.50")
    region.clock.advance(seconds=1)
    await assert_refused(region, burgers())


async def test_other_prices_are_to_be_had_at_any_time(region: OrderingRegion) -> None:
    assert_costs(await region.place(order=burgers(happy=False)), "20.00")


async def test_for_later_it_counts_when_the_order_goes_to_the_till(region: OrderingRegion) -> None:
    region.properties.values[CODE] = property_with(lead_minutes=20)
    await assert_refused(region, burgers("2030-05-04T12:49:59Z"))
    assert_costs(await region.place(region.key(), burgers("2030-05-04T12:50:00Z")), "18.50")
    assert_costs(await region.place(region.key(), burgers("2030-05-04T14:19:59Z")), "18.50")
    await assert_refused(region, burgers("2030-05-04T14:20:00Z"))


async def test_what_was_accepted_in_its_hours_is_answered_so_after_them(region: OrderingRegion) -> None:
    region.clock.advance(minutes=30)
    key = region.key()
    first = await region.place(key, burgers())
    region.clock.advance(hours=2)
    again = await region.place(key, burgers())
    assert (again.status, again.body, again.headers["idempotency-replayed"]) == (202, first.body, "true")


async def test_a_round_is_priced_by_the_hour_at_which_it_is_added(region: OrderingRegion) -> None:
    order_id: UUID = await region.confirmed()
    lines = {"lines": burgers()["lines"]}
    before = await region.rows()
    answer = await region.add_round(order_id, region.key(), lines)
    assert (answer.status, answer.code, answer.json()["detail"]) == (422, "unknown_item", SAID)
    assert await region.rows() == before
    region.clock.advance(minutes=30)
    assert_costs(await region.add_round(order_id, region.key(), lines), "18.50")
