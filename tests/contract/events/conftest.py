from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest
from azure.storage.queue.aio import QueueClient
from tests.contract.events.wiring import EVENT_TYPE, KEY, Wiring, azure_publisher, receive_events
from tests.serving import running
from tests.tables import open_requests

from localcloud.azurite import StorageAddress
from localcloud.event_grid import EventGridConfig, serve
from localcloud.resources import Resources, Subscription, Topic, provision
from muneris.cloud.events import Event
from muneris.cloud.events.memory import MemoryPublisher
from muneris.cloud.wire.requests import Requests


@pytest.fixture
async def event_grid(
    azurite: StorageAddress,
    ports: Callable[[int], list[int]],
    unique: Callable[[str], str],
    tmp_path: Path,
) -> AsyncIterator[EventGridConfig]:
    """The local Event Grid with one topic; its one subscription delivers to a queue of its name."""
    name = unique("events")
    declared = Resources.model_construct(tables=(), queues=(name,), containers=(name,), topics=())
    await provision(declared, azurite.connection_string)
    subscription = Subscription(
        name=name, queue_name=name, included_event_types=(EVENT_TYPE,), dead_letter_container=name
    )
    config = EventGridConfig(
        port=ports(1)[0],
        key=KEY,
        connection_string=azurite.connection_string,
        topics=(Topic(name="muneris", subscriptions=(subscription,)),),
        journal=tmp_path / "journal",
        retry_scale=0.001,
    )
    async with running(serve(config), config.port):
        yield config


@pytest.fixture
async def queue(event_grid: EventGridConfig) -> AsyncIterator[QueueClient]:
    """Where the local Event Grid delivers."""
    name = event_grid.topics[0].subscriptions[0].queue_name
    async with QueueClient.from_connection_string(event_grid.connection_string, name) as queue:
        yield queue


@pytest.fixture
async def requests() -> AsyncIterator[Requests]:
    async with open_requests() as requests:
        yield requests


@pytest.fixture(params=["memory", "azure"])
async def implementation(
    request: pytest.FixtureRequest, event_grid: EventGridConfig, queue: QueueClient, requests: Requests
) -> AsyncIterator[Wiring]:
    """A publisher of each implementation."""
    if request.param == "memory":
        memory = MemoryPublisher()

        async def arrived(_count: int) -> list[Event]:
            return memory.published

        yield Wiring(memory, arrived)
        return
    yield Wiring(azure_publisher(event_grid.port, requests), partial(receive_events, queue))
