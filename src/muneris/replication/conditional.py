"""Writes that depend on what is stored: repeated until nobody wrote in between."""

from collections.abc import Callable

from muneris.cloud.tables import (
    Row,
    RowChangedError,
    RowExistsError,
    RowMissingError,
    Table,
    Transaction,
    Values,
)

type Decide = Callable[[Row | None], Values | None]
"""What to put over a stored row, or in the place of none; None: leave it as it is."""


async def write_if(table: Table, partition: str, key: str, decide: Decide) -> bool:
    """Write what is decided on the newest version of a row; False: nothing was to be written. Repeatable."""
    while True:
        stored = await table.find(partition, key)
        values = decide(stored)
        if values is None:
            return False
        if await try_write(table, partition, key, values, stored):
            return True


async def try_write(table: Table, partition: str, key: str, values: Values, stored: Row | None) -> bool:
    """Write over the version of a row that was read, or insert it; False: others were first."""
    transaction = Transaction(partition)
    if stored is None:
        transaction.insert(key, values)
    else:
        transaction.merge(key, values, etag=stored.etag)
    try:
        await table.transact(transaction)
    except (RowExistsError, RowChangedError, RowMissingError):
        return False
    return True
