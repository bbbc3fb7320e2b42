"""Retries that know whether a write of theirs has happened."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables.rows import Page, Row
from muneris.cloud.tables.table import (
    PAGE,
    OutcomeUnknownError,
    RowConflictError,
    RowMissingError,
    Table,
    TableUnavailableError,
)
from muneris.cloud.tables.transaction import Transaction

MARK = "Tx"
"""The value that says which transaction wrote a row last."""


class RetriedTable:
    """A table whose operations are tried again under one policy.

    A write whose answer was lost may have happened: its repeat then meets its own effect (409 on insert,
    412 or 404 on a change). So every written row carries its transaction's mark, and such a conflict is
    settled by reading back: our mark means that it was ours.
    """

    def __init__(self, table: Table, policy: RetryPolicy, new_mark: Callable[[], str]) -> None:
        self._table = table
        self._policy = policy
        self._new_mark = new_mark

    async def find(self, partition: str, key: str) -> Row | None:
        """The row, or None."""
        return await self._policy.run(lambda: self._table.find(partition, key))

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
        return await self._policy.run(
            lambda: self._table.page(partition, start=start, end=end, limit=limit, continuation=continuation)
        )

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        """Carry out all of it or nothing.

        A transaction of deletes alone that finds its rows gone after a lost answer counts as done.
        """
        mark = self._new_mark()
        marked = _marked(transaction, mark)
        answer_lost = False

        async def attempt() -> Mapping[str, str]:
            nonlocal answer_lost
            try:
                return await self._table.transact(marked)
            except RowConflictError as conflict:
                if not answer_lost:
                    raise
                return await self._settle(marked, mark, conflict)
            except BaseException as error:
                # Whatever ends an attempt without an answer (a time-out cancels it) leaves it open.
                answer_lost = answer_lost or not _surely_not_done(error)
                raise

        return await self._policy.run(attempt)

    async def _settle(
        self, transaction: Transaction, mark: str, conflict: RowConflictError
    ) -> Mapping[str, str]:
        written = [each.key for each in transaction if each.kind != "delete"]
        if not written and isinstance(conflict, RowMissingError):
            return {}
        rows = [await self._table.find(transaction.partition, key) for key in written]
        ours = {row.key: row.etag for row in rows if row is not None and row.values.get(MARK) == mark}
        if not ours:
            raise conflict
        return ours


def _marked(transaction: Transaction, mark: str) -> Transaction:
    marked = Transaction(transaction.partition)
    for each in transaction:
        marked.add(each if each.kind == "delete" else replace(each, values={**each.values, MARK: mark}))
    return marked


def _surely_not_done(error: BaseException) -> bool:
    return isinstance(error, TableUnavailableError) and not isinstance(error, OutcomeUnknownError)
