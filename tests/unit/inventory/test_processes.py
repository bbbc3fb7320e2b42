"""Several processes on one property: what one remembers, another may have changed."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from tests.faults import Faults, FaultyTable, Kind
from tests.unit.inventory.kitchen import CODE, Kitchen, ask, asks, said

from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables.retried import RetriedTable
from muneris.core.operational import OperationalError
from muneris.inventory.holds import Holds
from muneris.inventory.model import Command, Hold, HoldStatus, StockLine

ORDERS = [f"o{number}" for number in range(24)]
LINES = (StockLine(sku="beef", quantity=Decimal(2)), StockLine(sku="bun", quantity=Decimal(1)))
FAILS: tuple[Kind, ...] = ("before", "after")


async def _soon(_: float) -> None:
    await asyncio.sleep(0)


TWICE = RetryPolicy(attempts=2, sleep=_soon)
"""Little patience: some faults are settled below, some reach who asked."""


@pytest.fixture
async def other(kitchen: Kitchen) -> Kitchen:
    """Another process, which remembers the stock as it is."""
    other = Kitchen(kitchen)
    for sku in ("bun", "beef"):
        await other.inventory.find_item(CODE, sku)
    other.table.forget()
    return other


async def test_nothing_is_rejected_from_memory(kitchen: Kitchen, other: Kitchen) -> None:
    await kitchen.stock(bun=12)
    assert (await other.ask("reserve", bun=11)).type == "muneris.stock.reserved"
    assert await kitchen.item("bun") == (12, 11)


async def test_nothing_is_held_that_another_process_sold(kitchen: Kitchen, other: Kitchen) -> None:
    await kitchen.ask("reserve", bun=10)
    short = await other.ask("reserve", "b", bun=1, beef=1)
    assert (short.type, short.data["items"]) == ("muneris.stock.rejected", ["bun"])
    assert (await kitchen.item("bun"), await kitchen.item("beef")) == ((10, 10), (10, 0))


async def test_an_item_of_another_process_is_found(kitchen: Kitchen, other: Kitchen) -> None:
    await kitchen.ask("reserve", salt=1)
    await other.stock(salt=1)
    assert (await kitchen.ask("reserve", "b", salt=1)).type == "muneris.stock.reserved"
    assert await kitchen.item("salt") == (1, 1)


async def test_a_hold_that_another_process_released_is_no_longer_reserved(
    kitchen: Kitchen, other: Kitchen
) -> None:
    await kitchen.ask("reserve", bun=4)
    await other.ask("release")
    assert (await kitchen.ask("reserve", bun=4)).type == "muneris.stock.rejected"
    assert (await kitchen.ask("release")).type == "muneris.stock.released"
    assert (await kitchen.ask("consume")).type == "muneris.stock.consumed"
    assert await kitchen.item("bun") == (10, 0)


@pytest.mark.parametrize("step", ["consume", "release"])
async def test_what_another_process_did_is_not_done_again(
    kitchen: Kitchen, other: Kitchen, step: str
) -> None:
    await kitchen.ask("reserve", bun=4)
    answer = await other.ask(step)
    assert await kitchen.ask(step) == answer
    assert await kitchen.item("bun") == ((6, 0) if step == "consume" else (10, 0))


async def test_a_consumed_hold_that_another_process_returned(kitchen: Kitchen, other: Kitchen) -> None:
    await kitchen.ask("reserve", bun=4)
    await kitchen.ask("consume")
    await other.ask("release")
    assert (await kitchen.ask("consume")).type == "muneris.stock.consumed"
    assert (await kitchen.ask("reserve", bun=4)).type == "muneris.stock.rejected"
    assert await kitchen.item("bun") == (10, 0)


async def test_a_reserve_that_another_process_decided_is_answered_as_it_was(
    kitchen: Kitchen, other: Kitchen
) -> None:
    held, short = await kitchen.ask("reserve", bun=4), await kitchen.ask("reserve", "b", bun=7)
    await kitchen.stock(bun=100)
    assert await other.ask("reserve", bun=4) == held
    assert await other.ask("reserve", "b", bun=7) == short
    assert await kitchen.item("bun") == (100, 4)


async def test_a_tombstone_of_another_process_is_found(kitchen: Kitchen, other: Kitchen) -> None:
    await other.ask("release")
    assert (await kitchen.ask("reserve", bun=4)).type == "muneris.stock.rejected"
    assert await kitchen.item("bun") == (10, 0)


async def test_known_and_unknown_duplicates_among_new_orders(kitchen: Kitchen, other: Kitchen) -> None:
    await other.ask_at_once(*asks("reserve", ORDERS[:3], bun=1))
    answers = await kitchen.ask_at_once(*asks("reserve", ORDERS[:6], bun=1))
    assert sorted(answers) == [(order_id, "reserved") for order_id in ORDERS[:6]]
    assert await kitchen.item("bun") == (10, 6)


async def test_an_item_that_others_change_too_is_read_before_it_is_written(
    kitchen: Kitchen, other: Kitchen
) -> None:
    kitchen.table.forget()
    for number in range(4):
        await kitchen.ask("reserve", f"a{number}", bun=1)
        await other.ask("reserve", f"b{number}", bun=1)
    # Each lost one race, by which it learned of the other.
    assert (kitchen.pauses, other.pauses) == ([0.01], [0.01])
    assert [len(each.table.transactions) for each in (kitchen, other)] == [5, 5]
    assert [each.table.reads for each in (kitchen, other)] == [["item|bun"] * 3, ["item|bun"] * 4]
    assert await kitchen.item("bun") == (10, 8)


async def test_an_item_that_nobody_else_changes_any_more_is_not_read(
    kitchen: Kitchen, other: Kitchen
) -> None:
    await other.ask("reserve", "b", bun=1)
    await kitchen.ask("reserve", "a0", bun=1)
    kitchen.table.forget()
    for number in range(1, 5):
        await kitchen.ask("reserve", f"a{number}", bun=1)
    assert kitchen.table.reads == ["item|bun"]
    assert len(kitchen.table.transactions) == 4


async def test_processes_that_race_for_the_last_ones_share_them() -> None:
    first = Kitchen()
    await first.stock(bun=10, beef=10)
    kitchens = [first, *(Kitchen(first) for _ in range(3))]
    chance = random.Random(7)  # noqa: S311 - the same race each time
    first.table.forget()
    await asyncio.gather(
        *(
            chance.choice(kitchens).answers.answer(ask("reserve", order_id, bun=1, beef=1))
            for order_id in ORDERS * 2
        )
    )
    answers = dict(said([event for each in kitchens for event in each.publisher.published]))
    assert sorted(answers) == sorted(ORDERS)
    assert list(answers.values()).count("reserved") == 10
    assert (await first.item("bun"), await first.item("beef")) == ((10, 10), (10, 10))
    # 48 asks, one by one, would be 48 transactions with three reads each.
    assert sum(len(each.table.transactions) for each in kitchens) < 24
    assert sum(len(each.table.reads) for each in kitchens) < 120


async def test_putting_an_item_is_not_starved_by_orders(kitchen: Kitchen) -> None:
    await kitchen.stock(bun=1000)
    kitchen.table.forget()
    orders = [asyncio.create_task(kitchen.answers.answer(each)) for each in asks("reserve", ORDERS, bun=1)]
    await asyncio.gather(kitchen.stock(bun=500), *orders)
    assert kitchen.pauses == []
    assert len(kitchen.table.transactions) == 3
    assert await kitchen.item("bun") == (500, 24)


async def test_putting_an_item_keeps_what_another_process_holds_meanwhile(
    kitchen: Kitchen, other: Kitchen
) -> None:
    kitchen.table.other = lambda: other.ask("reserve", bun=1)
    await kitchen.stock(bun=20)
    assert kitchen.pauses == [0.01]
    assert await kitchen.item("bun") == (20, 1)


@pytest.mark.parametrize("seed", range(20))
async def test_stock_is_exact_whatever_fails(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same faults each time
    faults = Faults()
    first = Kitchen(
        table=RetriedTable(FaultyTable(faults=faults), TWICE, lambda: f"{chance.getrandbits(48):012x}")
    )
    await first.stock(bun=15, beef=40)
    kitchens = [first, Kitchen(first), Kitchen(first)]
    faults.plan = lambda _: chance.choice(FAILS) if chance.random() < 0.3 else None
    ended = await asyncio.gather(*(live(kitchens, chance, order_id) for order_id in ORDERS))
    faults.calm()
    assert faults.struck > 20
    stored = [await first.hold(order_id) for order_id in ORDERS]
    assert [each and each.status for each in stored] == list(ended)
    consumed = ended.count(HoldStatus.CONSUMED)
    assert await first.item("bun") == (15 - consumed, 0)
    assert await first.item("beef") == (40 - 2 * consumed, 0)
    # Nothing was rejected that the stock would have had at the end of it all.
    assert HoldStatus.REJECTED not in ended or consumed + ended.count(HoldStatus.RELEASED) >= 15


async def live(kitchens: list[Kitchen], chance: random.Random, order_id: str) -> HoldStatus:
    """An order's life, until its hold is used, given back or refused."""

    async def reserve(holds: Holds) -> Hold:
        return await holds.reserve(CODE, order_id, LINES)

    async def settle(holds: Holds) -> Hold:
        return await holds.settle(CODE, order_id, final)

    final = chance.choice([Command.CONSUME, Command.RELEASE])
    reserved = await answered(kitchens, chance, reserve)
    if reserved is HoldStatus.REJECTED:
        return reserved
    assert reserved is HoldStatus.HELD
    settled = await answered(kitchens, chance, settle)
    assert await answered(kitchens, chance, reserve) is settled
    return settled


async def answered(
    kitchens: list[Kitchen], chance: random.Random, act: Callable[[Holds], Awaitable[Hold]]
) -> HoldStatus:
    """What is said by the processes that are asked, one or two of them, and again until one answers."""
    while True:
        some = chance.choices(kitchens, k=chance.choice([1, 1, 2]))
        ended = await asyncio.gather(*(act(each.holds) for each in some), return_exceptions=True)
        assert all(isinstance(each, Hold | OperationalError) for each in ended)
        said = {each.status for each in ended if isinstance(each, Hold)}
        if said:
            (status,) = said
            return status
