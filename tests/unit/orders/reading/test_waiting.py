"""Waiting for an order that another process moves on, and what it costs the storage."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from tests.asgi import Message, Response, call
from tests.loop_time import LoopTime
from tests.ordering import OWNER, POST, OrderingRegion
from tests.polling import until
from tests.restaurant import CODE
from tests.ticks import Ticks

from muneris.cloud.tables import Row, TableUnavailableError
from muneris.cloud.tables.memory import MemoryTable
from muneris.orders.changes import CHANGED
from muneris.orders.reading.queries import READS_AT_ONCE
from muneris.orders.stored import StoredOrder

ELSEWHERE = "NOR-ODE01"

type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]


class WatchedTable(MemoryTable):
    """A table that notes which rows are read; for some it `fails`, and some answers it `holds` back."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.holds: Callable[[str], bool] = lambda _: False
        self.fails: Callable[[str], bool] = lambda _: False
        self.held: list[asyncio.Future[None]] = []

    async def find(self, partition: str, key: str) -> Row | None:
        self.found.append(key)
        row = await super().find(partition, key)
        if self.fails(key):
            raise TableUnavailableError("down")
        if self.holds(key):
            held: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.held.append(held)
            await held
        return row

    def release(self) -> None:
        """Answer what is held back."""
        held, self.held = self.held, []
        for each in held:
            each.set_result(None)

    def reads(self, prefix: str) -> int:
        return sum(key.startswith(prefix) for key in self.found)

    def forget(self) -> None:
        self.found.clear()


def is_order(key: str) -> bool:
    return key.startswith("order|")


@pytest.fixture
def table() -> WatchedTable:
    return WatchedTable()


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
async def region(table: WatchedTable) -> OrderingRegion:
    """The process that takes orders and moves them on."""
    region = OrderingRegion(table)
    await region.open()
    return region


@pytest.fixture
async def front(table: WatchedTable, ticks: Ticks) -> OrderingRegion:
    """Another process of the region, which only answers."""
    front = OrderingRegion(table, sleep=ticks.sleep)
    await front.open()
    return front


async def answered(requests: Sequence[asyncio.Task[Response]], count: int) -> None:
    """Wait until so many requests have their answer."""
    await until(lambda: sum(request.done() for request in requests) == count)


@asynccontextmanager
async def waiting(
    front: OrderingRegion, *order_ids: UUID, etag: str = '"1"'
) -> AsyncIterator[list[asyncio.Task[Response]]]:
    """Requests that wait for orders, which are known as they were accepted unless `etag` says otherwise."""
    tasks = [asyncio.create_task(front.get(order_id, etag=etag, query="?wait=20")) for order_id in order_ids]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def get_change(front: OrderingRegion, order_id: UUID, code: str = CODE) -> StoredOrder:
    """The order once it was moved on."""
    return await front.queries.get_change(
        OWNER, code, str(order_id), lambda order: order.sequence == 1, seconds=20
    )


async def test_another_processs_step_is_answered_at_the_next_look(
    region: OrderingRegion, front: OrderingRegion, ticks: Ticks
) -> None:
    order_id = await region.accepted()
    async with waiting(front, order_id) as (request,):
        await ticks.pausing()
        await region.reserve_all()
        assert not request.done()
        await ticks.tick()
        answer = await request
    assert (answer.status, answer.headers["etag"], answer.json()["status"]) == (200, '"2"', "reserved")


async def test_while_nothing_changes_a_crowd_costs_one_read_a_look(
    region: OrderingRegion, front: OrderingRegion, table: WatchedTable, ticks: Ticks
) -> None:
    order_ids = [await region.accepted() for _ in range(100)]
    await region.scheduler.quiet()
    table.forget()
    async with waiting(front, *order_ids) as requests:
        await ticks.pausing()
        await until(lambda: table.reads("order|") == 100)
        for _ in range(5):
            await ticks.tick()
        await ticks.pausing()
        assert (table.reads("order|"), table.reads(CHANGED)) == (100, 6)
        assert not any(request.done() for request in requests)


