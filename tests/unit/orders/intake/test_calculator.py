"""Orders are priced by Simphony where their property wants that, and never wait longer than it says."""

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from tests.ordering import OrderingRegion
from tests.point_of_sale import Mood
from tests.polling import until
from tests.restaurant import CODE, ORDER, property_with

from muneris.core.clock import to_rfc3339
from muneris.orders.life.posted import calculation
from muneris.orders.model import Order, Status
from muneris.simphony.errors import PosDetail

DEAR: dict[str, Any] = {**ORDER, "expected_total": "22.50"}


@pytest.fixture
def asking(region: OrderingRegion) -> OrderingRegion:
    """A region whose property has its orders priced by Simphony, which is dearer than the menu."""
    region.properties.values[CODE] = property_with(pre_check_ms=200, lead_minutes=30)
    region.pos.surcharge = Decimal("0.50")
    return region


async def placed(region: OrderingRegion, order: object = DEAR) -> Order:
    return await region.order(await region.accepted(order))


async def test_nobody_is_asked_unless_the_property_wants_it(region: OrderingRegion) -> None:
    order = await placed(region, ORDER)
    assert (order.priced_by, order.totals.total) == ("menu", "22.00")
    assert region.pos.calculations == []


async def test_simphony_prices_an_order(asking: OrderingRegion) -> None:
    tipped = {**DEAR, "payment": {"method": "at_counter", "tip": "1.00"}}
    answer = await asking.place(order=tipped)
    assert answer.json()["total"] == "23.50"
    order = await asking.order(UUID(answer.json()["order_id"]))
    assert (order.priced_by, order.totals.subtotal, order.totals.total) == ("simphony", "22.50", "23.50")
    assert order.priced_lines[0].total == "22.00"
    shown = (await asking.get(order.order_id)).json()
    assert (shown["priced_by"], shown["totals"]["total"]) == ("simphony", "23.50")
    assert len(asking.pos.calculations) == 1


async def test_it_is_asked_for_the_check_that_is_posted_later(asking: OrderingRegion) -> None:
    order = await placed(asking)
    by_menu = order.model_copy(
        update={"totals": order.totals.model_copy(update={"subtotal": "22.00", "total": "22.00"})}
    )
    assert asking.pos.calculations == [calculation(by_menu)]
    await asking.pump()
    confirmed = await asking.order(order.order_id)
    assert (confirmed.status, confirmed.reason) == (Status.CONFIRMED, None)
    assert asking.pos.calls[0].expected_total == Decimal("22.50")


async def test_a_total_that_the_app_did_not_expect_is_refused_with_simphonys(asking: OrderingRegion) -> None:
    refused = await asking.place(order=ORDER)
    assert (refused.status, refused.code, refused.json()["total"]) == (409, "price_changed", "22.50")
    assert await asking.open_orders() == []


@pytest.mark.parametrize("mood", ["unreachable", "loses_request", "no_tokens", "refuses"])
async def test_without_an_answer_the_menu_prices(asking: OrderingRegion, mood: Mood) -> None:
    asking.pos.calculator_mood = mood
    order = await placed(asking, ORDER)
    assert (order.priced_by, order.totals.total) == ("menu", "22.00")
    assert len(asking.pos.calculations) == 1


async def test_an_answer_that_is_no_amount_leaves_it_to_the_menu(asking: OrderingRegion) -> None:
    asking.pos.surcharge = Decimal("0.001")
    order = await placed(asking, ORDER)
    assert (order.priced_by, order.totals.total) == ("menu", "22.00")


async def test_nobody_waits_longer_than_the_budget(asking: OrderingRegion) -> None:
    asking.properties.values[CODE] = property_with(pre_check_ms=1)
    asking.pos.calculator_mood = "hangs"
    order = await placed(asking, ORDER)
    assert (order.priced_by, asking.pos.hanging) == ("menu", 0)


async def test_what_simphony_does_not_sell_is_refused(asking: OrderingRegion) -> None:
    asking.pos.calculator_mood = "refuses"
    asking.pos.objections = (PosDetail(code="menu_item_not_available", message="Menu item 11001"),)
    refused = await asking.place(order=DEAR)
    assert (refused.status, refused.code) == (409, "item_unavailable")
    assert "Menu item 11001" in refused.json()["detail"]
    assert await asking.open_orders() == []


async def test_an_accepted_order_is_answered_as_before_though_simphony_says_otherwise_now(
    asking: OrderingRegion,
) -> None:
    key = asking.key()
    first = await asking.place(key, DEAR)
    asking.pos.calculator_mood = "unreachable"
    again = await asking.place(key, DEAR)
    assert (again.status, again.body) == (202, first.body)
    assert (await asking.order(UUID(key))).priced_by == "simphony"


async def test_an_order_for_later_is_the_menus_to_price(asking: OrderingRegion) -> None:
    wanted = to_rfc3339(asking.clock.now().replace(hour=18))
    order = await placed(asking, {**ORDER, "fulfilment": {"type": "pickup", "requested_at": wanted}})
    assert (order.priced_by, asking.pos.calculations) == ("menu", [])


async def test_others_are_served_while_one_waits(asking: OrderingRegion) -> None:
    asking.properties.values[CODE] = property_with(pre_check_ms=10_000)
    asking.pos.calculator_mood = "hangs"
    waiting = asyncio.create_task(asking.place(order=DEAR))
    await until(lambda: asking.pos.hanging == 1)
    asking.pos.calculator_mood = "takes"
    assert (await asking.place(order=DEAR)).status == 202
    asking.pos.go_on.set()
    assert (await waiting).status == 202
