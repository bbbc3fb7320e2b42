"""One key, one order: whatever is repeated, raced or lost."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from tests.asgi import Response
from tests.faults import Kind
from tests.ordering import OrderingRegion
from tests.restaurant import CODE, MENU, ORDER, PROPERTY, SODA

from muneris.config.menu import Menu
from muneris.core.clock import to_rfc3339
from muneris.inventory.availability import Availability, ItemAvailability
from muneris.orders.model import Status

TWENTY_TWO = {"total": "22.00", "currency": "EUR"}
SODAS: dict[str, Any] = {**ORDER, "lines": [{"menu_item_id": SODA, "quantity": 1}], "expected_total": "2.50"}


def assert_replayed(again: Response, first: Response) -> None:
    assert (again.status, again.body) == (202, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]


def assert_reused(answer: Response, key: str) -> None:
    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert set(answer.json()) == {"type", "title", "status", "detail", "instance", "code", "correlation_id"}
    assert key not in answer.body.decode()
    assert "22.00" not in answer.body.decode()


async def test_the_receipt(region: OrderingRegion) -> None:
    key = region.key()
    placed = await region.place(key)
    assert placed.status == 202
    assert placed.headers["content-type"] == "application/json"
    assert placed.headers["location"] == f"/v1/orders/{CODE}/{key}"
    assert "idempotency-replayed" not in placed.headers
    assert placed.json() == {
        "order_id": key,
        "property_code": CODE,
        "region": "api1",
        "status": "received",
        **TWENTY_TWO,
        "created_at": to_rfc3339(region.clock.now()),
    }


async def test_the_same_request_is_answered_with_the_same_bytes_however_far_it_moved(
    region: OrderingRegion,
) -> None:
    key = region.key()
    first = await region.place(key)
    assert_replayed(await region.place(key), first)
    await region.pump()
    assert (await region.order(UUID(key))).status is Status.CONFIRMED
    assert_replayed(await region.place(key), first)
    region.clock.advance(days=13)
    assert_replayed(await region.place(key), first)
    assert len(region.pos.calls) == 1


def _unconfigured(region: OrderingRegion) -> None:
    region.properties.values[CODE] = PROPERTY.model_copy(update={"status": "confirmed"})


def _unavailable(region: OrderingRegion) -> None:
    gone = ItemAvailability(state="unavailable")
    region.availability.values[CODE] = Availability(items={item.menu_item_id: gone for item in MENU.items})


def _dearer(region: OrderingRegion) -> None:
    dearer = MENU.model_dump_json().replace("10.00", "11.00")
    region.menus.values[CODE] = Menu.model_validate_json(dearer)


def _gone(region: OrderingRegion) -> None:
    region.menus.values[CODE] = Menu(**{**MENU.model_dump(), "items": ()})


@pytest.mark.parametrize("change", [_unconfigured, _unavailable, _dearer, _gone])
async def test_an_accepted_order_is_never_refused_on_its_retry(
    change: Any,  # noqa: ANN401 - one of the functions above
    region: OrderingRegion,
) -> None:
    key, guest = region.key(), await region.guest("ann")
    first = await region.place(key, by=guest)
    change(region)
    assert (await region.place(by=guest)).status in {409, 422}
    assert_replayed(await region.place(key, by=guest), first)
    assert_reused(await region.place(key, {**ORDER, "channel": "table"}, by=guest), key)
    assert_reused(await region.place(key), key)


async def test_an_accepted_order_is_not_refused_once_its_time_has_passed(region: OrderingRegion) -> None:
    key = region.key()
    fulfilment = {"type": "pickup", "requested_at": "2030-05-04T12:00:30Z"}
    order = {**ORDER, "fulfilment": fulfilment}
    first = await region.place(key, order)
    region.clock.advance(minutes=1)
    assert_replayed(await region.place(key, order), first)
    for late in (
        await region.place(key, {**order, "channel": "table"}),
        await region.place(key, order, by=await region.guest("bob")),
        await region.place(order=order),
        await region.place(key, order, at="nowhere"),
    ):
        assert (late.status, late.code) == (422, "invalid_request")


async def test_whether_a_late_order_was_accepted_elsewhere_is_for_its_region_to_say(
    region: OrderingRegion,
) -> None:
    fulfilment = {"type": "pickup", "requested_at": "2030-05-04T11:59:59Z"}
    late = await region.place(region.key(), {**ORDER, "fulfilment": fulfilment}, at="NOR-BER01")
    assert (late.status, late.code) == (421, "property_in_another_region")


async def test_another_body_or_caller_gets_nothing_of_it(region: OrderingRegion) -> None:
    key, ann, bob = region.key(), await region.guest("ann"), await region.guest("bob")
    assert (await region.place(key, by=ann)).status == 202
    assert_reused(await region.place(key, by=bob), key)
    assert_reused(await region.place(key), key)
    assert_reused(await region.place(key, {**ORDER, "unknown": 1}, by=ann), key)
    assert_reused(await region.place(key, {**ORDER, "customer": {}}, by=ann), key)
    assert len([row for row in await region.rows() if row.key.startswith("order|")]) == 1


async def test_bodies_are_compared_by_what_they_mean(region: OrderingRegion) -> None:
    key = region.key()
    first = await region.place(key)
    reordered = json.dumps({name: ORDER[name] for name in reversed(list(ORDER))}, indent=3).replace(
        "online", "\\u006fnline"
    )
    assert_replayed(await region.place(key, body=reordered.encode()), first)


async def test_a_key_may_be_quoted_and_in_any_case(region: OrderingRegion) -> None:
    key = region.key()
    first = await region.place(f'"{key.upper()}"')
    assert first.json()["order_id"] == key
    assert_replayed(await region.place(key), first)
    assert_replayed(await region.place(f" {key} "), first)


async def test_one_key_at_two_properties_is_two_orders(region: OrderingRegion) -> None:
    await region.add_property("NOR-ODE01")
    key = region.key()
    first = await region.place(key)
    second = await region.place(key, at="NOR-ODE01")
    assert second.status == 202
    assert "idempotency-replayed" not in second.headers
    assert second.json() == {**first.json(), "property_code": "NOR-ODE01"}


@pytest.mark.parametrize("subject", [None, "ann"])
async def test_32_at_once_make_one_order(subject: str | None, region: OrderingRegion) -> None:
    key = region.key()
    by = await region.guest(subject) if subject else None
    answers = await asyncio.gather(*(region.place(key, by=by) for _ in range(32)))
    assert {(each.status, each.body) for each in answers} == {(202, answers[0].body)}
    assert sum("idempotency-replayed" not in each.headers for each in answers) == 1
    assert len(await region.works()) == 1
    await region.pump()
    assert len(region.bus.said("muneris.stock.reserve")) == 1
    assert len(region.pos.opened) == 1


async def test_32_different_orders_under_one_key_make_one_order(region: OrderingRegion) -> None:
    key = region.key()
    orders = [{**ORDER, "customer": {"name": str(number)}} for number in range(32)]
    answers = await asyncio.gather(*(region.place(key, order) for order in orders))
    assert sorted(each.status for each in answers) == [202] + [422] * 31
    winner = next(number for number, each in enumerate(answers) if each.status == 202)
    assert (await region.order(UUID(key))).customer == {"name": str(winner)}


async def test_32_orders_of_one_guest_at_once_keep_to_the_limit(region: OrderingRegion) -> None:
    guest = await region.guest("ann")
    answers = await asyncio.gather(*(region.place(by=guest) for _ in range(32)))
    assert sorted(each.status for each in answers) == [202] * 3 + [429] * 29
    assert len(await region.works()) == 3


@pytest.mark.parametrize("kind", ["before", "after"])
@pytest.mark.parametrize("call", range(9))
async def test_whatever_fails_the_retry_gets_the_receipt(
    kind: Kind, call: int, region: OrderingRegion
) -> None:
    key, guest = region.key(), await region.guest("ann")
    await region.place(by=guest)
    region.restart()
    region.faults.fail(kind, {call})
    first = await region.place(key, by=guest)
    region.faults.calm()
    if first.status != 202:
        assert (first.status, first.code) == (503, "service_unavailable")
        assert int(first.headers["retry-after"]) > 0
    again = await region.place(key, by=guest)
    assert again.status == 202
    assert_replayed(await region.place(key, by=guest), again)
    assert first.status == 503 or again.body == first.body
    assert len(await region.works()) == 2
    assert len(await region.open_orders()) == 2


async def test_a_guest_may_have_so_many_open_orders_and_more_once_some_are_done(
    region: OrderingRegion,
) -> None:
    guest = await region.guest("ann")
    placed = [await region.place(by=guest) for _ in range(3)]
    assert [each.status for each in placed] == [202] * 3
    refused = await region.place(by=guest)
    assert (refused.status, refused.code) == (429, "too_many_open_orders")
    assert_replayed(await region.place(placed[0].json()["order_id"], by=guest), placed[0])
    assert (await region.place(by=await region.guest("bob"))).status == 202
    assert (await region.place()).status == 202
    await region.pump()
    assert [(await region.place(by=guest)).status for _ in range(4)] == [202, 202, 202, 429]


async def test_staff_have_no_limit(region: OrderingRegion) -> None:
    assert [(await region.place()).status for _ in range(8)] == [202] * 8


async def test_an_item_is_back_once_its_time_has_come(region: OrderingRegion) -> None:
    until = region.clock.now().replace(hour=13)
    gone = ItemAvailability(state="unavailable", until=until)
    region.availability.values[CODE] = Availability(items={SODA: gone})
    assert (await region.place(order=SODAS)).code == "item_unavailable"
    region.clock.moment = until
    assert (await region.place(order=SODAS)).status == 202


async def test_nothing_is_said_before_it_is_stored(region: OrderingRegion) -> None:
    region.bus.down()
    assert (await region.place()).status == 202
    await region.scheduler.quiet()
    assert region.bus.published == []
    (work,) = await region.works()
    assert json.loads(work.payload) == {
        "lines": [{"sku": "beef", "quantity": "0.30"}, {"sku": "bun", "quantity": "2"}]
    }
