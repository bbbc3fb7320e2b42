"""Publishers under test, and what arrives of what they publish."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from azure.core.credentials import AzureKeyCredential
from azure.storage.queue.aio import QueueClient

from localcloud.layout import url
from muneris.cloud.events import Event, Publisher, read_event
from muneris.cloud.events.azure import AzurePublisher, Topic
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.wire.authorization import AccessKey
from muneris.cloud.wire.requests import Requests
from muneris.core.clock import SystemClock

EVENT_TYPE = "muneris.orders.submitted"
KEY = "secret"


@dataclass(frozen=True)
class Wiring:
    """A publisher, and so many events that it published, in the order of their arrival."""

    publisher: Publisher
    arrived: Callable[[int], Awaitable[list[Event]]]


def azure_publisher(port: int, requests: Requests, key: str = KEY) -> AzurePublisher:
    topic = Topic(f"{url(port)}/topics/muneris/api/events", AccessKey(AzureKeyCredential(key)))
    policy = RetryPolicy(attempts=2, attempt_seconds=30, deadline_seconds=60, chance=lambda: 0.0)
    return AzurePublisher(topic, "/muneris/api1/orders", requests, policy, SystemClock())


async def receive_events(queue: QueueClient, count: int) -> list[Event]:
    """The events in a queue, once there are so many."""
    return [read_event(message) for message in await receive_messages(queue, count)]


async def receive_messages(queue: QueueClient, count: int) -> list[bytes]:
    messages: list[bytes] = []
    async with asyncio.timeout(30):
        while len(messages) < count:
            async for message in queue.receive_messages(messages_per_page=32):
                messages.append(base64.b64decode(message.content, validate=True))
                await queue.delete_message(message)
    return messages
