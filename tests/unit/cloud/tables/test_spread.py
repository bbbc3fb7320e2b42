"""A table over several accounts: each partition is read and written where it lies, and nowhere else."""

from collections.abc import Awaitable, Callable

import pytest
from tests.faults import FaultyTable

from muneris.cloud.tables import ANY, Table, TableUnavailableError, Transaction, rows_with_prefix
from muneris.cloud.tables.spread import SpreadTable

LIES_IN = {"p": "main", "q": "b", "r": "removed"}

type Use = Callable[[Table, str], Awaitable[object]]


async def account_of(partition: str) -> str:
    return LIES_IN[partition]


@pytest.fixture
def accounts() -> dict[str, FaultyTable]:
    return {"main": FaultyTable(), "b": FaultyTable()}


@pytest.fixture
def table(accounts: dict[str, FaultyTable]) -> SpreadTable:
    return SpreadTable(accounts, account_of)


async def _find(table: Table, partition: str) -> object:
    return await table.find(partition, "row")


async def _insert(table: Table, partition: str) -> object:
    return await table.transact(Transaction(partition).insert("new", {}))


async def _delete(table: Table, partition: str) -> object:
    return await table.transact(Transaction(partition).delete("row", etag=ANY))


async def _page(table: Table, partition: str) -> object:
    return await table.page(partition)


every_use = pytest.mark.parametrize("use", [_find, _insert, _delete, _page])


async def keys(accounts: dict[str, FaultyTable]) -> dict[str, list[str]]:
    return {name: [key for p in LIES_IN for key in await each.keys(p)] for name, each in accounts.items()}


async def test_a_partition_is_in_its_account_alone(
    table: SpreadTable, accounts: dict[str, FaultyTable]
) -> None:
    await table.transact(Transaction("p").insert("row|p", {"A": 1}))
    etags = await table.transact(Transaction("q").insert("row|q", {"A": 2}).insert("other", {}))
    assert await keys(accounts) == {"main": ["row|p"], "b": ["other", "row|q"]}
    row = await table.find("q", "row|q")
    assert row is not None
    assert (row.number("A"), row.etag) == (2, etags["row|q"])
    assert [row.key async for row in rows_with_prefix(table, "q", "row|")] == ["row|q"]
    await table.transact(Transaction("q").delete("row|q", etag=row.etag))
    assert await keys(accounts) == {"main": ["row|p"], "b": ["other"]}


@every_use
async def test_an_account_that_is_not_configured_is_named_and_nothing_is_done_elsewhere(
    use: Use, table: SpreadTable, accounts: dict[str, FaultyTable]
) -> None:
    for each in accounts.values():
        await each.table.transact(Transaction("r").insert("row", {}))
    with pytest.raises(TableUnavailableError) as unavailable:
        await use(table, "r")
    assert str(unavailable.value) == (
        "r lies in storage account 'removed': MUNERIS_STORAGE_ACCOUNTS does not name it"
    )
    assert await keys(accounts) == {"main": ["row"], "b": ["row"]}
    assert [each.faults.calls for each in accounts.values()] == [0, 0]


@every_use
async def test_an_account_that_is_down_is_not_the_others_trouble(
    use: Use, table: SpreadTable, accounts: dict[str, FaultyTable]
) -> None:
    for each in accounts.values():
        await each.table.transact(Transaction("p").insert("row", {}))
    accounts["b"].faults.down()
    with pytest.raises(TableUnavailableError):
        await use(table, "q")
    await use(table, "p")
    assert accounts["main"].faults.calls == 1


@every_use
async def test_while_nobody_knows_the_account_nothing_is_done(
    use: Use, accounts: dict[str, FaultyTable]
) -> None:
    async def unknown(partition: str) -> str:
        raise TableUnavailableError(f"the directory is down: {partition}")

    with pytest.raises(TableUnavailableError, match="the directory is down: p"):
        await use(SpreadTable(accounts, unknown), "p")
    assert [each.faults.calls for each in accounts.values()] == [0, 0]
