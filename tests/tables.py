"""Tables in the storage emulator, as the product reaches them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableServiceClient

from localcloud.azurite import StorageAddress
from muneris.cloud.tables.azure import AzureTable
from muneris.cloud.wire.account import storage_account
from muneris.cloud.wire.requests import Requests


@asynccontextmanager
async def open_requests() -> AsyncIterator[Requests]:
    """Requests whose connections are closed afterwards."""
    requests = Requests()
    try:
        yield requests
    finally:
        await requests.close()


async def create_table(storage: StorageAddress, name: str, requests: Requests) -> AzureTable:
    """A new table, empty."""
    async with TableServiceClient.from_connection_string(
        storage.connection_string, transport=AioHttpTransport(use_env_settings=False)
    ) as service:
        await service.create_table(name)
    return AzureTable(storage_account(storage.connection_string), name, requests)
