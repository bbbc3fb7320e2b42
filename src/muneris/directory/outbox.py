"""Homes on their way into every region's directory: durable, repeatable, each peer on its own."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from muneris.cloud.agenda import Agenda
from muneris.cloud.tables import Row, RowConflictError, Table, Transaction, Value, rows_with_prefix
from muneris.cloud.tables.spread import MAIN
from muneris.core.operational import OperationalError
from muneris.directory.accounts import choose_account
from muneris.directory.homes import record_home

_log = logging.getLogger(__name__)

AGENDA = "directory"
_PREFIX = "work|directory|"
_FAST_PATH_SECONDS = 3.0


class DirectoryOutbox:
    """Carries what the transactions of table `Config` owe the directories.

    `directories` are all regions' tables `Directory` by region, this one's included; `accounts` are the
    storage accounts that take this region's new properties. The order of use: `announce`, a transaction with
    `owe` or `owe_property` in it, `push`; a timer calls `sweep` for what is left.
    """

    def __init__(
        self,
        config: Table,
        agenda: Agenda,
        directories: Mapping[str, Table],
        accounts: Collection[str] = (MAIN,),
    ) -> None:
        self._config = config
        self._agenda = agenda
        self._directories = directories
        self._accounts = accounts

    async def announce(self, code: str) -> None:
        """Have the sweep look at a code: to be done before the transaction that owes."""
        await self._agenda.touch(code)

    def owe(
        self, transaction: Transaction, region: str, version: int, account: str | None = None
    ) -> Transaction:
        """Add to a transaction in the code's partition that its home is to be written everywhere.

        `account` is for the home region's own directory alone: no other has to do with it.
        """
        for target in self._directories:
            home: dict[str, Value] = {"Region": region, "Version": version}
            if target == region and account is not None:
                home["Account"] = account
            transaction.upsert(_PREFIX + target, home)
        return transaction

    def owe_property(self, transaction: Transaction, region: str, version: int) -> Transaction:
        """The same for a new property of this region, whose storage account is chosen here.

        The choice is committed with the property, before its home is known anywhere; so before anything
        of it can be written.
        """
        return self.owe(transaction, region, version, choose_account(transaction.partition, self._accounts))

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
                await record_home(
                    directory,
                    row.partition,
                    row.text("Region"),
                    row.number("Version"),
                    row.text("Account") or None,
                )
                await self._settle(row)
        except OperationalError as error:
            _log.warning("the directory of %s is behind: %s", target, error)

    async def _settle(self, row: Row) -> None:
        try:
            await self._config.transact(Transaction(row.partition).delete(row.key, etag=row.etag))
        except RowConflictError:
            return  # owed anew with a higher version, or settled by another sweep
