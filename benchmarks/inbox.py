"""Inventory's inbox: where the events of accepted orders arrive, or wait to; nobody takes them."""

import asyncio
import json
import time
from base64 import b64decode
from typing import Self

import aiohttp
from azure.core.pipeline.transport import AioHttpTransport
from azure.storage.queue.aio import QueueClient
from pydantic import BaseModel, JsonValue

from benchmarks.slices import Ending

_QUEUE = "inventory-inbox"
_LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 3.0
"""What has not come by then was left to the sweeper, which does not run."""


class _Counts(BaseModel):
    accepted: int
    delivered: int


class _Topic(BaseModel):
    subscriptions: dict[str, _Counts]


class Inbox:
    """Counts the events that arrive, by the local Event Grid's own account.

    After `patience` seconds without one no more are expected. Where Event Grid does not deliver
    (`delivers`), an event has arrived once it is accepted.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        topic: str,
        connection_string: str,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._session = session
        self._topic = topic
        self._patience = patience
        self._queue = QueueClient.from_connection_string(
            connection_string, _QUEUE, transport=AioHttpTransport(use_env_settings=False), retry_total=0
        )
        self._seen = 0
        self.delivers = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._queue.close()

    async def start(self) -> None:
        """Begin to count: what arrives from now on is waited for."""
        self._seen = await self._arrived()

    async def wait(self, count: int) -> Ending:
        """Wait for so many further events, as long as they keep coming."""
        before, at = self._seen, time.perf_counter()
        while self._seen < before + count and time.perf_counter() < at + self._patience:
            arrived = await self._arrived()
            if arrived > self._seen:
                self._seen, at = arrived, time.perf_counter()
            else:
                await asyncio.sleep(_LOOK_SECONDS)
        return Ending(at, min(1.0, (self._seen - before) / max(1, count)))

    async def clear(self) -> None:
        """Throw away what has arrived."""
        await self._queue.clear_messages()

    async def peek(self) -> dict[str, JsonValue]:
        """The event that is next."""
        [message] = await self._queue.peek_messages()
        event: dict[str, JsonValue] = json.loads(b64decode(message.content))
        return event

    async def _arrived(self) -> int:
        async with self._session.get(self._topic) as answer:
            counts = _Topic.model_validate_json(await answer.read()).subscriptions[_QUEUE]
        return counts.delivered if self.delivers else counts.accepted
