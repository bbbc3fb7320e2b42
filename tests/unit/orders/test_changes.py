"""Who waits for an order is woken by its change, wherever that was made, or by time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from tests.faults import Faults, FaultyTable
from tests.loop_time import LoopTime
from tests.polling import until
from tests.restaurant import CODE, NOON, ORDER_ID, plain_order
from tests.ticks import Ticks

from muneris.cloud.tables import Row, Transaction
from muneris.cloud.tables.memory import MemoryTable
from muneris.core.ids import new_uuid7
from muneris.orders.changes import CHANGED, Changes, changed_values
from muneris.orders.model import Order

OTHER_ID = UUID(int=ORDER_ID.int + 1)
SAME_VALUE_ID = UUID(int=ORDER_ID.int + 64)
LONG = 20.0


def an_order(order_id: UUID = ORDER_ID, sequence: int = 2, code: str = CODE) -> Order:
    return plain_order(order_id).model_copy(update={"sequence": sequence, "property_code": code})


class SlowTable(MemoryTable):
    """A table whose answers are held back until the test wants them."""

    def __init__(self) -> None:
        super().__init__()
        self.has_read = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def find(self, partition: str, key: str) -> Row | None:
        row = await super().find(partition, key)
        self.has_read.set()
        await self.may_answer.wait()
        return row


class BrokenTable(MemoryTable):
    """A table that a bug makes unreadable."""

    is_broken = True

    async def find(self, partition: str, key: str) -> Row | None:
        if self.is_broken:
            raise ValueError("a bug")
        return await super().find(partition, key)


class Process:
    """One of several processes over one table: its changes, and those who wait in it."""

    def __init__(self, table: MemoryTable) -> None:
        self.faults = Faults()
        self.ticks = Ticks()
        self.changes = Changes(FaultyTable(table, self.faults), sleep=self.ticks.sleep)

    @property
    def reads(self) -> int:
        return self.faults.calls

    @asynccontextmanager
    async def waiting(
        self, order_id: UUID = ORDER_ID, known: int = 1, code: str = CODE, seconds: float = LONG
    ) -> AsyncIterator[asyncio.Task[bool]]:
        """Somebody who has begun to wait, and has left when the block ends."""
        began: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def wait() -> bool:
            with self.changes.watch(code, order_id) as watch:
                began.set_result(None)
                return await self.changes.wait(watch, known, seconds)

        task = asyncio.create_task(wait())
        await began
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait([task])

    @property
    def is_at_rest(self) -> bool:
        """Whether nobody waits, no task looks, and nothing is kept."""
        return all(not held for name, held in vars(self.changes).items() if name not in {"_table", "_sleep"})


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
def here(table: MemoryTable) -> Process:
    return Process(table)


@pytest.fixture
async def loop_time(monkeypatch: pytest.MonkeyPatch) -> LoopTime:
    return LoopTime(monkeypatch)


async def write(table: MemoryTable, order: Order) -> None:
    """What another process's transaction says of an order that it moves on."""
    transaction = Transaction(order.property_code).upsert(CHANGED, changed_values(order))
    await table.transact(transaction)


async def test_everyone_who_waits_for_an_order_is_woken_at_once(here: Process) -> None:
    async with here.waiting() as first, here.waiting() as second, here.waiting(OTHER_ID) as other:
        here.changes.tell(an_order())
        assert await first
        assert await second
        assert not other.done()
        here.changes.tell(an_order(OTHER_ID))
        assert await other


async def test_who_knows_of_the_change_is_not_woken(here: Process) -> None:
    async with here.waiting(known=2) as knows, here.waiting(known=1) as does_not:
        here.changes.tell(an_order(sequence=2))
        assert await does_not
        assert not knows.done()


async def test_the_same_order_of_another_property_is_another(here: Process, table: MemoryTable) -> None:
    async with here.waiting(code="NOR-ODE01") as elsewhere, here.waiting() as waits:
        await here.ticks.pausing(2)
        here.changes.tell(an_order())
        assert await waits
        await write(table, an_order(sequence=3))
        await here.ticks.tick(2)
        await until(lambda: here.reads == 3)
        assert not elsewhere.done()


