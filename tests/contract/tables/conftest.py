from collections.abc import AsyncIterator, Callable

import pytest
from tests.tables import create_table, open_requests

from localcloud.azurite import StorageAddress
from muneris.cloud.tables import Table
from muneris.cloud.tables.memory import MemoryTable
from muneris.cloud.tables.spread import SpreadTable


@pytest.fixture(params=["memory", "azurite", "spread over memory", "spread over azurite"])
async def implementation(
    request: pytest.FixtureRequest,
    azurite: StorageAddress,
    further_account: StorageAddress,
    unique: Callable[[str], str],
) -> AsyncIterator[Table]:
    """An empty table of each implementation."""
    if request.param == "memory":
        yield MemoryTable()
        return
    if request.param == "spread over memory":
        yield SpreadTable({"main": MemoryTable(), "further": MemoryTable()}, account_of)
        return
    async with open_requests() as requests:
        name = unique("Table")
        main = await create_table(azurite, name, requests)
        if request.param == "azurite":
            yield main
            return
        yield SpreadTable(
            {"main": main, "further": await create_table(further_account, name, requests)}, account_of
        )


async def account_of(partition: str) -> str:
    """Of the tests' two partitions one lies in each account."""
    return "further" if partition == "p" else "main"


@pytest.fixture
def table(implementation: Table) -> Table:
    """Every test of this folder runs on each."""
    return implementation
