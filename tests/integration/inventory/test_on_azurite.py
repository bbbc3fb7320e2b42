"""Holds on the storage emulator, with the retries that ship."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import pytest
from tests.faults import Faults, FaultyTable, Kind
from tests.tables import create_table, open_requests
from tests.unit.inventory.kitchen import CODE, Kitchen, ask, asks

from localcloud.azurite import StorageAddress
from muneris.cloud.http.conditional import to_etag
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables.retried import RetriedTable
from muneris.core.problems import CHANGED_MEANWHILE, ProblemError
from muneris.inventory.availability import Availability, ItemAvailability, availability_document
from muneris.inventory.model import HoldStatus, StockItem, version_of

ORDERS = [f"o{number}" for number in range(20)]


@pytest.fixture
def below() -> Faults:
    """What happens to transactions between the retries and the table."""
    return Faults()


@pytest.fixture
async def kitchen(
    azurite: StorageAddress, unique: Callable[[str], str], below: Faults
) -> AsyncIterator[Kitchen]:
    """A property with a hundred buns and as much beef."""
    async with open_requests() as requests:
        table = FaultyTable(await create_table(azurite, unique("Inventory"), requests), below, reads=Faults())
        policy = RetryPolicy(chance=lambda: 0.01)
        kitchen = Kitchen(table=RetriedTable(table, policy, lambda: secrets.token_hex(6)))
        await kitchen.stock(bun=100, beef=100)
        kitchen.table.forget()
        yield kitchen


async def test_orders_at_once_share_transactions_and_cost_no_read(kitchen: Kitchen) -> None:
    held = await kitchen.ask_at_once(*asks("reserve", ORDERS, bun=2, beef=1))
    used = await kitchen.ask_at_once(*asks("consume", ORDERS[:10]), *asks("release", ORDERS[10:]))
    assert sorted(held) == sorted((order_id, "reserved") for order_id in ORDERS)
    assert sorted(used) == sorted(
        [(each, "consumed") for each in ORDERS[:10]] + [(each, "released") for each in ORDERS[10:]]
    )
    assert kitchen.table.reads == []
    assert [len(keys) for keys in kitchen.table.transactions] == [3, 21, 3, 21]
    assert (await kitchen.item("bun"), await kitchen.item("beef")) == ((80, 0), (90, 0))


async def test_a_version_is_the_same_when_it_is_read_as_when_it_was_written(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=1)
    written = kitchen.store.recall_item(CODE, "bun")
    assert written is not None
    assert await kitchen.store.find_item(CODE, "bun") == written
    assert not written.contested


async def test_a_new_process_goes_on_from_what_is_stored(kitchen: Kitchen) -> None:
    await kitchen.ask_at_once(*asks("reserve", ORDERS, bun=2))
    kitchen.restart()
    again = await kitchen.ask_at_once(*asks("reserve", ORDERS, bun=2))
    assert sorted(again) == sorted((order_id, "reserved") for order_id in ORDERS)
    await kitchen.ask_at_once(*asks("consume", ORDERS))
    assert await kitchen.item("bun") == (60, 0)


async def test_processes_share_what_there_is(kitchen: Kitchen) -> None:
    other = Kitchen(kitchen)
    await kitchen.stock(bun=10)
    await asyncio.gather(*(each.ask_at_once(*asks("reserve", ORDERS, bun=1)) for each in (kitchen, other)))
    statuses = [hold.status for order_id in ORDERS if (hold := await other.hold(order_id))]
    assert (statuses.count(HoldStatus.HELD), statuses.count(HoldStatus.REJECTED)) == (10, 10)
    assert await kitchen.item("bun") == (10, 10)


@pytest.mark.parametrize("kind", ["before", "after"])
async def test_retries_hide_what_fails_below_them(kitchen: Kitchen, below: Faults, kind: Kind) -> None:
    below.plan = lambda number: kind if number % 2 == 0 else None
    for number in range(0, 20, 5):
        await kitchen.ask_at_once(*asks("reserve", ORDERS[number : number + 5], bun=1))
        await kitchen.ask_at_once(*asks("consume", ORDERS[number : number + 5]))
    # Each group is a first command alone and the others together; the first try of each is spoiled.
    assert below.struck == 16
    below.calm()
    assert await kitchen.item("bun") == (80, 0)


async def test_a_movement_asked_for_again_and_again_happens_once(kitchen: Kitchen, below: Faults) -> None:
    other, key = Kitchen(kitchen), kitchen.key()
    below.plan = lambda number: "after" if number % 3 == 0 else None
    done = await asyncio.gather(*(each.move("receive", "2.5", key=key) for each in (kitchen, other) * 5))
    below.calm()
    assert [each.replayed for each in done].count(False) == 1
    assert await kitchen.item("bun") == (Decimal("102.5"), 0)
    assert sorted(await deltas(other)) == [Decimal("2.5"), 100]


async def deltas(kitchen: Kitchen) -> list[Decimal]:
    """By how much the buns were moved, and what they began with."""
    return [each.delta for each in (await kitchen.movements.page(CODE, "bun", 100)).movements]


async def test_items_put_while_orders_take_them_lose_nothing(kitchen: Kitchen, below: Faults) -> None:
    other, counts = Kitchen(kitchen), [60 + number for number in range(6)]
    below.plan = lambda number: "after" if number % 3 == 0 else None
    await asyncio.gather(
        kitchen.ask_at_once(*asks("reserve", ORDERS, bun=2)),
        *(each.stock(bun=count) for each, count in zip((kitchen, other) * 3, counts, strict=True)),
    )
    await asyncio.gather(
        other.ask_at_once(*asks("consume", ORDERS)),
        *(each.stock(bun=count) for each, count in zip((kitchen, other) * 3, counts, strict=True)),
    )
    below.calm()
    on_hand, held = await kitchen.item("bun")
    assert held == 0
    assert on_hand == sum(await deltas(other)) - 2 * len(ORDERS)


async def test_the_version_that_is_read_is_the_one_that_was_put(kitchen: Kitchen) -> None:
    other, item = Kitchen(kitchen), StockItem(sku="bun", name="Brioche", on_hand=Decimal("7.50"))
    put = await kitchen.inventory.put_item(CODE, item, by="ann")
    read = await other.inventory.find_item(CODE, "bun")
    assert read is not None
    assert version_of(read) == version_of(put)
    await other.ask("reserve", bun=1)
    with pytest.raises(ProblemError, match="changed_meanwhile"):
        await kitchen.inventory.put_item(
            CODE, item.model_copy(update={"name": "Bun"}), if_match=to_etag(version_of(read))
        )
    assert await kitchen.item("bun") == (Decimal("7.5"), 1)


async def test_of_many_who_change_one_version_one_does(kitchen: Kitchen) -> None:
    read = await kitchen.inventory.find_item(CODE, "bun")
    assert read is not None
    etag, kitchens = to_etag(version_of(read)), [kitchen, Kitchen(kitchen), Kitchen(kitchen)]
    refused = await asyncio.gather(
        *(
            each.inventory.put_item(
                CODE, StockItem(sku="bun", name="bun", on_hand=Decimal(number)), if_match=etag
            )
            for number, each in enumerate(kitchens * 3)
        ),
        return_exceptions=True,
    )
    problems = [each.type for each in refused if isinstance(each, ProblemError)]
    assert problems == [CHANGED_MEANWHILE] * 8
    (put,) = (each for each in refused if isinstance(each, StockItem))
    assert await kitchen.item("bun") == (put.on_hand, 0)
    assert sorted(await deltas(kitchen)) == [put.on_hand - 100, 100]


async def test_a_limit_is_sold_out_exactly_over_processes(kitchen: Kitchen) -> None:
    other = Kitchen(kitchen)
    await kitchen.recipe(7, bun=1)
    await kitchen.say(7, "limited", 10)
    events = [ask("reserve", each, **{"bun": 1, "limit.7": 1}) for each in ORDERS]
    answers = await asyncio.gather(kitchen.ask_at_once(*events[:10]), other.ask_at_once(*events[10:]))
    assert sorted(said for each in answers for _, said in each) == ["rejected"] * 10 + ["reserved"] * 10
    for each in (other, kitchen):
        published = await each.published()
    assert published == Availability(items={7: ItemAvailability(state="limited", quantity=0)})
    assert await kitchen.item("bun") == (100, 10)


async def test_stock_is_published_and_repaired(kitchen: Kitchen) -> None:
    await kitchen.recipe(7, bun=1)
    await kitchen.ask("reserve", bun=100)
    assert await kitchen.published() == Availability(out_of_stock=(7,))
    await kitchen.documents.put(availability_document(CODE), b"{}")
    kitchen.restart()
    await kitchen.upkeep.repair()
    assert await kitchen.published() == Availability(out_of_stock=(7,))


async def test_old_holds_are_removed(kitchen: Kitchen) -> None:
    old = [str(kitchen.key()) for _ in range(120)]
    await kitchen.ask_at_once(*asks("release", old))
    kitchen.clock.advance(days=31)
    new = str(kitchen.key())
    await kitchen.ask("release", new)
    await kitchen.upkeep.purge()
    assert [await kitchen.hold(each) for each in old] == [None] * 120
    assert await kitchen.hold(new) is not None
