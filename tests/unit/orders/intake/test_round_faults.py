"""Whatever call to the outside fails in a round's life, it ends as if none had."""

import itertools
import random
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from tests.faults import Kind
from tests.ordering import OrderingRegion
from tests.point_of_sale import Mood
from tests.restaurant import BURGER, ROUND

from muneris.orders.life.posted import round_reference_of
from muneris.orders.model import Order, Status
from muneris.orders.round import RoundStatus

KINDS: tuple[Kind, ...] = ("before", "after", "death")
FEWEST = 12
"""Calls that the shortest life takes at least."""
ALL_THE_BUNS = {"lines": [{"menu_item_id": BURGER, "quantity": 99}]}

type Check = Callable[[OrderingRegion, Order], Awaitable[None]]


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_confirmed_once_whatever_call_fails(kind: Kind) -> None:
    await fail_each_call(kind, assert_confirmed_once)


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_rejected_by_simphony_whatever_call_fails(kind: Kind) -> None:
    await fail_each_call(kind, assert_rejected, mood="refuses")


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_rejected_without_stock_whatever_call_fails(kind: Kind) -> None:
    await fail_each_call(kind, assert_rejected, body=ALL_THE_BUNS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pumps", [0, 2, 3])
async def test_its_order_is_cancelled_whatever_call_fails(pumps: int, kind: Kind) -> None:
    await fail_each_call(kind, assert_cancelled, cancelled_after=pumps)


@pytest.mark.parametrize("seed", range(3))
async def test_two_are_confirmed_once_however_much_fails(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same faults each time
    for _ in range(15):
        region = OrderingRegion()
        await region.open()
        order_id = await region.confirmed()
        region.faults.plan = lambda _: chance.choice(KINDS) if chance.random() < 0.2 else None
        await assert_confirmed_once(region, await live(region, order_id, count=2))


async def fail_each_call(
    kind: Kind,
    check: Check,
    *,
    mood: Mood = "takes",
    body: object = ROUND,
    cancelled_after: int | None = None,
) -> None:
    """One life for each call it makes, and in each life another call fails."""
    for number in itertools.count():
        region = OrderingRegion()
        await region.open()
        order_id = await region.confirmed()
        region.pos.round_mood = mood
        region.faults.fail(kind, {number})
        try:
            await check(region, await live(region, order_id, body, cancelled_after))
        except BaseException as error:
            error.add_note(f"call {number} failed: {kind}")
            raise
        if not region.faults.struck:
            assert number > FEWEST
            return


async def live(
    region: OrderingRegion,
    order_id: UUID,
    body: object = ROUND,
    cancelled_after: int | None = None,
    count: int = 1,
) -> Order:
    """A round's life: it is added, what is said is delivered, and the timer turns.

    Its order is cancelled after so many of its messages, if at all.
    """
    keys = [region.key() for _ in range(count)]
    added = [await region.add_round_until_answered(order_id, key, body) for key in keys]
    if cancelled_after is not None:
        for _ in range(cancelled_after):
            await region.scheduler.quiet()
            if region.bus.waiting:
                await region.deliver(region.bus.waiting.popleft())
        await region.cancel_until_answered(order_id)
    for _ in range(4):
        await region.pump()
        await region.sweep()
    region.faults.calm()
    await region.sweep_until_quiet(seconds=20)
    again = [await region.submit_round(order_id, key, body) for key in keys]
    assert [each.receipt for each in again] == [each.receipt for each in added]
    assert await region.works() == []
    return await region.order(order_id)


async def assert_confirmed_once(region: OrderingRegion, order: Order) -> None:
    assert {each.status for each in order.rounds} == {RoundStatus.CONFIRMED}
    (opened,) = region.pos.opened
    assert sorted(each.reference for each in opened.rounds) == sorted(
        round_reference_of(order, each.id) for each in order.rounds
    )
    assert order.totals.total == f"{22 + 10 * len(order.rounds)}.00"
    assert await region.item("bun") == (str(98 - len(order.rounds)), "0")
    told = {event.id for event in region.bus.said("muneris.round.confirmed")}
    assert len(told) == len(order.rounds)
    assert region.bus.said("muneris.round.rejected") == []


async def assert_rejected(region: OrderingRegion, order: Order) -> None:
    (rejected,) = order.rounds
    assert rejected.status is RoundStatus.REJECTED
    assert (order.status, order.totals.total) == (Status.CONFIRMED, "22.00")
    assert region.pos.opened[0].rounds == ()
    assert await region.item("bun") == ("98", "0")
    assert len({event.id for event in region.bus.said("muneris.round.rejected")}) == 1
    assert region.bus.said("muneris.round.confirmed") == []


async def assert_cancelled(region: OrderingRegion, order: Order) -> None:
    assert order.status is Status.CANCELLED
    (added,) = order.rounds
    assert added.is_over
    assert region.pos.standing_checks_of(str(order.order_id)) == []
    assert await region.item("bun") == ("100", "0")
    said = region.bus.said(f"muneris.round.{added.status}")
    assert {event.data["round"] for event in said} == {added.id}
