"""A thousand guests wait for their orders in one process, over HTTP, while another process moves them on."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import aiohttp
import pytest
from tests.loop_time import LoopTime
from tests.ordering import OrderingRegion
from tests.polling import until
from tests.restaurant import CODE, ORDER
from tests.serving import serving_app
from tests.ticks import Ticks

from localcloud.layout import url
from muneris.cloud.tables import Row
from muneris.cloud.tables.memory import MemoryTable
from muneris.core.ids import new_uuid7

WAITERS = 1000


class CountedTable(MemoryTable):
    """A table that counts reads, by the kind of row."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: Counter[str] = Counter()

    async def find(self, partition: str, key: str) -> Row | None:
        self.reads[key.partition("|")[0]] += 1
        return await super().find(partition, key)


@pytest.fixture
def table() -> CountedTable:
    return CountedTable()


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
async def region(table: CountedTable) -> OrderingRegion:
    """The process that moves orders on."""
    region = OrderingRegion(table)
    await region.open(bun=10 * WAITERS, beef=10 * WAITERS)
    return region


@pytest.fixture
async def front(table: CountedTable, ticks: Ticks) -> OrderingRegion:
    """The process that they ask."""
    front = OrderingRegion(table, sleep=ticks.sleep)
    await front.open()
    return front


@pytest.fixture
async def session(
    front: OrderingRegion, ports: Callable[[int], list[int]]
) -> AsyncIterator[aiohttp.ClientSession]:
    """Clients of that process, as many as there are."""
    (port,) = ports(1)
    async with (
        serving_app(front.app, port),
        aiohttp.ClientSession(url(port), connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        yield session


async def test_they_are_answered_after_one_look_and_hold_up_nobody(
    region: OrderingRegion,
    front: OrderingRegion,
    session: aiohttp.ClientSession,
    table: CountedTable,
    ticks: Ticks,
) -> None:
    staff = front.staff()

    async def wait_for(order_id: UUID) -> tuple[int, str | None]:
        headers = {**staff, "If-None-Match": '"1"'}
        async with session.get(f"/v1/orders/{CODE}/{order_id}?wait=20", headers=headers) as answer:
            return answer.status, answer.headers.get("ETag")

    async def place() -> int:
        headers = {**staff, "Idempotency-Key": str(new_uuid7(front.clock.now()))}
        async with session.post(f"/v1/orders/{CODE}", headers=headers, data=json.dumps(ORDER)) as answer:
            return answer.status

    order_ids = [await region.accepted() for _ in range(WAITERS)]
    table.reads.clear()
    with pytest.MonkeyPatch.context() as patch:
        LoopTime(patch)  # nobody's time is up, however slow this machine is
        async with asyncio.TaskGroup() as group:
            waiters = [group.create_task(wait_for(order_id)) for order_id in order_ids]
            await until(lambda: table.reads["order"] == WAITERS)
            await ticks.tick()
            await ticks.pausing()
            assert await place() == 202
            assert table.reads == {"order": WAITERS, "changed": 2, "intake": 1}
            await region.reserve_all()
            assert not any(waiter.done() for waiter in waiters)
            table.reads.clear()
            await ticks.tick()
            assert await place() == 202
            assert sum(waiter.done() for waiter in waiters) < WAITERS
    assert {waiter.result() for waiter in waiters} == {(200, '"2"')}
    assert table.reads == {"order": WAITERS, "changed": 1}
