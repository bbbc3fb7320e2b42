"""Whoever reads stock and then writes it: another process writes in between.

| reads | then writes | meanwhile |
|---|---|---|
| items | a hold on them | the last ones are held; fewer are counted |
| no hold | a hold | the same is held; it is released before it is held |
| a hold | it, consumed | it is released; it is consumed |
| an item | it, as staff put it | an order holds some of it |
| no movement under a key | it, and its item | the same is made; an order holds some of the item |
| a menu item's limit | it, as staff say it | the last of it is held |

Whoever removes settled holds, and what inventory publishes of its rows: `tests/unit/inventory/test_upkeep.py`
and `test_publishing.py`.
"""

from decimal import Decimal
from uuid import UUID

import pytest
from tests.ordering import OrderingRegion
from tests.restaurant import BURGER, CODE, RECIPES
from tests.simulation.interleaving import Act, just_before
from tests.simulation.processes import beside
from tests.simulation.promises import STOCKED, broken_promises

from muneris.cloud.events import Event
from muneris.core.ids import parse_uuid7
from muneris.core.problems import ProblemError
from muneris.inventory.availability import ItemAvailability
from muneris.inventory.model import StockItem
from muneris.inventory.movement import Kind, MovementAsk
from muneris.inventory.recipes import Ingredient, Recipes
from muneris.orders.model import Status

RESERVE, CONSUME, RELEASE = (f"muneris.stock.{step}" for step in ("reserve", "consume", "release"))


@pytest.fixture
async def region() -> OrderingRegion:
    """A process of a region."""
    region = OrderingRegion()
    await region.open()
    return region


@pytest.fixture
def other(region: OrderingRegion) -> OrderingRegion:
    """Another process of it."""
    return beside(region)


async def assert_kept(region: OrderingRegion, bun: int = 100) -> None:
    """In the end all is well, given the buns that were put there."""
    await region.pump()
    await region.sweep_until_quiet(seconds=30)
    assert await broken_promises(region, delivered={**STOCKED, "bun": Decimal(bun)}) == []


async def asked(region: OrderingRegion) -> Event:
    """An order's ask to hold two buns."""
    await region.accepted()
    await region.scheduler.quiet()
    return region.take(RESERVE)


def again(ask: Event, step: str) -> Event:
    """Another ask for the same order's stock."""
    return Event(step, ask.subject, f"{ask.id}-{step}", ask.data)


def delivering(region: OrderingRegion, event: Event) -> Act:
    return lambda: region.deliver(event)


def movement(region: OrderingRegion, kind: Kind, quantity: int) -> MovementAsk:
    key = parse_uuid7(region.key())
    assert key is not None
    return MovementAsk("bun", kind, Decimal(quantity), key, f"{kind} {quantity}", "staff")


def answers(region: OrderingRegion) -> list[str]:
    """What inventory said, without what was said twice."""
    said = {event.id: event.type for event in region.bus.published if event.type.endswith("ed")}
    return [each.rpartition(".")[2] for each in said.values()]


async def test_the_last_of_an_item_are_held_once(region: OrderingRegion, other: OrderingRegion) -> None:
    await region.open(bun=2)
    mine, theirs = await asked(region), await asked(region)
    with just_before(region.stock, "transact", delivering(other, theirs)):
        await region.deliver(mine)
    assert await region.item("bun") == ("2", "2")
    assert answers(region) == ["reserved", "rejected"]
    await assert_kept(region, bun=2)


async def test_what_is_counted_to_be_gone_meanwhile_is_not_held(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    ask, count = await asked(region), movement(region, "stock-take", 1)
    with just_before(region.stock, "transact", lambda: other.movements.move(CODE, count)):
        await region.deliver(ask)
    assert await region.item("bun") == ("1", "0")
    assert answers(region) == ["rejected"]
    await assert_kept(region)


async def test_a_hold_that_is_made_elsewhere_meanwhile_is_one(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    ask = await asked(region)
    with just_before(region.stock, "transact", delivering(other, ask)):
        await region.deliver(ask)
    assert await region.item("bun") == ("100", "2")
    assert answers(region) == ["reserved"]
    await assert_kept(region)


async def test_what_is_released_before_it_is_held_is_never_held(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    ask = await asked(region)
    with just_before(region.stock, "transact", delivering(other, again(ask, RELEASE))):
        await region.deliver(ask)
    assert await region.item("bun") == ("100", "0")
    assert sorted(answers(region)) == ["rejected", "released"]


@pytest.mark.parametrize(("meanwhile", "left"), [(RELEASE, ("100", "0")), (CONSUME, ("98", "0"))])
async def test_a_hold_that_is_settled_elsewhere_as_it_is_consumed_is_settled_once(
    region: OrderingRegion, other: OrderingRegion, meanwhile: str, left: tuple[str, str]
) -> None:
    ask = await asked(region)
    await region.deliver(ask)
    with just_before(region.stock, "transact", delivering(other, again(ask, meanwhile))):
        await region.deliver(again(ask, CONSUME))
    assert await region.item("bun") == left


async def test_an_item_that_is_put_keeps_what_is_held_meanwhile(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    ask, item = await asked(region), StockItem(sku="bun", name="Bun", on_hand=Decimal(50))
    with just_before(region.stock, "transact", delivering(other, ask)):
        await region.inventory.put_item(CODE, item)
    assert await region.item("bun") == ("50", "2")
    await assert_kept(region, bun=50)


async def test_a_movement_that_is_made_elsewhere_meanwhile_is_one(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    delivery = movement(region, "receive", 10)
    with just_before(region.stock, "transact", lambda: other.movements.move(CODE, delivery)):
        moved = await region.movements.move(CODE, delivery)
    assert moved.replayed
    assert await region.item("bun") == ("110", "0")
    await assert_kept(region)


async def test_what_is_held_meanwhile_is_not_thrown_away(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    ask, waste = await asked(region), movement(region, "waste", 99)
    with (
        just_before(region.stock, "transact", delivering(other, ask)),
        pytest.raises(ProblemError, match="less_than_held"),
    ):
        await region.movements.move(CODE, waste)
    assert await region.item("bun") == ("100", "2")
    await assert_kept(region)


async def test_a_limit_that_is_set_as_the_last_of_it_is_held_counts_that(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    await limit(region, 2)
    ask = await asked(region)
    with just_before(region.stock, "transact", delivering(other, ask)):
        await limit(region, 5)
    assert await region.item(f"limit.{BURGER}") == ("7", "2")
    await region.pump()
    await region.sweep_until_quiet(seconds=30)
    assert (await region.order(UUID(str(ask.data["order_id"])))).status is Status.CONFIRMED


async def limit(region: OrderingRegion, quantity: int) -> None:
    """So many burgers may be sold from now on, as their recipe says once it is published."""
    counted = (*RECIPES.recipes[BURGER], Ingredient(sku=f"limit.{BURGER}", quantity=Decimal(1)))
    region.recipes.values[CODE] = Recipes(recipes={BURGER: counted})
    said = ItemAvailability(state="limited", quantity=quantity)
    await region.inventory.put_availability(CODE, BURGER, said)