async def test_waiting_ends_by_time(here: Process, loop_time: LoopTime) -> None:
    async with here.waiting() as task:
        await loop_time.skip(LONG - 1)
        assert not task.done()
        await loop_time.skip(1)
        assert task.done()
        assert not await task


async def test_a_change_told_before_the_watch_wakes_nobody(here: Process) -> None:
    here.changes.tell(an_order())
    async with here.waiting() as task:
        await here.ticks.pausing()
        assert not task.done()


async def test_a_change_told_before_waiting_is_not_missed(here: Process) -> None:
    with here.changes.watch(CODE, ORDER_ID) as watch:
        here.changes.tell(an_order())
        assert await here.changes.wait(watch, 1, LONG)


async def test_another_processs_change_is_seen_at_the_next_look(here: Process, table: MemoryTable) -> None:
    async with here.waiting() as waits, here.waiting(OTHER_ID) as other:
        await here.ticks.pausing()
        await write(table, an_order())
        assert not waits.done()
        await here.ticks.tick()
        assert await waits
        assert not other.done()


async def test_a_thousand_waiters_of_one_property_cost_one_read_a_look(
    here: Process, table: MemoryTable
) -> None:
    ids = [UUID(int=ORDER_ID.int + number) for number in range(1000)]
    woken: list[UUID] = []

    async def wait(order_id: UUID) -> None:
        with here.changes.watch(CODE, order_id) as watch:
            await here.changes.wait(watch, 1, LONG)
            woken.append(order_id)

    waiters = [asyncio.create_task(wait(order_id)) for order_id in ids]
    for look in range(1, 11):
        await here.ticks.pausing()
        assert (here.reads, woken) == (look, [])
        await here.ticks.tick()
    await here.ticks.pausing()
    await write(table, an_order(ids[7]))
    await here.ticks.tick()
    await here.ticks.pausing()
    same_value = [order_id for order_id in ids if order_id.int % 64 == ids[7].int % 64]
    await until(lambda: len(woken) == len(same_value))
    assert (here.reads, sorted(woken)) == (12, same_value)
    for waiter in waiters:
        waiter.cancel()
    await asyncio.wait(waiters)


async def test_ten_properties_cost_ten_reads_a_look(here: Process) -> None:
    codes = [f"NOR-{number:02}" for number in range(10)]

    async def wait(code: str) -> bool:
        with here.changes.watch(code, ORDER_ID) as watch:
            return await here.changes.wait(watch, 1, LONG)

    waiters = [asyncio.create_task(wait(code)) for code in codes * 100]
    await here.ticks.pausing(10)
    assert here.reads == 10
    await here.ticks.tick(10)
    await here.ticks.pausing(10)
    assert here.reads == 20
    for waiter in waiters:
        waiter.cancel()
    await asyncio.wait(waiters)


async def test_to_the_first_look_everything_is_new_but_what_is_known() -> None:
    table = SlowTable()
    here = Process(table)
    await write(table, an_order(ORDER_ID, 2))
    await write(table, an_order(OTHER_ID, 2))
    never_changed = UUID(int=ORDER_ID.int + 2)
    async with (
        here.waiting(known=2) as knows,
        here.waiting(known=1) as late,
        here.waiting(OTHER_ID) as other,
        here.waiting(never_changed) as unchanged,
    ):
        table.may_answer.set()
        assert await late
        assert await other
        await here.ticks.pausing()
        assert (knows.done(), unchanged.done()) == (False, False)


async def test_to_later_looks_what_has_been_there_is_not_new(here: Process, table: MemoryTable) -> None:
    await write(table, an_order(SAME_VALUE_ID))
    async with here.waiting(OTHER_ID):
        await here.ticks.pausing()
        async with here.waiting() as joins:
            await here.ticks.tick()
            await here.ticks.pausing()
            assert (here.reads, joins.done()) == (2, False)


async def test_a_change_is_not_hidden_by_a_later_one_with_the_same_value(
    here: Process, table: MemoryTable
) -> None:
    async with here.waiting() as waits, here.waiting(SAME_VALUE_ID) as other:
        await here.ticks.pausing()
        await write(table, an_order())
        await write(table, an_order(SAME_VALUE_ID))
        await here.ticks.tick()
        assert await waits
        assert await other


