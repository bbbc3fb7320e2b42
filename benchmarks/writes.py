"""Group commit by itself: the transactions of accepted orders, with no app and no event around them."""

import itertools
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from benchmarks.bench import Bench, running_bench
from benchmarks.report import WRITES, Ratio
from benchmarks.slices import Ending, Once, compare, measure
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables import Row, Table, Transaction
from muneris.cloud.tables.azure import AzureTable
from muneris.cloud.tables.grouped import GroupedTable
from muneris.cloud.tables.retried import RetriedTable
from muneris.cloud.wire.account import storage_account
from muneris.cloud.wire.requests import Requests
from muneris.core.ids import new_uuid7, newest_first

CALLERS = (8, 32, 128)


class Writes:
    """Each operation is the transaction of an accepted order, written through the product's own table."""

    def __init__(
        self, table: Table, rows: Sequence[Row], order_id: UUID, codes: Callable[[], Awaitable[Sequence[str]]]
    ) -> None:
        self._table = table
        self._rows = rows
        self._order_id = order_id
        self._codes = codes

    async def begin(self, callers: int) -> Sequence[Once]:
        """Callers who take turns at the partitions."""
        codes = itertools.cycle(await self._codes())
        return [partial(self._once, codes) for _ in range(callers)]

    async def end(self, _operations: int) -> Ending:
        """Nothing is under way any more, and nothing was published."""
        return Ending(time.perf_counter(), published=1.0)

    async def clear(self) -> None:
        """Every slice has a partition of its own."""

    async def _once(self, codes: Iterator[str]) -> None:
        order_id = new_uuid7(datetime.now(UTC))
        keys = {str(self._order_id): str(order_id), newest_first(self._order_id): newest_first(order_id)}
        transaction = Transaction(next(codes))
        for row in self._rows:
            transaction.insert(renamed(row.key, keys), row.values)
        await self._table.transact(transaction)


def renamed(key: str, names: Mapping[str, str]) -> str:
    """A row's key with other names in the place of those that it has."""
    for old, new in names.items():
        key = key.replace(old, new)
    return key


async def measure_writes(callers: int, pairs: int, seconds: float) -> Ratio:
    """Both sides write to one partition, a new one each slice, as large rows as the app writes."""
    requests = Requests()
    try:
        async with running_bench() as bench:
            ours, other = await _sides(bench, requests)
            slices = await measure(ours, other, callers=callers, pairs=pairs, seconds=seconds, gauges=bench)
    finally:
        await requests.close()
    return compare(WRITES, callers, 1, slices, process="load")


async def _sides(bench: Bench, requests: Requests) -> tuple[Writes, Writes]:
    port = await bench.region.start_direct("orders")
    code, order_id = await bench.order(port)
    table = AzureTable(storage_account(bench.region.address.connection_string), "Orders", requests)
    rows = (await table.page(code)).rows
    retried = RetriedTable(table, RetryPolicy(), lambda: secrets.token_hex(6))
    codes = bench.partitions(1)
    return Writes(GroupedTable(retried), rows, order_id, codes), Writes(retried, rows, order_id, codes)
