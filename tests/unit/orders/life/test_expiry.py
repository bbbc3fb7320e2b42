"""An order that waited too long is given up, if its property wants that and Simphony cannot have it."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from tests.ordering import OWNER, OrderingRegion
from tests.polling import until
from tests.restaurant import CODE, NOON, ORDER, PROPERTY

from muneris.config.ordering import Ordering
from muneris.orders.life.scheduler import PROBES
from muneris.orders.model import Order, Status
from muneris.simphony.errors import NotSentError
from muneris.simphony.model import Check

EXPIRES_AFTER = timedelta(minutes=30)


@pytest.fixture
async def region() -> OrderingRegion:
    """A region whose property gives orders up after half an hour."""
    region = OrderingRegion()
    await region.open()
    ordering = Ordering(expire_after_minutes=30)
    region.properties.values[CODE] = PROPERTY.model_copy(update={"ordering": ordering})
    return region


async def sweep_at(region: OrderingRegion, after: timedelta) -> None:
    region.clock.moment = NOON + after
    await region.sweep(0)


async def sweep_until(region: OrderingRegion, after: timedelta) -> None:
    """Sweep now and then, and for the last time just before that moment."""
    for _ in range(10):
        await region.sweep((after / 11).total_seconds())
    await sweep_at(region, after - timedelta(milliseconds=1))


async def assert_expired(region: OrderingRegion, order_id: UUID) -> None:
    order = await region.order(order_id)
    assert (order.status, order.reason, order.history[-1].by) == (Status.REJECTED, "expired", "orders")
    await assert_nothing_left(region, order)
    assert {event.id for event in region.bus.said("muneris.order.rejected")} == {
        f"{order_id}-{order.sequence}-tell-rejected"
    }


async def assert_nothing_left(region: OrderingRegion, order: Order) -> None:
    await region.sweep_until_quiet(seconds=20)
    assert region.pos.standing_checks_of(str(order.order_id)) == []
    assert await region.item("bun") == ("100", "0")
    assert await region.open_orders() == []


async def test_while_inventory_is_silent(region: OrderingRegion) -> None:
    region.bus.refuses = lambda event: event.type == "muneris.stock.reserve"
    order_id = await region.accepted()
    await sweep_until(region, EXPIRES_AFTER)
    assert (await region.order(order_id)).status is Status.RECEIVED
    await sweep_at(region, EXPIRES_AFTER)
    assert (await region.order(order_id)).status is Status.REJECTED
    await assert_expired(region, order_id)


async def test_before_simphony_was_called(region: OrderingRegion) -> None:
    region.bus.refuses = lambda event: event.type == "muneris.check.post"
    order_id = await region.accepted()
    await sweep_until(region, EXPIRES_AFTER)
    assert (await region.order(order_id)).status is Status.RESERVED
    assert await region.item("bun") == ("100", "2")
    await sweep_at(region, EXPIRES_AFTER)
    await assert_expired(region, order_id)


async def test_while_simphony_cannot_be_reached(region: OrderingRegion) -> None:
    """No call got there: nothing of it can be in Simphony."""
    region.pos.mood = "unreachable"
    order_id = await region.accepted()
    await sweep_until(region, EXPIRES_AFTER)
    assert (await region.order(order_id)).status is Status.POSTING
    await sweep_at(region, EXPIRES_AFTER)
    await assert_expired(region, order_id)


async def test_never_once_simphony_may_have_it(region: OrderingRegion) -> None:
    region.pos.mood = "loses_answer"
    order_id = await region.accepted()
    await region.pump()
    region.pos.look_ups_fail, region.pos.mood = True, "unreachable"
    await sweep_until(region, EXPIRES_AFTER)
    await sweep_at(region, EXPIRES_AFTER)
    await sweep_at(region, EXPIRES_AFTER * 2)
    assert (await region.order(order_id)).status is Status.POSTING
    region.pos.look_ups_fail = False
    await region.sweep_until_quiet(seconds=60)
    assert (await region.order(order_id)).status is Status.CONFIRMED


async def test_not_while_it_is_being_called_for(region: OrderingRegion) -> None:
    order_id, post = await region.reserved()
    region.clock.moment = NOON + EXPIRES_AFTER
    region.pos.mood = "hangs"
    call = asyncio.create_task(region.posting.post(post))
    await until(lambda: region.pos.hanging == 1)
    await region.scheduler.sweep()
    assert (await region.order(order_id)).status is Status.POSTING
    region.pos.go_on.set()
    await call
    assert (await region.order(order_id)).status is Status.CONFIRMED


async def test_a_cancelled_one_is_cancelled(region: OrderingRegion, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id, post = await region.reserved()

    async def cancelled_meanwhile(*_: object) -> Check:
        await region.commands.cancel(OWNER, CODE, str(order_id), None)
        raise NotSentError("connection refused")

    monkeypatch.setattr(region.pos, "post_check", cancelled_meanwhile)
    region.bus.down()
    await region.deliver(post)
    await region.scheduler.quiet()
    assert (await region.order(order_id)).status is Status.CANCELLING
    await sweep_at(region, EXPIRES_AFTER)
    region.bus.up()
    order = await region.order(order_id)
    assert order.status is Status.CANCELLED
    await assert_nothing_left(region, order)


async def test_many_of_a_silent_target_expire_in_one_sweep(region: OrderingRegion) -> None:
    region.bus.refuses = lambda event: event.type == "muneris.stock.reserve"
    orders = [await region.accepted() for _ in range(5 * PROBES)]
    await sweep_until(region, EXPIRES_AFTER)
    assert {(await region.order(each)).status for each in orders} == {Status.RECEIVED}
    await sweep_at(region, EXPIRES_AFTER)
    assert {(await region.order(each)).status for each in orders} == {Status.REJECTED}


async def test_a_pre_order_expires_by_the_time_it_is_wanted_at(region: OrderingRegion) -> None:
    wanted = {"type": "pickup", "requested_at": "2030-05-04T15:00:00Z"}
    region.bus.refuses = lambda event: event.type == "muneris.stock.reserve"
    order_id = await region.accepted({**ORDER, "fulfilment": wanted})
    ends_after = timedelta(hours=3) + EXPIRES_AFTER
    await sweep_until(region, ends_after)
    assert (await region.order(order_id)).status is Status.RECEIVED
    await sweep_at(region, ends_after)
    await assert_expired(region, order_id)


async def test_where_nobody_wants_it_nothing_expires(region: OrderingRegion) -> None:
    region.properties.values[CODE] = PROPERTY
    region.pos.mood = "unreachable"
    order_id = await region.accepted()
    for _ in range(50):
        await region.sweep(3600)
    assert (await region.order(order_id)).status is Status.POSTING