async def test_a_change_seen_while_the_order_was_read_is_not_missed(
    here: Process, table: MemoryTable
) -> None:
    async with here.waiting(OTHER_ID):
        await here.ticks.pausing()
        with here.changes.watch(CODE, ORDER_ID) as watch:
            await write(table, an_order())
            await write(table, an_order(SAME_VALUE_ID))
            await here.ticks.tick()
            await here.ticks.pausing()
            assert await here.changes.wait(watch, 1, LONG)


async def test_a_change_during_a_look_is_seen_by_the_next() -> None:
    table = SlowTable()
    here = Process(table)
    async with here.waiting() as waits:
        await table.has_read.wait()
        await write(table, an_order())
        table.may_answer.set()
        await here.ticks.pausing()
        assert not waits.done()
        await here.ticks.tick()
        assert await waits


async def test_looking_ends_with_the_last_waiter(here: Process) -> None:
    async with here.waiting(), here.waiting(OTHER_ID):
        await here.ticks.pausing()
    assert asyncio.all_tasks() - {asyncio.current_task()} != set()
    await here.ticks.tick()
    await until(lambda: here.is_at_rest)
    assert here.reads == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_who_comes_back_at_once_is_looked_for_by_the_same_task(
    here: Process, table: MemoryTable
) -> None:
    await write(table, an_order(SAME_VALUE_ID))
    async with here.waiting(OTHER_ID):
        await here.ticks.pausing()
    async with here.waiting() as returned:
        await here.ticks.tick()
        await here.ticks.pausing()
        assert (here.reads, returned.done()) == (2, False)


@pytest.mark.parametrize("ending", ["told", "late", "left"])
async def test_who_left_is_forgotten(ending: str, here: Process, loop_time: LoopTime) -> None:
    async with here.waiting(seconds=1) as task:
        await here.ticks.pausing()
        if ending == "told":
            here.changes.tell(an_order())
        elif ending == "late":
            await loop_time.skip(1)
        else:
            task.cancel()
        await asyncio.wait([task])
    await here.ticks.tick()
    await until(lambda: here.is_at_rest)


async def test_an_outage_is_logged_once_and_delays_what_changed(
    here: Process, table: MemoryTable, caplog: pytest.LogCaptureFixture
) -> None:
    async with here.waiting() as waits:
        for outage in (1, 2):
            here.faults.down()
            for _ in range(3):
                await here.ticks.tick()
            await here.ticks.pausing()
            assert [record.levelname for record in caplog.records] == ["WARNING"] * outage
            here.faults.calm()
            if outage == 1:
                await here.ticks.tick()
                await here.ticks.pausing()
        await write(table, an_order())
        assert not waits.done()
        await here.ticks.tick()
        assert await waits


async def test_after_an_outage_what_was_there_before_is_not_new(here: Process, table: MemoryTable) -> None:
    await write(table, an_order(SAME_VALUE_ID))
    async with here.waiting(OTHER_ID):
        await here.ticks.pausing()
        async with here.waiting() as joins:
            here.faults.down()
            await here.ticks.tick()
            await here.ticks.pausing()
            here.faults.calm()
            await here.ticks.tick()
            await here.ticks.pausing()
            assert (here.reads, joins.done()) == (3, False)


async def test_during_an_outage_waiting_ends_by_time(here: Process, loop_time: LoopTime) -> None:
    here.faults.down()
    async with here.waiting() as task:
        await here.ticks.tick()
        await here.ticks.pausing()
        await loop_time.skip(LONG)
        assert task.done()
        assert not await task


async def test_whatever_keeps_the_row_from_being_read_the_looking_goes_on() -> None:
    table = BrokenTable()
    here = Process(table)
    async with here.waiting() as waiter:
        await until(lambda: here.reads == 1)
        assert not waiter.done()
        table.is_broken = False
        await write(table, an_order(SAME_VALUE_ID))
        await here.ticks.tick()
        assert await waiter


def test_an_order_has_the_same_value_in_every_process() -> None:
    order = an_order(UUID("01bb56c7-1600-7000-8000-00000000002a"), 3)
    assert changed_values(order) == {"C42": "01bb56c7-1600-7000-8000-00000000002a 3"}
    names = {name for _ in range(1000) for name in changed_values(an_order(new_uuid7(NOON)))}
    assert names == {f"C{number:02}" for number in range(64)}
