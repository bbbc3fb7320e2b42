from collections.abc import AsyncIterator, Callable

import pytest
from azure.storage.blob.aio import ContainerClient
from tests.tables import open_requests

from localcloud.azurite import StorageAddress
from muneris.cloud.documents import Documents
from muneris.cloud.documents.azure import AzureDocuments
from muneris.cloud.documents.memory import MemoryDocuments
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.wire.account import storage_account


@pytest.fixture(params=["memory", "azurite"])
async def documents(
    request: pytest.FixtureRequest, azurite: StorageAddress, unique: Callable[[str], str]
) -> AsyncIterator[Documents]:
    """An empty store of each implementation: every test of this folder runs on both."""
    if request.param == "memory":
        yield MemoryDocuments()
        return
    container, account = unique("documents"), storage_account(azurite.connection_string)
    async with ContainerClient(account.blob, container, account.credential) as client:
        await client.create_container()
    async with open_requests() as requests:
        documents = AzureDocuments(account, container, requests, reads=RetryPolicy(), writes=RetryPolicy())
        yield documents
        await documents.close()
