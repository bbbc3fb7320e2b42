"""Holds that are settled are kept for 30 days, so that whoever asks late is answered; then they go."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from tests.unit.inventory.kitchen import CODE, Kitchen

from muneris.cloud.tables import Transaction, rows_with_prefix
from muneris.core.clock import to_rfc3339
from muneris.inventory import upkeep
from muneris.inventory.model import HoldStatus

SETTLED = {
    "consumed": ("reserve", "consume"),
    "released": ("reserve", "release"),
    "returned": ("reserve", "consume", "release"),
    "never held": ("release",),
}


async def stored_holds(kitchen: Kitchen) -> list[str]:
    return [row.key.removeprefix("hold|") async for row in rows_with_prefix(kitchen.below, CODE, "hold|")]


async def order(kitchen: Kitchen, *steps: str, bun: int = 1) -> UUID:
    """An order that was made just now, after these steps."""
    order_id = kitchen.key()
    for step in steps:
        await kitchen.ask(step, str(order_id), bun=bun)
    return order_id


@pytest.mark.parametrize("steps", SETTLED.values(), ids=SETTLED)
async def test_a_settled_hold_is_removed_after_30_days(kitchen: Kitchen, steps: tuple[str, ...]) -> None:
    order_id = await order(kitchen, *steps)
    before = await kitchen.item("bun")
    kitchen.clock.advance(days=30)
    await kitchen.upkeep.purge()
    assert await stored_holds(kitchen) == [str(order_id)]
    kitchen.clock.advance(seconds=1)
    await kitchen.upkeep.purge()
    assert await stored_holds(kitchen) == []
    assert await kitchen.item("bun") == before


async def test_a_rejected_hold_is_removed_and_the_hold_of_a_round_as_well(kitchen: Kitchen) -> None:
    order_id = await order(kitchen, "reserve", bun=11)
    await kitchen.ask("release", f"{order_id}")
    kitchen.clock.advance(days=31)
    await kitchen.upkeep.purge()
    assert await stored_holds(kitchen) == []


async def test_what_is_still_held_stays_however_old_it_is(kitchen: Kitchen) -> None:
    order_id = await order(kitchen, "reserve")
    kitchen.clock.advance(days=400)
    await kitchen.upkeep.purge()
    assert await stored_holds(kitchen) == [str(order_id)]
    await kitchen.ask("release", str(order_id))
    assert await kitchen.item("bun") == (10, 0)


async def test_the_days_count_from_when_it_settled(kitchen: Kitchen) -> None:
    order_id = await order(kitchen, "reserve")
    kitchen.clock.advance(days=29)
    await kitchen.ask("release", str(order_id))
    kitchen.clock.advance(days=29)
    await kitchen.upkeep.purge()
    assert await stored_holds(kitchen) == [str(order_id)]
    assert (await kitchen.ask("reserve", str(order_id), bun=1)).type == "muneris.stock.rejected"


async def test_what_this_process_remembers_of_a_removed_hold_misleads_nobody(kitchen: Kitchen) -> None:
    order_id = await order(kitchen, "reserve", "consume")
    kitchen.clock.advance(days=31)
    await kitchen.upkeep.purge()
    assert (await kitchen.ask("release", str(order_id))).type == "muneris.stock.released"
    hold = await kitchen.hold(str(order_id))
    assert hold is not None
    assert hold.status is HoldStatus.RELEASED
    assert await kitchen.item("bun") == (9, 0)


async def test_a_run_removes_so_many_the_oldest_first(
    kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "MOST_PURGED", 130)
    ids = []
    for _ in range(150):
        kitchen.clock.advance(seconds=1)
        ids.append(str(await order(kitchen, "release")))
    kitchen.clock.advance(days=31)
    kitchen.table.forget()
    await kitchen.upkeep.purge()
    assert await stored_holds(kitchen) == ids[130:]
    assert [len(keys) for keys in kitchen.table.transactions] == [100, 30]
    await kitchen.upkeep.purge()
    assert await stored_holds(kitchen) == []


async def test_holds_that_change_meanwhile_are_left_for_the_next_run(kitchen: Kitchen) -> None:
    first = await order(kitchen, "reserve", "consume")
    other = Kitchen(kitchen)
    kitchen.clock.advance(days=31)
    kitchen.table.other = lambda: other.ask("release", str(first))
    await kitchen.upkeep.purge()
    assert await stored_holds(kitchen) == [str(first)]
    assert await kitchen.item("bun") == (10, 0)


async def test_a_property_without_holds_leaves_the_agenda(kitchen: Kitchen) -> None:
    await order(kitchen, "release")
    kitchen.clock.advance(days=1)
    await kitchen.upkeep.purge()
    assert [entry.key for entry in await kitchen.agenda.entries()] == [CODE]
    kitchen.clock.advance(days=31)
    await kitchen.upkeep.purge()
    assert await kitchen.agenda.entries() == []


LONG_AGO = "2000-01-01T00:00:00.000000Z"
WRITES: dict[str, Callable[[Kitchen], Awaitable[object]]] = {
    "a hold": lambda kitchen: kitchen.ask("release"),
    "an item": lambda kitchen: kitchen.stock(bun=3),
    "a movement": lambda kitchen: kitchen.move("receive", 1),
    "an availability": lambda kitchen: kitchen.say(1, "unavailable"),
    "a recipe": lambda kitchen: kitchen.recipe(1, bun=1),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_a_property_is_on_the_agenda_before_anything_is_written_there(
    kitchen: Kitchen, write: Callable[[Kitchen], Awaitable[object]]
) -> None:
    kitchen.restart()
    await kitchen.agenda_table.transact(Transaction(upkeep.AGENDA).upsert(CODE, {"Touched": LONG_AGO}))
    touched: list[str] = []

    async def look() -> None:
        touched.extend([entry.text("Touched") for entry in await kitchen.agenda.entries()])

    kitchen.table.other = look
    await write(kitchen)
    assert touched == [to_rfc3339(kitchen.clock.now())]
