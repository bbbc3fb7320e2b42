from collections.abc import AsyncIterator, Callable

import pytest
from azure.core.pipeline.transport import AioHttpTransport
from azure.storage.queue.aio import QueueServiceClient
from tests.contract.queues.names import Names

from localcloud.azurite import StorageAddress
from muneris.cloud.queues import PoisonQueues, Queues
from muneris.cloud.queues.azure import AzureQueues
from muneris.cloud.queues.memory import MemoryQueues
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.wire.account import storage_account
from muneris.core.clock import SystemClock


@pytest.fixture
def names(unique: Callable[[str], str]) -> Names:
    return Names(unique("inbox"), unique("plain"))


@pytest.fixture(params=["memory", "azurite"])
async def queues(
    request: pytest.FixtureRequest, azurite: StorageAddress, names: Names
) -> AsyncIterator[Queues]:
    """Two empty queues, and the poison of one, in each implementation."""
    if request.param == "memory":
        yield MemoryQueues(SystemClock(), *names)
        return
    async with QueueServiceClient.from_connection_string(
        azurite.connection_string, transport=AioHttpTransport(use_env_settings=False)
    ) as service:
        for name in names:
            await service.create_queue(name)
    queues = AzureQueues(storage_account(azurite.connection_string), RetryPolicy())
    yield queues
    await queues.close()


@pytest.fixture
def poison(queues: Queues) -> PoisonQueues:
    return PoisonQueues(queues)
