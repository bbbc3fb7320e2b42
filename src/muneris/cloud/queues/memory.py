"""Queues in memory, for tests."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from muneris.cloud.queues.queue import MOST_AT_ONCE, Message
from muneris.core.clock import Clock

_LIFETIME = timedelta(days=7)


class MemoryQueues:
    """Queues that are gone with the process; what is received stays hidden until it is released."""

    def __init__(self, clock: Clock, *names: str) -> None:
        self._clock = clock
        self._queues: Mapping[str, dict[str, Message]] = {name: {} for name in names}
        self._numbers = itertools.count(1)

    async def names(self) -> Sequence[str]:
        """Every queue, by name."""
        return sorted(self._queues)

    async def length(self, queue: str) -> int:
        """How many messages a queue has; hidden ones count."""
        return len(self._queues[queue])

    async def peek(self, queue: str) -> Sequence[Message]:
        """The first messages, as they lie there."""
        return self._visible(queue)

    async def receive(self, queue: str, seconds: int) -> Sequence[Message]:  # noqa: ARG002 - no lease ends here
        """The first messages, hidden from others."""
        received = [replace(message, receipt=f"r{next(self._numbers)}") for message in self._visible(queue)]
        self._queues[queue].update({message.id: message for message in received})
        return received

    async def put(self, queue: str, text: str) -> None:
        """Add a message."""
        message_id, now = f"m{next(self._numbers)}", self._clock.now()
        self._queues[queue][message_id] = Message(message_id, text, now, now + _LIFETIME)

    async def delete(self, queue: str, message: Message) -> None:
        """Remove a received message."""
        if self._is_ours(queue, message):
            del self._queues[queue][message.id]

    async def release(self, queue: str, message: Message) -> None:
        """Let others see a received message at once."""
        if self._is_ours(queue, message):
            self._queues[queue][message.id] = replace(message, receipt="")

    def _visible(self, queue: str) -> list[Message]:
        return [message for message in self._queues[queue].values() if not message.receipt][:MOST_AT_ONCE]

    def _is_ours(self, queue: str, message: Message) -> bool:
        held = self._queues[queue].get(message.id)
        return held is not None and held.receipt == message.receipt
