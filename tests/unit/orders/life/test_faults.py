"""Whatever call to the outside fails in an order's life, it ends as if none had."""

import itertools
import random
from collections.abc import Awaitable, Callable

import pytest
from tests.faults import Kind
from tests.ordering import OrderingRegion
from tests.point_of_sale import Mood
from tests.restaurant import CODE

from muneris.orders.model import Order, Status

KINDS: tuple[Kind, ...] = ("before", "after", "death")
FEWEST = 20
"""Calls that the shortest life takes at least."""

type Check = Callable[[OrderingRegion, Order], Awaitable[None]]


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_confirmed_once_whatever_call_fails(kind: Kind) -> None:
    await fail_each_call(kind, assert_confirmed_once)


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_rejected_by_simphony_whatever_call_fails(kind: Kind) -> None:
    await fail_each_call(kind, assert_refused, mood="refuses")


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_rejected_without_stock_whatever_call_fails(kind: Kind) -> None:
    await fail_each_call(kind, assert_out_of_stock, bun=1)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_second_fault_may_strike_whoever_repeats(kind: Kind) -> None:
    for distance in (1, 2, 3, 5, 8):
        await fail_each_call(kind, assert_confirmed_once, again_after=distance)


@pytest.mark.parametrize("seed", range(3))
async def test_it_is_confirmed_once_however_much_fails(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same faults each time
    for _ in range(30):
        region = await opened()
        region.faults.plan = lambda _: chance.choice(KINDS) if chance.random() < 0.2 else None
        await assert_confirmed_once(region, await live(region))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pumps", range(4))
async def test_it_is_cancelled_whatever_call_fails(pumps: int, kind: Kind) -> None:
    await fail_each_call(kind, assert_cancelled, cancelled_after=pumps)


async def fail_each_call(
    kind: Kind,
    check: Check,
    *,
    mood: Mood = "takes",
    bun: int = 100,
    again_after: int = 0,
    cancelled_after: int | None = None,
) -> None:
    """One life for each call it makes, and in each life another call fails."""
    for number in itertools.count():
        region = await opened(mood, bun)
        failing = {number, number + again_after}
        region.faults.fail(kind, failing)
        try:
            await check(region, await live(region, cancelled_after))
        except BaseException as error:
            error.add_note(f"calls {failing} failed: {kind}")
            raise
        if not region.faults.struck:
            assert number > FEWEST
            return


async def opened(mood: Mood = "takes", bun: int = 100) -> OrderingRegion:
    region = OrderingRegion()
    await region.open(bun=bun)
    region.pos.mood = mood
    return region


async def live(region: OrderingRegion, cancelled_after: int | None = None) -> Order:
    """An order's life: it is placed, what is said is delivered, and the timer turns.

    It is cancelled after so many of its messages, if at all.
    """
    key = region.key()
    placed = await region.submit_until_answered(key)
    if cancelled_after is not None:
        await deliver(region, cancelled_after)
        await region.cancel_until_answered(placed.order_id)
    for _ in range(4):
        await region.pump()
        await region.sweep()
    region.faults.calm()
    await region.sweep_until_quiet(seconds=20)
    again = await region.submit(key)
    assert (again.receipt, again.replayed) == (placed.receipt, True)
    return await region.order(placed.order_id)


async def deliver(region: OrderingRegion, count: int) -> None:
    """Deliver so many messages, or what there is."""
    for _ in range(count):
        await region.scheduler.quiet()
        if region.bus.waiting:
            await region.deliver(region.bus.waiting.popleft())


async def assert_confirmed_once(region: OrderingRegion, order: Order) -> None:
    assert order.status is Status.CONFIRMED
    (check,) = region.pos.checks_of(str(order.order_id))
    assert order.check is not None
    assert order.check.check_ref == check.check_ref
    assert await region.item("bun") == ("98", "0")
    told = {event.id for event in region.bus.said("muneris.order.confirmed")}
    assert told == {f"{order.order_id}-4-tell-confirmed"}
    assert region.bus.said("muneris.order.rejected") == []
    await assert_at_rest(region, order)


async def assert_refused(region: OrderingRegion, order: Order) -> None:
    assert order.reason == "refused_by_simphony"
    assert await region.item("bun") == ("100", "0")
    await assert_rejected(region, order)


async def assert_out_of_stock(region: OrderingRegion, order: Order) -> None:
    assert order.reason == "out_of_stock"
    assert await region.item("bun") == ("1", "0")
    await assert_rejected(region, order)


async def assert_cancelled(region: OrderingRegion, order: Order) -> None:
    assert order.status is Status.CANCELLED
    assert region.pos.standing_checks_of(str(order.order_id)) == []
    assert await region.item("bun") == ("100", "0")
    told = {event.id for event in region.bus.said("muneris.order.cancelled")}
    assert told == {f"{order.order_id}-{order.sequence}-tell-cancelled"}
    await assert_at_rest(region, order)


async def assert_rejected(region: OrderingRegion, order: Order) -> None:
    assert order.status is Status.REJECTED
    assert region.pos.opened == []
    assert region.bus.said("muneris.order.confirmed") == []
    assert {event.data["order_id"] for event in region.bus.said("muneris.order.rejected")} == {
        str(order.order_id)
    }
    await assert_at_rest(region, order)


async def assert_at_rest(region: OrderingRegion, order: Order) -> None:
    assert await region.works() == []
    assert not await region.store.is_open(CODE, order.order_id)
    assert len(order.history) == order.sequence
