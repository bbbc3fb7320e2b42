"""What an order costs over its whole life in calls and rows, the more orders there are: no noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from tests.ordering import OrderingRegion
from tests.restaurant import CODE

from benchmarks.report import A_LIFE, Growth
from muneris.cloud.agenda import SETTLED_AFTER
from muneris.cloud.tables import Page, Row, Transaction
from muneris.cloud.tables.memory import MemoryTable
from muneris.cloud.tables.table import PAGE
from muneris.core.ids import new_uuid7, newest_first

SIZES = (1_000, 10_000, 100_000, 1_000_000)
PROPERTIES = 2_000
LIVES = 500
_ORDERS_A_SWEEP = 5
_SHELF = 10_000_000
_AT_REST = "a sweep, properties at rest"
_SETTLED = "a sweep, properties settled"


@dataclass
class Counted:
    """Calls to tables, and rows that they read or wrote."""

    calls: int = 0
    rows: int = 0

    def since(self, before: "Counted") -> "Counted":
        """What came after."""
        return Counted(self.calls - before.calls, self.rows - before.rows)


class CountingTable(MemoryTable):
    """A table that counts what it is asked, and that can be filled without being asked."""

    def __init__(self, counted: Counted) -> None:
        super().__init__()
        self._counted = counted

    def fill(self, like: Row, keys: Sequence[str]) -> None:
        """Put copies of a row under other keys."""
        rows = self._rows.setdefault(like.partition, {})
        rows.update((key, replace(like, key=key)) for key in keys)

    async def find(self, partition: str, key: str) -> Row | None:
        """The row, or None."""
        self._count(1)
        return await super().find(partition, key)

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        """Carry out all of it or nothing."""
        self._count(len(transaction))
        return await super().transact(transaction)

    async def page(
        self,
        partition: str,
        *,
        start: str = "",
        end: str = "\uffff",
        limit: int = PAGE,
        continuation: str | None = None,
    ) -> Page:
        """At most `limit` rows with start <= key < end, in key order."""
        found = await super().page(partition, start=start, end=end, limit=limit, continuation=continuation)
        self._count(len(found.rows))
        return found

    def _count(self, rows: int) -> None:
        self._counted.calls += 1
        self._counted.rows += rows


async def measure_growth_in_memory(sizes: Sequence[int], lives: int = LIVES) -> list[Growth]:
    """So many whole lives, a sweep now and then, once a property has had so many orders."""
    counted = Counted()
    orders, inventory = CountingTable(counted), CountingTable(counted)
    region = OrderingRegion(orders, CountingTable(counted), inventory)
    await region.open(bun=_SHELF, beef=_SHELF)
    first = await _live(region)
    order = await orders.find(CODE, f"order|{newest_first(first)}")
    hold = await inventory.find(CODE, f"hold|{first}")
    assert order is not None  # noqa: S101 - it was just placed
    assert hold is not None  # noqa: S101 - its stock was held
    growths, there = [], 1
    for size in sizes:
        keys = [_key(region, number) for number in range(there, size)]
        orders.fill(order, [f"order|{newest_first(key)}" for key in keys])
        inventory.fill(hold, [f"hold|{key}" for key in keys])
        growths.append(await _growth(region, counted, size, lives))
        there = size + lives
    return growths


async def _growth(region: OrderingRegion, counted: Counted, size: int, lives: int) -> Growth:
    before = replace(counted)
    for number in range(lives):
        await _live(region)
        if number % _ORDERS_A_SWEEP == 0:
            await region.sweep()
    spent = counted.since(before)
    return Growth(name=A_LIFE, orders=size, calls=spent.calls / lives, rows=spent.rows / lives)


async def _live(region: OrderingRegion) -> UUID:
    """One order from acceptance to rest; RuntimeError unless it is confirmed."""
    region.clock.advance(seconds=1)
    order_id = await region.accepted()
    await region.pump()
    status = (await region.order(order_id)).status
    if status != "confirmed":
        raise RuntimeError(f"an order is {status}")
    return order_id


def _key(region: OrderingRegion, number: int) -> UUID:
    """Of an order of the day before."""
    return new_uuid7(region.clock.now() - timedelta(days=1), number.to_bytes)


async def measure_sweeps(properties: int) -> list[Growth]:
    """What the sweeper asks for while so many properties have lately sold something, and after that."""
    counted = Counted()
    region = OrderingRegion(CountingTable(counted), CountingTable(counted), CountingTable(counted))
    await region.open()
    for number in range(properties):
        code = f"NOR-P{number}"
        await region.add_property(code)
        placed = await region.place(at=code)
        if placed.status != HTTPStatus.ACCEPTED:
            raise RuntimeError(f"an order was answered {placed.status}")
    await region.pump()
    at_rest = await _sweep(region, counted)
    await region.sweep(SETTLED_AFTER.total_seconds())
    settled = await _sweep(region, counted)
    return [
        Growth(name=name, orders=properties, calls=each.calls, rows=each.rows)
        for name, each in ((_AT_REST, at_rest), (_SETTLED, settled))
    ]


async def _sweep(region: OrderingRegion, counted: Counted) -> Counted:
    before = replace(counted)
    await region.sweep()
    return counted.since(before)