async def test_when_time_is_up_the_order_is_answered_as_it_was_read(
    region: OrderingRegion,
    front: OrderingRegion,
    table: WatchedTable,
    ticks: Ticks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order_id = await region.accepted()
    await region.scheduler.quiet()
    loop_time = LoopTime(monkeypatch)
    table.forget()
    async with waiting(front, order_id) as (request,):
        await ticks.pausing()
        await loop_time.skip(20)
        answer = await request
    assert (answer.status, answer.headers["etag"]) == (304, '"1"')
    assert (table.reads("order|"), table.reads(CHANGED)) == (1, 1)


async def test_those_who_wait_for_one_order_share_a_read(
    region: OrderingRegion, front: OrderingRegion, table: WatchedTable, ticks: Ticks
) -> None:
    order_id = await region.accepted()
    async with waiting(front, *[order_id] * 50) as requests:
        await ticks.pausing()
        await region.reserve_all()
        table.forget()
        await ticks.tick()
        answers = await asyncio.gather(*requests)
    assert {(answer.status, answer.headers["etag"]) for answer in answers} == {(200, '"2"')}
    assert (table.reads("order|"), table.reads(CHANGED)) == (1, 1)


async def test_a_read_that_has_begun_is_not_shared(
    region: OrderingRegion, front: OrderingRegion, table: WatchedTable, ticks: Ticks
) -> None:
    """It may have been carried out before the change that somebody has heard of since."""
    order_id = await region.accepted()
    async with waiting(front, order_id) as (first,):
        await ticks.pausing()
        await region.reserve_all()
        table.holds = is_order
        await ticks.tick()
        await until(lambda: len(table.held) == 1)
        table.holds = lambda _: False
        async with waiting(front, order_id, etag='"2"') as (second,):
            await ticks.pausing()
            await region.deliver(region.take(POST))
            await ticks.tick()
            assert (await second).json()["status"] == "confirmed"
        table.release()
        assert (await first).json()["status"] == "reserved"


async def test_one_key_at_two_properties_is_two_orders(
    region: OrderingRegion, front: OrderingRegion, ticks: Ticks
) -> None:
    for each in (region, front):
        await each.add_property(ELSEWHERE)
    key = region.key()
    for code in (CODE, ELSEWHERE):
        assert (await region.place(key, at=code)).status == 202
    async with asyncio.TaskGroup() as group:
        codes = {code: group.create_task(get_change(front, UUID(key), code)) for code in (CODE, ELSEWHERE)}
        await ticks.pausing(2)
        await region.reserve_all()
        await ticks.tick(2)
    orders = {code: task.result().order for code, task in codes.items()}
    assert {code: (order.property_code, order.status) for code, order in orders.items()} == {
        CODE: (CODE, "reserved"),
        ELSEWHERE: (ELSEWHERE, "rejected"),  # nothing is in stock there
    }


async def test_a_crowd_that_is_woken_is_read_a_few_at_a_time(
    region: OrderingRegion, front: OrderingRegion, table: WatchedTable, ticks: Ticks
) -> None:
    count = 3 * READS_AT_ONCE
    order_ids = [await region.accepted() for _ in range(count)]
    async with waiting(front, *order_ids) as requests:
        await ticks.pausing()
        await region.reserve_all()
        table.holds = is_order
        await ticks.tick()
        await ticks.pausing()
        for done in range(0, count, READS_AT_ONCE):
            await until(lambda: len(table.held) == READS_AT_ONCE)
            assert sum(request.done() for request in requests) == done
            table.holds = lambda _: False
            assert (await front.get(order_ids[0])).status == 200
            table.holds = is_order
            table.release()
            await answered(requests, done + READS_AT_ONCE)
        assert {(await request).headers["etag"] for request in requests} == {'"2"'}


@pytest.mark.parametrize("is_other_process", [True, False])
async def test_a_step_during_the_first_read_is_not_missed(
    *,
    is_other_process: bool,
    region: OrderingRegion,
    front: OrderingRegion,
    table: WatchedTable,
    ticks: Ticks,
) -> None:
    waits_at = front if is_other_process else region
    order_id, bystander = await region.accepted(), await region.accepted()
    await region.scheduler.quiet()
    async with waiting(front, bystander):
        await ticks.pausing()
        table.holds = is_order
        async with waiting(waits_at, order_id) as (request,):
            await until(lambda: len(table.held) == 1)
            table.holds = lambda _: False
            await region.reserve_all()
            await ticks.tick()
            await ticks.pausing()
            table.release()
            assert (await request).headers["etag"] == '"2"'


async def test_a_read_that_fails_fails_those_who_share_it(
    region: OrderingRegion, front: OrderingRegion, table: WatchedTable, ticks: Ticks
) -> None:
    order_id = await region.accepted()
    async with waiting(front, order_id, order_id) as requests:
        await ticks.pausing()
        await region.reserve_all()
        table.fails = is_order
        await ticks.tick()
        assert [(await each).code for each in requests] == ["service_unavailable"] * 2
    table.fails = lambda _: False
    assert (await get_change(front, order_id)).order.sequence == 2


async def test_who_shares_a_read_and_leaves_does_not_end_it(
    region: OrderingRegion, front: OrderingRegion, table: WatchedTable, ticks: Ticks
) -> None:
    order_id = await region.accepted()
    async with waiting(front, order_id, order_id) as (leaves, stays):
        await ticks.pausing()
        await region.reserve_all()
        table.holds = is_order
        await ticks.tick()
        await until(lambda: len(table.held) == 1)
        leaves.cancel()
        await asyncio.wait([leaves])
        table.release()
        assert (await stays).headers["etag"] == '"2"'


async def test_who_waits_does_not_listen_for_its_client_to_leave(
    region: OrderingRegion, front: OrderingRegion, ticks: Ticks
) -> None:
    """The Functions adapter never hears of it, and polls ten times a second for each that listens."""
    order_id = await region.accepted()
    received: list[Message] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        async def noted() -> Message:
            received.append(await receive())
            return received[-1]

        await front.app(scope, noted, send)

    path, headers = f"/v1/orders/{CODE}/{order_id}?wait=20", {**front.staff(), "If-None-Match": '"1"'}
    request = asyncio.create_task(call(app, "GET", path, headers=headers))
    await ticks.pausing()
    await region.reserve_all()
    await ticks.tick()
    assert (await request).status == 200
    assert [message["type"] for message in received] == ["http.request"]
