from collections.abc import AsyncIterator, Callable

import pytest
from azure.core.pipeline.transport import AioHttpTransport
from azure.storage.blob.aio import BlobServiceClient

from localcloud.azurite import StorageAddress
from muneris.cloud.documents import Documents
from muneris.cloud.documents.azure import AzureDocuments
from muneris.cloud.documents.memory import MemoryDocuments
from muneris.cloud.retry import RetryPolicy


@pytest.fixture(params=["memory", "azurite"])
async def documents(
    request: pytest.FixtureRequest, azurite: StorageAddress, unique: Callable[[str], str]
) -> AsyncIterator[Documents]:
    """An empty store of each implementation: every test of this folder runs on both."""
    if request.param == "memory":
        yield MemoryDocuments()
        return
    transport = AioHttpTransport(use_env_settings=False)
    async with BlobServiceClient.from_connection_string(
        azurite.connection_string, transport=transport, retry_total=0
    ) as service:
        container = await service.create_container(unique("documents"))
        yield AzureDocuments(container, reads=RetryPolicy(), writes=RetryPolicy())
