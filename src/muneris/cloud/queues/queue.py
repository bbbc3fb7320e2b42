"""The port: the queues of a storage account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from muneris.core.operational import OperationalError

MOST_AT_ONCE = 32
"""The most messages that one answer has ("Get Messages", "Peek Messages", Queue service REST API)."""


@dataclass(frozen=True)
class Message:
    """A message as it lies in its queue; `text` as it was put.

    `receipt` is the right to delete or release it, while it is hidden from others; empty if it was only seen.
    """

    id: str
    text: str
    inserted_at: datetime
    expires_at: datetime
    receipt: str = ""


class QueuesUnavailableError(OperationalError):
    """The queue service did not answer; what was asked may have been done."""


class Queues(Protocol):
    """The queues of one account. Every operation may raise `QueuesUnavailableError`."""

    async def names(self) -> Sequence[str]:
        """Every queue, by name."""
        ...

    async def length(self, queue: str) -> int:
        """How many messages a queue has, roughly; hidden ones count."""
        ...

    async def peek(self, queue: str) -> Sequence[Message]:
        """The first messages, `MOST_AT_ONCE` at most, as they lie there."""
        ...

    async def receive(self, queue: str, seconds: int) -> Sequence[Message]:
        """The first messages, `MOST_AT_ONCE` at most, hidden from others for so long."""
        ...

    async def put(self, queue: str, text: str) -> None:
        """Add a message; perhaps twice, if an answer was lost."""
        ...

    async def delete(self, queue: str, message: Message) -> None:
        """Remove a received message; no matter if it is gone, or was received again by somebody else."""
        ...

    async def release(self, queue: str, message: Message) -> None:
        """Let others see a received message at once; no matter if it is gone, as with `delete`."""
        ...
