"""Homes on their way into every region's directory: durable, repeatable, each peer on its own."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence

from muneris.cloud.agenda import Agenda
from muneris.cloud.tables import Row, RowConflictError, Table, Transaction, rows_with_prefix
from muneris.core.operational import OperationalError
from muneris.directory.homes import record_home

_log = logging.getLogger(__name__)

AGENDA = "directory"
_PREFIX = "work|directory|"
_FAST_PATH_SECONDS = 3.0


class DirectoryOutbox:
    """Carries what the transactions of table `Config` owe the directories.

    `directories` are all regions' tables `Directory` by region, this one's included. The order of use:
    `announce`, a transaction with `owe` in it, `push`; a timer calls `sweep` for what is left.
    """

    def __init__(self, config: Table, agenda: Agenda, directories: Mapping[str, Table]) -> None:
        self._config = config
        self._agenda = agenda
        self._directories = directories

    async def announce(self, code: str) -> None:
        """Have the sweep look at a code: to be done before the transaction that owes."""
        await self._agenda.touch(code)

    def owe(self, transaction: Transaction, region: str, version: int) -> Transaction:
        """Add to a transaction in the code's partition that its home is to be written everywhere."""
        for target in self._directories:
            transaction.upsert(_PREFIX + target, {"Region": region, "Version": version})
        return transaction

    async def push(self, code: str) -> None:
        """Carry over what a code owes, right after its commit; a slow region is left to the sweep."""
        owed = await self._owed(code)
        try:
            async with asyncio.timeout(_FAST_PATH_SECONDS):
                await self._carry_all(owed)
        except TimeoutError:
            _log.warning("the directory entry of %s is late in some region", code)

    async def sweep(self) -> None:
        """Carry over everything owed; entries that owe nothing any more leave the agenda."""
        entries = await self._agenda.entries()
        owed = {entry.key: await self._owed(entry.key) for entry in entries}
        await self._carry_all([row for rows in owed.values() for row in rows])
        for entry in entries:
            if not owed[entry.key]:
                await self._agenda.drop_settled(entry)

    async def _owed(self, code: str) -> list[Row]:
        return [row async for row in rows_with_prefix(self._config, code, _PREFIX)]

    async def _carry_all(self, owed: Sequence[Row]) -> None:
        by_target: defaultdict[str, list[Row]] = defaultdict(list)
        for row in owed:
            by_target[row.key.removeprefix(_PREFIX)].append(row)
        async with asyncio.TaskGroup() as targets:
            for target, rows in by_target.items():
                targets.create_task(self._carry(target, rows))

    async def _carry(self, target: str, rows: Sequence[Row]) -> None:
        """Bring one region up to date; at its first silence the rest waits for the next sweep."""
        directory = self._directories.get(target)
        if directory is None:
            _log.error("region %s is owed directory entries and is not among the peers: configure it", target)
            return
        try:
            for row in rows:
                await record_home(directory, row.partition, row.text("Region"), row.number("Version"))
                await self._settle(row)
        except OperationalError as error:
            _log.warning("the directory of %s is behind: %s", target, error)

    async def _settle(self, row: Row) -> None:
        try:
            await self._config.transact(Transaction(row.partition).delete(row.key, etag=row.etag))
        except RowConflictError:
            return  # owed anew with a higher version, or settled by another sweep
