"""A table in memory, for tests: the same rules, the same errors, nothing kept."""

import itertools
from collections.abc import Mapping

from muneris.cloud.tables.conditions import find_conflict
from muneris.cloud.tables.rows import Page, Row, Value, Values
from muneris.cloud.tables.table import PAGE
from muneris.cloud.tables.transaction import Operation, Transaction


class MemoryTable:
    """One table in memory. A transaction awaits nothing, so it is atomic in one event loop."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Row]] = {}
        self._versions = itertools.count(1)

    async def find(self, partition: str, key: str) -> Row | None:
        """The row, or None."""
        return self._rows.get(partition, {}).get(key)

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        """Carry out all of it or nothing."""
        rows = self._rows.setdefault(transaction.partition, {})
        for operation in transaction:
            conflict = find_conflict(operation, rows.get(operation.key))
            if conflict is not None:
                raise conflict
        etags = {}
        for operation in transaction:
            if operation.kind == "delete":
                del rows[operation.key]
                continue
            values = _written(operation, rows.get(operation.key))
            row = Row(transaction.partition, operation.key, values, f'W/"{next(self._versions)}"')
            rows[operation.key] = row
            etags[operation.key] = row.etag
        return etags

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
        rows = self._rows.get(partition, {})
        first = max(start, continuation or "")
        keys = sorted(key for key in rows if first <= key < end)
        following = keys[limit] if len(keys) > limit else None
        return Page([rows[key] for key in keys[:limit]], following)


def _written(operation: Operation, stored: Row | None) -> Values:
    kept: dict[str, Value] = {}
    if stored is not None and operation.kind in {"merge", "upsert"}:
        kept = dict(stored.values)
    return kept | dict(operation.values)
