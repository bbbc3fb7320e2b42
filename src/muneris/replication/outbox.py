"""What transactions owe to the regions' tables: durable, repeatable, each region on its own."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from muneris.cloud.agenda import Agenda
from muneris.cloud.tables import Row, RowConflictError, Table, Transaction, Values, rows_with_prefix
from muneris.core.operational import OperationalError

_log = logging.getLogger(__name__)

_FAST_PATH_SECONDS = 3.0

type Carry = Callable[[Table, Row], Awaitable[None]]
"""Brings one region's table up to date with an owed row: a conditional write that may be repeated."""


class Outbox:
    """Carries what the transactions of one table owe to a table of each region.

    `targets` are those tables by region; `purpose` tells these debts from others in the same partitions. The
    order of use: `announce`, a transaction with `owe` in it, `push`; a timer calls `sweep` for what is left.
    """

    def __init__(
        self, purpose: str, source: Table, agenda: Agenda, targets: Mapping[str, Table], carry: Carry
    ) -> None:
        self._prefix = f"work|{purpose}|"
        self._source = source
        self._agenda = agenda
        self._targets = targets
        self._carry = carry

    async def announce(self, partition: str) -> None:
        """Have the sweep look at a partition: to be done before the transaction that owes."""
        await self._agenda.touch(partition)

    def owe(self, transaction: Transaction, values: Mapping[str, Values]) -> Transaction:
        """Add to a transaction what is owed to each region from now on; a debt of before is replaced."""
        for region, each in values.items():
            transaction.upsert(self._prefix + region, each)
        return transaction

    def owe_to_all(self, transaction: Transaction) -> Transaction:
        """The same where a row of the queue needs to say no more than that it is there."""
        return self.owe(transaction, {region: {} for region in self._targets})

    async def push(self, partition: str) -> None:
        """Carry over what a partition owes, right after its commit; a slow region is left to the sweep."""
        owed = await self._owed(partition)
        try:
            async with asyncio.timeout(_FAST_PATH_SECONDS):
                await self._carry_all(owed)
        except TimeoutError:
            _log.warning("%s: some region is late with %s", self._prefix, partition)

    async def sweep(self) -> None:
        """Carry over everything owed; entries that owe nothing any more leave the agenda."""
        entries = await self._agenda.entries()
        owed = {entry.key: await self._owed(entry.key) for entry in entries}
        await self._carry_all(row for rows in owed.values() for row in rows)
        for entry in entries:
            if not owed[entry.key]:
                await self._agenda.drop_settled(entry)

    async def _owed(self, partition: str) -> list[Row]:
        return [row async for row in rows_with_prefix(self._source, partition, self._prefix)]

    async def _carry_all(self, owed: Iterable[Row]) -> None:
        by_region: defaultdict[str, list[Row]] = defaultdict(list)
        for row in owed:
            by_region[row.key.removeprefix(self._prefix)].append(row)
        async with asyncio.TaskGroup() as regions:
            for region, rows in by_region.items():
                regions.create_task(self._carry_to(region, rows))

    async def _carry_to(self, region: str, rows: Sequence[Row]) -> None:
        """Bring one region up to date, row by row; at its first silence the rest waits for the next sweep."""
        target = self._targets.get(region)
        if target is None:
            _log.error("region %s is owed %s and is not among the peers: configure it", region, self._prefix)
            return
        for row in rows:
            try:
                await self._carry(target, row)
                await self._settle(row)
            except OperationalError as error:
                _log.warning("%s: region %s is behind: %s", self._prefix, region, error)
                return
            except Exception:  # noqa: BLE001 - a row that is damaged or refused: the others are carried over
                _log.exception("%s: %s cannot be carried to %s", self._prefix, row.partition, region)

    async def _settle(self, row: Row) -> None:
        try:
            await self._source.transact(Transaction(row.partition).delete(row.key, etag=row.etag))
        except RowConflictError:
            return  # owed anew, or settled by another sweep
