"""Lists of a property's orders, newest first."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched
from uuid import UUID

from muneris.cloud.tables import Row, Table
from muneris.core.clock import from_rfc3339
from muneris.core.idempotency import FURTHEST_KEY_AHEAD, OLDEST_KEY
from muneris.core.ids import newest_first
from muneris.orders.model import AT_REST, Status
from muneris.orders.order_rows import stored_order
from muneris.orders.stored import StoredOrder

POSITION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What the place of an order in a list looks like: the part of its key that sorts the newest first."""
MOST_READ = 1_000
"""How many orders one page is looked for in: what is rare comes on several pages, some of them empty."""

_ROWS_AT_ONCE = 100
_READS_AT_ONCE = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TIME_BITS, _TAIL_BITS = 48, 80
"""Of a UUIDv7 (RFC 9562, section 5.7)."""


@dataclass(frozen=True)
class OrderFilter:
    """Which orders a list shows; None: any. `since` and `until` bound their `created_at`, both included."""

    status: Status | None = None
    since: datetime | None = None
    until: datetime | None = None
    placed_by: str | None = None

    def includes(self, row: Row) -> bool:
        """Whether an order is one of them, as its row says without being unpacked."""
        created_at = from_rfc3339(row.text("CreatedAt"))
        return (
            self.status in {None, row.text("Status")}
            and self.placed_by in {None, row.text("PlacedBy")}
            and (self.since is None or self.since <= created_at)
            and (self.until is None or created_at <= self.until)
        )


@dataclass(frozen=True)
class OrderPage:
    """Orders, and the place at which the next page starts; None: there is none."""

    items: tuple[StoredOrder, ...]
    following: str | None


class OrderList:
    """The orders of table `Orders`, by the time in their ids."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def page(self, property_code: str, wanted: OrderFilter, limit: int, start: str) -> OrderPage:
        """At most `limit` orders from the place `start` on; the first page's is empty.

        A page may have fewer, or none, and still be followed by another.
        """
        found: list[StoredOrder] = []
        read = 0
        async for place, row in self._rows(property_code, wanted, start):
            if len(found) == limit or read == MOST_READ:
                return OrderPage(tuple(found), place)
            read += 1
            if row is not None and wanted.includes(row):
                found.append(stored_order(row))
        return OrderPage(tuple(found), None)

    async def _rows(
        self, property_code: str, wanted: OrderFilter, start: str
    ) -> AsyncIterator[tuple[str, Row | None]]:
        """Orders that may be wanted, each with its place.

        Of those that are not at rest, which are few, there is an index.
        """
        if wanted.status is None or wanted.status in AT_REST:
            async for rows in self._pages(property_code, "order|", wanted, start):
                for row in rows:
                    yield row.key.removeprefix("order|"), row
            return
        async for entries in self._pages(property_code, "open|", wanted, start):
            for some in batched(entries, _READS_AT_ONCE, strict=False):
                places = [entry.key.removeprefix("open|") for entry in some]
                reads = (self._table.find(property_code, f"order|{place}") for place in places)
                for place, found in zip(places, await asyncio.gather(*reads), strict=True):
                    yield place, found

    async def _pages(
        self, property_code: str, prefix: str, wanted: OrderFilter, start: str
    ) -> AsyncIterator[Sequence[Row]]:
        """Rows of the ids that may belong to what is wanted: an id's time is its maker's, not ours."""
        newest, oldest = _bounds(wanted)
        continuation: str | None = None
        while True:
            page = await self._table.page(
                property_code,
                start=prefix + max(start, newest),
                end=prefix + oldest,
                limit=_ROWS_AT_ONCE,
                continuation=continuation,
            )
            yield page.rows
            continuation = page.continuation
            if continuation is None:
                return


def _bounds(wanted: OrderFilter) -> tuple[str, str]:
    """The place of the newest id that may be wanted, and one beyond the oldest's."""
    newest, oldest = "", "\uffff"
    if wanted.until is not None:
        newest = newest_first(UUID(int=_first_id(wanted.until, FURTHEST_KEY_AHEAD) | (1 << _TAIL_BITS) - 1))
    if wanted.since is not None:
        oldest = newest_first(UUID(int=_first_id(wanted.since, -OLDEST_KEY))) + "~"
    return newest, oldest


def _first_id(moment: datetime, shift: timedelta) -> int:
    """The least UUID of a moment and a shift; of the nearest one that UUIDv7 can name."""
    milliseconds = (moment - _EPOCH + shift) // _MILLISECOND
    return min(max(milliseconds, 0), (1 << _TIME_BITS) - 1) << _TAIL_BITS
