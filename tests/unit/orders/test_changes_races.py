"""No change is missed, whatever the order in which writers, looks, reads and waiters get their turns."""

import asyncio
import random
from collections.abc import Mapping
from uuid import UUID

import pytest
from tests.restaurant import CODE, ORDER_ID, plain_order

from muneris.cloud.tables import Row, Transaction
from muneris.cloud.tables.memory import MemoryTable
from muneris.orders.changes import CHANGED, Changes, changed_values

ORDER_IDS = [UUID(int=ORDER_ID.int + value + 64 * number) for value in range(2) for number in range(4)]
"""Eight orders that share two values."""
STEPS = 4
LONG = 20.0


class SlowTable(MemoryTable):
    """A table whose requests and answers take any number of turns."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    async def find(self, partition: str, key: str) -> Row | None:
        await self.pause()
        row = await super().find(partition, key)
        await self.pause()
        return row

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        await self.pause()
        etags = await super().transact(transaction)
        await self.pause()
        return etags

    async def pause(self, seconds: float = 0.0) -> None:
        """Any number of turns, more if it is to last."""
        for _ in range(self._chance.randrange(30 if seconds else 6)):
            await asyncio.sleep(0)


async def move_on(table: SlowTable, order_id: UUID, here: Changes) -> None:
    """Step by step, in one of the processes."""
    for sequence in range(2, STEPS + 1):
        await table.pause(1)
        order = plain_order(order_id).model_copy(update={"sequence": sequence})
        transaction = Transaction(CODE).upsert(str(order_id), {"Sequence": sequence})
        await table.transact(transaction.upsert(CHANGED, changed_values(order)))
        here.tell(order)


async def follow(table: SlowTable, order_id: UUID, changes: Changes) -> None:
    """One long poll after the other, until the last step is known."""
    known = 1
    while known < STEPS:
        with changes.watch(CODE, order_id) as watch:
            read = await sequence_of(table, order_id)
            while read == known:
                assert await changes.wait(watch, known, LONG), f"{order_id} was missed at {known}"
                read = await sequence_of(table, order_id)
            known = read
        await table.pause()


async def sequence_of(table: SlowTable, order_id: UUID) -> int:
    row = await table.find(CODE, str(order_id))
    return 1 if row is None else row.number("Sequence")


@pytest.mark.parametrize("seed", range(100))
async def test_every_follower_in_every_process_learns_of_the_last_step(seed: int) -> None:
    table = SlowTable(random.Random(seed))  # noqa: S311 - a test repeats itself by its seed
    processes = [Changes(table, sleep=table.pause) for _ in range(3)]
    async with asyncio.TaskGroup() as group:
        for order_id in ORDER_IDS:
            group.create_task(move_on(table, order_id, processes[0]))
            for changes in processes:
                group.create_task(follow(table, order_id, changes))
