"""A table that lies in several storage accounts: each partition in one of them."""

from collections.abc import Awaitable, Callable, Mapping

from muneris.cloud.tables.rows import Page, Row
from muneris.cloud.tables.table import PAGE, Table, TableUnavailableError
from muneris.cloud.tables.transaction import Transaction

MAIN = "main"
"""The name of the region's own storage account (`MUNERIS_STORAGE`); further ones have names of their own."""

type AccountOf = Callable[[str], Awaitable[str]]
"""The name of the account that holds a partition."""


class SpreadTable:
    """One table over the accounts that have it, `tables` by their names.

    Every operation may raise `TableUnavailableError` for a partition whose account is not among them: what
    lies there is never looked for, nor written, elsewhere.
    """

    def __init__(self, tables: Mapping[str, Table], account_of: AccountOf) -> None:
        self._tables = tables
        self._account_of = account_of

    async def find(self, partition: str, key: str) -> Row | None:
        """The row, or None."""
        table = await self._table_of(partition)
        return await table.find(partition, key)

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        """Carry out all of it or nothing."""
        table = await self._table_of(transaction.partition)
        return await table.transact(transaction)

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
        table = await self._table_of(partition)
        return await table.page(partition, start=start, end=end, limit=limit, continuation=continuation)

    async def _table_of(self, partition: str) -> Table:
        account = await self._account_of(partition)
        table = self._tables.get(account)
        if table is None:
            raise TableUnavailableError(
                f"{partition} lies in storage account {account!r}: MUNERIS_STORAGE_ACCOUNTS does not name it"
            )
        return table
