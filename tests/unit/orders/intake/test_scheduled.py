"""Orders for a later time, and what a property's hours and lead time make of any."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.asgi import Response
from tests.ordering import OrderingRegion
from tests.restaurant import CODE, ORDER, property_with

from muneris.orders.model import Order, Status

NEVER: Mapping[str, list[object]] = {"mon": []}


def order_for(requested_at: str) -> dict[str, Any]:
    return {**ORDER, "fulfilment": {"type": "pickup", "requested_at": requested_at}}


def set_ordering(region: OrderingRegion, **ordering: object) -> None:
    region.properties.values[CODE] = property_with(**ordering)


async def accepted(region: OrderingRegion, answer: Response) -> Order:
    assert answer.status == 202
    return await region.order(UUID(answer.json()["order_id"]))


async def refused(region: OrderingRegion, order: object) -> dict[str, Any]:
    """What a refusal says beyond the standard; nothing is stored."""
    before = await region.rows()
    answer = await region.place(order=order)
    assert answer.status == 409
    assert await region.rows() == before
    assert region.bus.published == []
    document = answer.json()
    return {
        name: document[name]
        for name in ("code", "earliest", "latest", "opens_at", "until")
        if name in document
    }


@pytest.mark.parametrize("requested_at", ["2030-05-04T14:30:00Z", "2030-05-04T20:00:00.000+05:30"])
async def test_it_waits_until_it_must_be_begun(requested_at: str, region: OrderingRegion) -> None:
    set_ordering(region, lead_minutes=30)
    order = await accepted(region, await region.place(order=order_for(requested_at)))
    assert order.fulfilment.requested_at == requested_at
    assert order.fulfilment.promised_at == "2030-05-04T14:30:00.000000Z"
    await region.sweep(seconds=2 * 3600 - 1)
    assert region.bus.published == []
    assert (await region.order(order.order_id)).status is Status.RECEIVED
    await region.sweep(seconds=1)
    assert region.bus.published[0].type == "muneris.stock.reserve"
    assert (await region.order(order.order_id)).status is Status.CONFIRMED
    assert await region.works() == []


async def test_what_must_be_begun_now_does_not_wait(region: OrderingRegion) -> None:
    set_ordering(region, lead_minutes=30)
    await accepted(region, await region.place(order=order_for("2030-05-04T12:30:00Z")))
    await region.scheduler.quiet()
    assert [event.type for event in region.bus.published] == ["muneris.stock.reserve"]


async def test_as_soon_as_can_be_is_after_the_lead_time(region: OrderingRegion) -> None:
    set_ordering(region, lead_minutes=20)
    order = await accepted(region, await region.place())
    assert order.fulfilment.promised_at == "2030-05-04T12:20:00.000000Z"
    await region.pump()
    assert (await region.order(order.order_id)).status is Status.CONFIRMED


async def test_without_a_lead_time_nothing_is_promised(region: OrderingRegion) -> None:
    placed = await region.place()
    got = await region.get(placed.json()["order_id"])
    assert got.json()["fulfilment"] == {"type": "pickup"}


@pytest.mark.parametrize(
    "requested_at", ["2030-05-04T12:19:59.999999Z", "2030-05-07T12:00:00.000001Z", "9999-01-01T00:00:00Z"]
)
async def test_too_soon_and_too_late_are_told_what_can_be(requested_at: str, region: OrderingRegion) -> None:
    set_ordering(region, lead_minutes=20, furthest_days=3)
    assert await refused(region, order_for(requested_at)) == {
        "code": "requested_time_unavailable",
        "earliest": "2030-05-04T12:20:00.000000Z",
        "latest": "2030-05-07T12:00:00.000000Z",
    }


@pytest.mark.parametrize("requested_at", ["2030-05-04T12:20:00Z", "2030-05-07T14:00:00+02:00"])
async def test_both_ends_can_be_requested(requested_at: str, region: OrderingRegion) -> None:
    set_ordering(region, lead_minutes=20, furthest_days=3)
    await accepted(region, await region.place(order=order_for(requested_at)))


async def test_a_closed_property_says_when_it_opens(region: OrderingRegion) -> None:
    set_ordering(region, opening_hours={"sat": [{"from": "14:30", "to": "22:00"}]})
    closed = {"code": "property_not_open", "opens_at": "2030-05-04T12:30:00.000000Z"}
    assert await refused(region, ORDER) == closed
    region.clock.advance(minutes=30)
    await accepted(region, await region.place())


async def test_it_must_be_open_when_the_order_is_wanted(region: OrderingRegion) -> None:
    set_ordering(region, opening_hours={"sun": [{"from": "00:00", "to": "02:00"}]})
    closed = {"code": "property_not_open", "opens_at": "2030-05-11T22:00:00.000000Z"}
    assert await refused(region, order_for("2030-05-05T00:00:00Z")) == closed
    await accepted(region, await region.place(order=order_for("2030-05-04T23:59:59Z")))


async def test_a_property_that_never_opens_says_so(region: OrderingRegion) -> None:
    set_ordering(region, opening_hours=NEVER)
    assert await refused(region, ORDER) == {"code": "property_not_open", "opens_at": None}


async def test_a_range_comes_before_the_hours(region: OrderingRegion) -> None:
    set_ordering(region, opening_hours=NEVER, lead_minutes=20)
    answer = await region.place(order=order_for("2030-05-04T12:10:00Z"))
    assert answer.code == "requested_time_unavailable"


async def test_what_was_accepted_is_answered_so_once_its_time_is_too_near(region: OrderingRegion) -> None:
    set_ordering(region, lead_minutes=30)
    key, order = region.key(), order_for("2030-05-04T13:00:00Z")
    first = await region.place(key, order)
    region.clock.advance(minutes=45)
    assert (await region.place(order=order)).code == "requested_time_unavailable"
    set_ordering(region, opening_hours=NEVER)
    assert (await region.place(order=order)).code == "property_not_open"
    again = await region.place(key, order)
    assert (again.status, again.body, again.headers["idempotency-replayed"]) == (202, first.body, "true")
    other = await region.place(key, {**order, "channel": "table"})
    assert (other.status, other.code) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("order", "expires_at"),
    [
        (ORDER, "2030-05-04T12:45:00.000000Z"),
        (order_for("2030-05-04T20:00:00Z"), "2030-05-04T20:45:00.000000Z"),
    ],
)
async def test_it_expires_by_the_time_it_was_wanted(
    order: dict[str, Any], expires_at: str, region: OrderingRegion
) -> None:
    set_ordering(region, lead_minutes=20, expire_after_minutes=45)
    assert (await accepted(region, await region.place(order=order))).expires_at == expires_at
    (work,) = await region.works()
    assert work.expires_at is not None
    assert work.expires_at - region.clock.now() in {timedelta(minutes=45), timedelta(hours=8, minutes=45)}


async def test_by_default_it_never_expires(region: OrderingRegion) -> None:
    assert (await accepted(region, await region.place())).expires_at is None
