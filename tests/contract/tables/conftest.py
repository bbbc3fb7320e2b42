from collections.abc import AsyncIterator, Callable

import pytest
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableServiceClient

from localcloud.azurite import StorageAddress
from muneris.cloud.tables import Table
from muneris.cloud.tables.azure import AzureTable
from muneris.cloud.tables.memory import MemoryTable


@pytest.fixture(params=["memory", "azurite"])
async def table(
    request: pytest.FixtureRequest, azurite: StorageAddress, unique: Callable[[str], str]
) -> AsyncIterator[Table]:
    """An empty table of each implementation: every test of this folder runs on both."""
    if request.param == "memory":
        yield MemoryTable()
        return
    transport = AioHttpTransport(use_env_settings=False)
    async with TableServiceClient.from_connection_string(
        azurite.connection_string, transport=transport, retry_total=0
    ) as service:
        client = await service.create_table(unique("Table"))
        yield AzureTable(client)
