"""The port: what every table offers, over Azure or in memory."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from muneris.cloud.tables.rows import Page, Row
from muneris.cloud.tables.transaction import Transaction
from muneris.core.operational import OperationalError

PAGE = 1000
"""The most rows one answer of a query has (Table service REST API, "Query timeout and pagination")."""

_BEYOND = "\uffff"


class RowConflictError(Exception):
    """A transaction's condition did not hold; nothing was written. `key` is the row it failed on."""

    def __init__(self, key: str | None) -> None:
        super().__init__(key)
        self.key = key


class RowExistsError(RowConflictError):
    """A row to insert is already there."""


class RowMissingError(RowConflictError):
    """A row to change, delete or get is not there."""


class RowChangedError(RowConflictError):
    """A row is no longer the version that was read."""


class TableUnavailableError(OperationalError):
    """The table did not answer; nothing was written."""


class OutcomeUnknownError(TableUnavailableError):
    """A write was sent and its answer is not known: it may have happened."""


class Table(Protocol):
    """One table."""

    async def find(self, partition: str, key: str) -> Row | None:
        """The row, or None.

        Raises:
            TableUnavailableError: the table did not answer.
        """
        ...

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        """Carry out all of it or nothing; the new ETag of each row written whose outcome is known.

        Raises:
            RowConflictError: a condition did not hold; nothing was written.
            TableUnavailableError: the table did not answer; see `OutcomeUnknownError`.
        """
        ...

    async def page(
        self,
        partition: str,
        *,
        start: str = "",
        end: str = _BEYOND,
        limit: int = PAGE,
        continuation: str | None = None,
    ) -> Page:
        """At most `limit` rows of the partition with start <= key < end, in key order.

        Raises:
            TableUnavailableError: the table did not answer.
        """
        ...


async def get_row(table: Table, partition: str, key: str) -> Row:
    """The row.

    Raises:
        RowMissingError: there is none.
        TableUnavailableError: the table did not answer.
    """
    row = await table.find(partition, key)
    if row is None:
        raise RowMissingError(key)
    return row


async def rows_between(table: Table, partition: str, start: str, end: str = _BEYOND) -> AsyncIterator[Row]:
    """All rows with start <= key < end, page by page."""
    continuation: str | None = None
    while True:
        page = await table.page(partition, start=start, end=end, continuation=continuation)
        for row in page.rows:
            yield row
        continuation = page.continuation
        if continuation is None:
            return


def rows_with_prefix(table: Table, partition: str, prefix: str, start: str = "") -> AsyncIterator[Row]:
    """All rows whose key starts with `prefix`, from the one on that goes on with `start`."""
    return rows_between(table, partition, prefix + start, prefix + _BEYOND)
