"""Retries that know whether a write of theirs has happened."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

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
from muneris.cloud.tables.transaction import MARK, Transaction
from muneris.cloud.wire.refusal import RequestRefusedError
from muneris.core.operational import OperationalError


@dataclass
class Tries:
    """What is known of the tries of one transaction: whether one of them may have happened unheard."""

    answer_lost: bool = False


class RetriedTable:
    """A table whose operations are tried again under one policy.

    A write whose answer was lost may have happened: its repeat then meets its own effect (409 on insert,
    412 or 404 on a change). So every written row carries its transaction's mark, and such a conflict is
    settled by reading back: our mark means that it was ours. `new_mark` makes marks of `MARK_LENGTH`.
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

        Raises:
            RowConflictError: somebody else's write is in the way; nothing was written.
            OutcomeUnknownError: it may have happened; trying again ended without an answer.
            OperationalError: nothing was written.
        """
        return await self.transact_marked(self.marked(transaction), Tries())

    def marked(self, transaction: Transaction) -> Transaction:
        """The transaction with a new mark on each row."""
        return transaction.marked(self._new_mark())

    async def transact_marked(self, marked: Transaction, tries: Tries) -> Mapping[str, str]:
        """As `transact`, for rows that carry their marks already: one each, or some the same.

        `tries` are the earlier ones of transactions that had all these rows and marks, and perhaps more.
        """

        async def attempt() -> Mapping[str, str]:
            try:
                return await self._table.transact(marked)
            except RowConflictError as conflict:
                if not tries.answer_lost:
                    raise
                return await self._settle(marked, conflict)
            except BaseException as error:
                # Whatever ends an attempt without an answer (a time-out cancels it) leaves it open.
                tries.answer_lost = tries.answer_lost or not _surely_not_done(error)
                raise

        try:
            return await self._policy.run(attempt)
        except (OperationalError, RequestRefusedError) as error:
            if tries.answer_lost:
                raise OutcomeUnknownError(str(error)) from error
            raise

    async def _settle(self, marked: Transaction, conflict: RowConflictError) -> Mapping[str, str]:
        if marked.only_deletes:
            if isinstance(conflict, RowMissingError) and not await self._find_all(marked, marked.keys):
                return {}
            raise conflict
        marks = {each.key: each.values[MARK] for each in marked if each.kind != "delete"}
        rows = await self._find_all(marked, marks)
        ours = {row.key: row.etag for row in rows if row.values.get(MARK) == marks[row.key]}
        if not ours:
            raise conflict
        return ours

    async def _find_all(self, marked: Transaction, keys: Iterable[str]) -> Sequence[Row]:
        found = await asyncio.gather(*(self.find(marked.partition, key) for key in keys))
        return [row for row in found if row is not None]


def _surely_not_done(error: BaseException) -> bool:
    if isinstance(error, OutcomeUnknownError):
        return False
    return isinstance(error, TableUnavailableError | RequestRefusedError)
