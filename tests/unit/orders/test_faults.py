"""Whatever call to the outside fails in an order's life, it ends as if none had."""

import random

import pytest
from tests.faults import Kind
from tests.ordering import CODE, OrderingRegion
from tests.point_of_sale import Mood

from muneris.core.ids import parse_uuid7
from muneris.orders.model import Order, Status

KINDS: tuple[Kind, ...] = ("before", "after", "death")
CALLS = 45
"""More than an undisturbed life and its first sweeps take, so that every one of them fails once."""
STOCKED, SOLD_OUT = 100, 1


async def opened(mood: Mood = "takes", bun: int = STOCKED) -> OrderingRegion:
    region = OrderingRegion()
    await region.open(bun=bun)
    region.faults.calls = 0
    region.pos.mood = mood
    return region


async def live(region: OrderingRegion) -> Order:
    """An order's life: it is placed, what is said is delivered, and the timer turns."""
    key = region.key()
    placed = await region.place_persistently(key)
    assert placed.status == 202
    assert placed.json()["order_id"] == key
    for _ in range(6):
        await region.pump()
        await region.sweep()
    region.faults.calm()
    await region.sweep_until_quiet(seconds=20)
    again = await region.place(key)
    assert (again.body, again.headers["idempotency-replayed"]) == (placed.body, "true")
    order_id = parse_uuid7(key)
    assert order_id is not None
    return await region.order(order_id)


async def test_a_life_without_faults_makes_fewer_calls_than_are_tried() -> None:
    region = await opened()
    await live(region)
    assert 20 < region.faults.calls < CALLS + 60


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", range(CALLS))
async def test_it_is_confirmed_once_whatever_fails(kind: Kind, number: int) -> None:
    region = await opened()
    region.faults.plan = lambda call: kind if call == number else None
    await assert_confirmed_once(region, await live(region))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", range(CALLS))
async def test_it_is_rejected_whatever_fails(kind: Kind, number: int) -> None:
    for mood, bun, reason in (("refuses", STOCKED, "refused_by_simphony"), ("takes", SOLD_OUT, "out_of_stock")):
        region = await opened("refuses" if mood == "refuses" else "takes", bun)
        region.faults.plan = lambda call: kind if call == number else None
        order = await live(region)
        assert (order.status, order.reason) == (Status.REJECTED, reason)
        assert region.pos.opened == []
        assert await region.item("bun") == (str(bun), "0")
        assert region.bus.said("muneris.order.confirmed") == []
        await assert_at_rest(region, order)


@pytest.mark.parametrize("seed", range(60))
async def test_it_is_confirmed_once_however_much_fails(seed: int) -> None:
    region = await opened()
    chance = random.Random(seed)  # noqa: S311 - the same faults each time
    region.faults.plan = lambda _: chance.choice(KINDS) if chance.random() < 0.2 else None
    await assert_confirmed_once(region, await live(region))


async def assert_confirmed_once(region: OrderingRegion, order: Order) -> None:
    assert order.status is Status.CONFIRMED
    (check,) = region.pos.checks_of(str(order.order_id))
    assert order.check is not None
    assert order.check.check_ref == check.check_ref
    assert await region.item("bun") == ("98", "0")
    assert {event.id for event in region.bus.said("muneris.order.confirmed")} == {
        f"{order.order_id}-4-tell-confirmed"
    }
    assert region.bus.said("muneris.order.rejected") == []
    await assert_at_rest(region, order)


async def assert_at_rest(region: OrderingRegion, order: Order) -> None:
    assert await region.works() == []
    assert not await region.store.is_open(CODE, order.order_id)
    assert len(order.history) == order.sequence
