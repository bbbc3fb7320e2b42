"""Group commit: transactions of one partition that wait for each other go together."""

import asyncio
from collections.abc import Mapping, Sequence

from muneris.cloud.tables.conditions import find_conflict
from muneris.cloud.tables.retried import RetriedTable, Tries
from muneris.cloud.tables.rows import Page, Row
from muneris.cloud.tables.table import PAGE, RowConflictError
from muneris.cloud.tables.transaction import Transaction, combined
from muneris.core.groups import Groups
from muneris.core.operational import OperationalError

type _Outcome = Mapping[str, str] | BaseException
"""The ETags of a member's own rows, or what it raises."""
type _Outcomes = dict[Transaction, _Outcome]


class GroupedTable:
    """A table whose transactions share entity-group transactions.

    What arrives while a transaction of its partition is under way shares the next one, in the order of
    arrival and as far as it fits (`Transaction.fits_with`). Each member is told of its own rows, and refused
    only for its own. One under way for longer than `patience_seconds` holds up nobody.

    A caller that is cancelled may still see its transaction carried out.
    """

    def __init__(self, table: RetriedTable, *, patience_seconds: float = 0.1) -> None:
        self._table = table
        self._groups = Groups[str, Transaction, Mapping[str, str]](
            self._carry_out, _fits, patience_seconds=patience_seconds
        )

    async def find(self, partition: str, key: str) -> Row | None:
        """The row, or None."""
        return await self._table.find(partition, key)

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
        return await self._table.page(partition, start=start, end=end, limit=limit, continuation=continuation)

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        """Carry out all of it or nothing, perhaps together with others."""
        return await self._groups.join(transaction.partition, self._table.marked(transaction))

    async def _carry_out(self, _partition: str, members: Sequence[Transaction]) -> list[_Outcome]:
        """Each member's outcome. Every round ends at least one member; who is left shares the next."""
        outcomes: _Outcomes = {}
        tries = Tries()
        left = list(members)
        while left:
            outcomes |= await self._together(left, tries)
            left = [each for each in left if each not in outcomes]
        return [outcomes[each] for each in members]

    async def _together(self, members: Sequence[Transaction], tries: Tries) -> _Outcomes:
        """The outcomes of those members that one transaction of them all, or its refusal, ended."""
        try:
            etags = await self._table.transact_marked(combined(members), tries)
        except RowConflictError as conflict:
            ended = await self._refused(members, conflict, tries)
            return ended or await self._apart(members, tries)
        except OperationalError as error:
            return dict.fromkeys(members, error)
        except Exception as error:  # noqa: BLE001 - a bug in one member is not the others'
            return {members[0]: error} if len(members) == 1 else await self._apart(members, tries)
        return {each: {key: etags[key] for key in each.keys if key in etags} for each in members}

    async def _apart(self, members: Sequence[Transaction], tries: Tries) -> _Outcomes:
        """Each in a transaction of its own: nothing says whose fault it was."""
        ended = await asyncio.gather(*(self._together([each], tries) for each in members))
        return {each: outcome for outcomes in ended for each, outcome in outcomes.items()}

    async def _refused(
        self, members: Sequence[Transaction], conflict: RowConflictError, tries: Tries
    ) -> _Outcomes:
        """The members that this conflict, or what their first rows have become, keeps from succeeding."""
        if len(members) == 1:
            return {members[0]: conflict}
        # No row bears the mark of a delete: after a lost answer it is settled by its own rows being gone.
        unmarked = [each for each in members if tries.answer_lost and each.only_deletes]
        marked = [each for each in members if each not in unmarked]
        found = await asyncio.gather(*(self._find_conflict(each, conflict) for each in marked))
        refused: _Outcomes = {
            each: error for each, error in zip(marked, found, strict=True) if error is not None
        }
        return refused | await self._apart(unmarked, tries)

    async def _find_conflict(
        self, member: Transaction, conflict: RowConflictError
    ) -> RowConflictError | None:
        """The conflict, if it is about the member's rows; else what its first row says by now."""
        if conflict.key in member.keys:
            return conflict
        first = next((each for each in member if each.is_conditional), None)
        if first is None:
            return None
        try:
            stored = await self._table.find(member.partition, first.key)
        except OperationalError:
            return None  # not known to be refused: the next round will tell
        return find_conflict(first, stored)


def _fits(taken: Sequence[Transaction], member: Transaction) -> bool:
    return member.fits_with(taken)
