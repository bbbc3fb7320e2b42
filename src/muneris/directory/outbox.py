"""Homes on their way into every region's directory: the outbox of what registers codes."""

from collections.abc import Collection, Mapping

from muneris.cloud.agenda import Agenda
from muneris.cloud.tables import Row, Table, Transaction, Value
from muneris.cloud.tables.spread import MAIN
from muneris.directory.accounts import choose_account
from muneris.directory.homes import record_home
from muneris.replication.outbox import Outbox

AGENDA = "directory"


class DirectoryOutbox(Outbox):
    """Carries what the transactions of table `Config` owe the directories.

    `directories` are all regions' tables `Directory` by region, this one's included; `accounts` are the
    storage accounts that take this region's new properties.
    """

    def __init__(
        self,
        config: Table,
        agenda: Agenda,
        directories: Mapping[str, Table],
        accounts: Collection[str] = (MAIN,),
    ) -> None:
        super().__init__(AGENDA, config, agenda, directories, _record)
        self._directories = directories
        self._accounts = accounts

    def owe_home(
        self, transaction: Transaction, region: str, version: int, account: str | None = None
    ) -> Transaction:
        """Add to a transaction in the code's partition that its home is to be written everywhere.

        `account` is for the home region's own directory alone: no other has to do with it.
        """
        home: dict[str, Value] = {"Region": region, "Version": version}
        own = home if account is None else {**home, "Account": account}
        return self.owe(
            transaction, {target: own if target == region else home for target in self._directories}
        )

    def owe_property(self, transaction: Transaction, region: str, version: int) -> Transaction:
        """The same for a new property of this region, whose storage account is chosen here.

        The choice is committed with the property, before its home is known anywhere; so before anything
        of it can be written.
        """
        account = choose_account(transaction.partition, self._accounts)
        return self.owe_home(transaction, region, version, account)


async def _record(directory: Table, owed: Row) -> None:
    await record_home(
        directory,
        owed.partition,
        owed.text("Region"),
        owed.number("Version"),
        owed.text("Account") or None,
    )
