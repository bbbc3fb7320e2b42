"""What of a queue service is an outage, and what is our mistake."""

import base64
from collections.abc import AsyncIterator, Callable

import pytest

from localcloud.azurite import StorageAddress
from localcloud.azurite.process import KEY
from muneris.cloud.queues import PoisonQueues, QueuesUnavailableError
from muneris.cloud.queues.azure import AzureQueues
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.wire.account import storage_account
from muneris.cloud.wire.refusal import RequestRefusedError

ONCE = RetryPolicy(attempts=1)


@pytest.fixture
async def nowhere(ports: Callable[[int], list[int]]) -> AsyncIterator[AzureQueues]:
    queues = AzureQueues(storage_account(StorageAddress(*ports(3)).connection_string), ONCE)
    yield queues
    await queues.close()


@pytest.fixture
async def with_wrong_key(azurite: StorageAddress) -> AsyncIterator[AzureQueues]:
    wrong = azurite.connection_string.replace(KEY, base64.b64encode(b"another").decode())
    queues = AzureQueues(storage_account(wrong), ONCE)
    yield queues
    await queues.close()


async def test_a_service_out_of_reach_is_an_outage(nowhere: AzureQueues) -> None:
    with pytest.raises(QueuesUnavailableError):
        await nowhere.answer()
    with pytest.raises(QueuesUnavailableError):
        await PoisonQueues(nowhere).lengths()
    with pytest.raises(QueuesUnavailableError):
        await nowhere.put("orders-post", "a")


async def test_a_wrong_key_is_our_mistake_and_is_not_quoted(with_wrong_key: AzureQueues) -> None:
    with pytest.raises(QueuesUnavailableError):
        await with_wrong_key.answer()
    with pytest.raises(RequestRefusedError) as refusal:
        await with_wrong_key.names()
    assert str(refusal.value) == "403 AuthenticationFailed"


async def test_a_queue_that_is_not_there_is_our_mistake(
    azurite: StorageAddress, unique: Callable[[str], str]
) -> None:
    queues = AzureQueues(storage_account(azurite.connection_string), ONCE)
    with pytest.raises(RequestRefusedError) as refusal:
        await queues.peek(unique("absent"))
    await queues.close()
    assert str(refusal.value) == "404 QueueNotFound"
