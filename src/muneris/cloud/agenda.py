"""What a timer must look at, kept durably: the partitions that may owe work."""

from datetime import timedelta

from muneris.cloud.tables import Row, RowConflictError, Table, Transaction, rows_with_prefix
from muneris.core.cache import Cache
from muneris.core.clock import Clock, from_rfc3339, to_rfc3339

SETTLED_AFTER = timedelta(minutes=10)
"""Longer than any transaction that an entry announces can still be under way, remembered touches included."""
REMEMBERED_FOR = SETTLED_AFTER / 2
"""The longest that a process may rely on a touch of its own."""


class Agenda:
    """The entries of one purpose: one partition of the table `Agenda`.

    Who is about to write work touches the entry before; so no crash leaves work that nobody looks for.
    A process that touched an entry within `remembered` (at most `REMEMBERED_FOR`) need not do it again; it
    renews a touch that it goes on using ahead of time, so that nobody waits for that.
    """

    def __init__(
        self, table: Table, purpose: str, clock: Clock, *, remembered: timedelta = timedelta(0)
    ) -> None:
        self._table = table
        self._purpose = purpose
        self._clock = clock
        seconds = remembered.total_seconds()
        self._touches = Cache[str, None](
            self._touch,
            fresh_seconds=lambda _: seconds,
            stale_seconds=seconds,
            monotonic=lambda: clock.now().timestamp(),
        )

    async def touch(self, key: str) -> None:
        """Announce that work may come to be under `key`."""
        await self._touches.get(key)

    async def _touch(self, key: str, _before: None) -> None:
        touched = to_rfc3339(self._clock.now())
        await self._table.transact(Transaction(self._purpose).upsert(key, {"Touched": touched}))

    async def entries(self) -> list[Row]:
        """Every entry; its key is what was touched."""
        return [row async for row in rows_with_prefix(self._table, self._purpose, "")]

    async def drop_settled(self, entry: Row) -> None:
        """Remove an entry that owes nothing, unless it is young: its work may still be written."""
        if self._clock.now() - from_rfc3339(entry.text("Touched")) < SETTLED_AFTER:
            return
        try:
            await self._table.transact(Transaction(self._purpose).delete(entry.key, etag=entry.etag))
        except RowConflictError:
            return  # touched again, or another sweep was faster
