import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from localcloud.azurite import StorageAddress
from localcloud.event_grid.cloud_event import CloudEvent
from localcloud.event_grid.dead_letter import DeadLetters
from localcloud.event_grid.delivery import Delivery, Outcome
from localcloud.event_grid.storage_queues import StorageQueues
from localcloud.layout import LOOPBACK

NOW = datetime(2030, 5, 4, 10, 30, tzinfo=UTC)


@pytest.fixture
def silent() -> Iterator[StorageAddress]:
    """A storage account that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        port = listener.getsockname()[1]
        yield StorageAddress(port, port, port)


async def put(storage: StorageAddress) -> Outcome:
    async with StorageQueues(storage.connection_string, timeout_seconds=0.1) as queues:
        return await queues.put("inbox", b"{}")


async def test_a_queue_service_that_is_not_there(ports: Callable[[int], list[int]]) -> None:
    assert await put(StorageAddress(*ports(3))) is Outcome.SOCKET_ERROR


async def test_a_queue_service_that_does_not_answer(silent: StorageAddress) -> None:
    assert await put(silent) is Outcome.TIMED_OUT


async def test_a_container_that_does_not_answer(silent: StorageAddress) -> None:
    event = CloudEvent(specversion="1.0", id="1", source="/orders", type="a.b")
    delivery = Delivery(
        id="1", topic="t", subscription="s", event=event, publish_time=NOW, next_attempt_at=NOW
    )
    async with DeadLetters(silent.connection_string, timeout_seconds=0.1) as dead_letters:
        assert not await dead_letters.write("dead-letter", delivery, NOW)
