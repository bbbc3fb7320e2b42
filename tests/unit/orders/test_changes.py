"""Who waits for an order is woken by its change, or by time."""

import asyncio
from uuid import UUID

import pytest
from tests.loop_time import LoopTime
from tests.restaurant import ORDER_ID

from muneris.orders.changes import Changes

OTHER_ID = UUID("01bb56c7-1600-7000-8000-000000000002")
LONG = 20.0


@pytest.fixture
async def loop_time(monkeypatch: pytest.MonkeyPatch) -> LoopTime:
    return LoopTime(monkeypatch)


async def waiting(changes: Changes, order_id: UUID = ORDER_ID) -> asyncio.Task[None]:
    """Somebody who has begun to wait."""
    task = asyncio.create_task(changes.wait(order_id, LONG))
    await asyncio.sleep(0)
    return task


async def test_everyone_who_waits_for_an_order_is_woken_at_once() -> None:
    changes = Changes()
    first, second, other = await waiting(changes), await waiting(changes), await waiting(changes, OTHER_ID)
    changes.tell(ORDER_ID)
    await asyncio.gather(first, second)
    assert not other.done()
    changes.tell(OTHER_ID)
    await other


async def test_waiting_ends_by_time(loop_time: LoopTime) -> None:
    task = await waiting(Changes())
    await loop_time.skip(LONG - 1)
    assert not task.done()
    await loop_time.skip(1)
    assert task.done()
    await task


async def test_a_change_before_wakes_nobody(loop_time: LoopTime) -> None:
    changes = Changes()
    changes.tell(ORDER_ID)
    task = await waiting(changes)
    assert not task.done()
    await loop_time.skip(LONG)
    await task


async def test_who_left_is_forgotten_and_the_others_are_woken(loop_time: LoopTime) -> None:
    changes = Changes()
    impatient = asyncio.create_task(changes.wait(ORDER_ID, 1))
    gone, stays = await waiting(changes), await waiting(changes)
    gone.cancel()
    await loop_time.skip(1)
    assert (impatient.done(), gone.cancelled(), stays.done()) == (True, True, False)
    changes.tell(ORDER_ID)
    await stays


@pytest.mark.parametrize("ending", ["told", "late", "left"])
async def test_an_order_for_which_nobody_waits_takes_no_memory(ending: str, loop_time: LoopTime) -> None:
    changes = Changes()
    task = await waiting(changes)
    assert len(vars(changes)["_waiting"]) == 1
    if ending == "told":
        changes.tell(ORDER_ID)
    elif ending == "late":
        await loop_time.skip(LONG)
    else:
        task.cancel()
    await asyncio.wait([task])
    assert len(vars(changes)["_waiting"]) == 0
