import json
from collections.abc import Callable

import pytest
from azure.storage.queue.aio import QueueClient
from tests.contract.events.wiring import EVENT_TYPE, azure_publisher, receive_messages

from localcloud.event_grid import EventGridConfig
from muneris.cloud.events import Event, EventsUnavailableError
from muneris.cloud.wire.requests import Requests

EVENT = Event(EVENT_TYPE, "NOR-CPH01/1", "1-1", {"a": 1})


async def test_an_event_is_a_cloud_event_of_its_publisher(
    event_grid: EventGridConfig, queue: QueueClient, requests: Requests
) -> None:
    await azure_publisher(event_grid.port, requests).publish([EVENT])
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


async def test_an_event_grid_that_is_down_is_an_operational_fault(
    ports: Callable[[int], list[int]], requests: Requests
) -> None:
    with pytest.raises(EventsUnavailableError):
        await azure_publisher(ports(1)[0], requests).publish([EVENT])


async def test_an_event_grid_that_refuses_is_an_operational_fault(
    event_grid: EventGridConfig, requests: Requests
) -> None:
    with pytest.raises(EventsUnavailableError, match=r"^401 Unauthorized$"):
        await azure_publisher(event_grid.port, requests, key="guessed").publish([EVENT])
