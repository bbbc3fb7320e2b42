from collections.abc import AsyncIterator, Callable

import pytest
from tests.tables import create_table, open_requests
from tests.ticks import Ticks

from localcloud.azurite import StorageAddress
from muneris.cloud.tables import Table
from muneris.cloud.tables.memory import MemoryTable
from muneris.orders.changes import Changes
from muneris.orders.store import OrderStore


@pytest.fixture(params=["memory", "azurite"])
async def table(
    request: pytest.FixtureRequest, azurite: StorageAddress, unique: Callable[[str], str]
) -> AsyncIterator[Table]:
    """An empty table of each kind there is: every test of this folder runs on both."""
    if request.param == "memory":
        yield MemoryTable()
        return
    async with open_requests() as requests:
        yield await create_table(azurite, unique("Orders"), requests)


@pytest.fixture
def ticks() -> Ticks:
    """When the process of `store` looks for what others changed."""
    return Ticks()


@pytest.fixture
def changes(table: Table, ticks: Ticks) -> Changes:
    return Changes(table, sleep=ticks.sleep)


@pytest.fixture
def store(table: Table, changes: Changes) -> OrderStore:
    """An empty store."""
    return OrderStore(table, changes)
