from collections.abc import AsyncIterator, Callable

import pytest
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableServiceClient

from localcloud.azurite import StorageAddress
from muneris.cloud.tables.azure import AzureTable
from muneris.cloud.tables.memory import MemoryTable
from muneris.orders.changes import Changes
from muneris.orders.store import OrderStore


@pytest.fixture(params=["memory", "azurite"])
async def store(
    request: pytest.FixtureRequest, azurite: StorageAddress, unique: Callable[[str], str]
) -> AsyncIterator[OrderStore]:
    """An empty store on each table there is: every test of this folder runs on both."""
    if request.param == "memory":
        yield OrderStore(MemoryTable(), Changes())
        return
    transport = AioHttpTransport(use_env_settings=False)
    async with TableServiceClient.from_connection_string(
        azurite.connection_string, transport=transport, retry_total=0
    ) as service:
        yield OrderStore(AzureTable(await service.create_table(unique("Orders"))), Changes())
