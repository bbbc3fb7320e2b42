import json
from collections.abc import Callable

import pytest
from azure.storage.queue.aio import QueueClient
from tests.contract.events.wiring import EVENT_TYPE, azure_publisher, event_grid_client, receive_messages

from localcloud.event_grid import EventGridConfig
from muneris.cloud.events import Event, EventsUnavailableError

EVENT = Event(EVENT_TYPE, "NOR-CPH01/1", "1-1", {"a": 1})


async def test_an_event_is_a_cloud_event_of_its_publisher(
    event_grid: EventGridConfig, queue: QueueClient
) -> None:
    async with event_grid_client(event_grid.port) as client:
        await azure_publisher(client).publish([EVENT])
    (message,) = await receive_messages(queue, 1)
    envelope = json.loads(message)
    assert envelope.pop("time")
    assert envelope == {
        "specversion": "1.0",
        "source": "/muneris/api1/orders",
        "type": EVENT_TYPE,
        "subject": "NOR-CPH01/1",
        "id": "1-1",
        "data": {"a": 1},
    }


async def test_an_event_grid_that_is_down_is_an_operational_fault(ports: Callable[[int], list[int]]) -> None:
    async with event_grid_client(ports(1)[0]) as client:
        with pytest.raises(EventsUnavailableError):
            await azure_publisher(client).publish([EVENT])


async def test_an_event_grid_that_refuses_is_an_operational_fault(event_grid: EventGridConfig) -> None:
    async with event_grid_client(event_grid.port, key="guessed") as client:
        with pytest.raises(EventsUnavailableError):
            await azure_publisher(client).publish([EVENT])
