"""Poison: messages that failed too often, which the host moved to `<queue>-poison`."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from muneris.cloud.queues.queue import Message, Queues
from muneris.core.problems import ProblemType

QUEUE_NOT_FOUND = ProblemType("queue_not_found", 404, "Queue not found")
MESSAGE_NOT_FOUND = ProblemType("message_not_found", 404, "Message not found")

SUFFIX = "-poison"
MOST_TAKEN = 1_000
"""How many messages one command goes through."""
_HIDDEN_SECONDS = 60
"""How long a message is ours; what a command that died had of them is seen again after it."""

Act = Callable[[str, Message], Awaitable[None]]


class PoisonQueues:
    """The poison of an account's queues, each by the name of the queue that it came from."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues

    async def lengths(self) -> Mapping[str, int]:
        """How much poison each queue has, roughly."""
        names = [name for name in await self._queues.names() if name.endswith(SUFFIX)]
        lengths = await asyncio.gather(*(self._queues.length(name) for name in names))
        return {name.removesuffix(SUFFIX): length for name, length in zip(names, lengths, strict=True)}

    async def messages(self, queue: str) -> Sequence[Message]:
        """A queue's first poison; the service shows no more than 32 messages.

        Raises:
            ProblemError: `queue_not_found`.
        """
        return await self._queues.peek(await self._poison_of(queue))

    async def get_message(self, queue: str, message_id: str) -> Message:
        """One of them.

        Raises:
            ProblemError: `queue_not_found`, or `message_not_found`, also if somebody holds it just now.
        """
        for message in await self.messages(queue):
            if message.id == message_id:
                return message
        raise MESSAGE_NOT_FOUND(f"{queue} has no such poison, or not among its first.")

    async def redrive(self, queue: str, message_id: str | None = None) -> int:
        """Put poison back into its queue: one message, or all there is now, `MOST_TAKEN` at most; how many.

        It is put before it is removed: a duplicate is harmless to those who read it, a loss is not.

        Raises:
            ProblemError: `queue_not_found`, also if it is gone itself, or `message_not_found`.
        """
        await self._require(queue)

        async def put_back(poison: str, message: Message) -> None:
            await self._queues.put(queue, message.text)
            await self._queues.delete(poison, message)

        return await self._take(queue, message_id, put_back)

    async def drop(self, queue: str, message_id: str | None = None) -> int:
        """Remove poison for good: one message, or all there is now, `MOST_TAKEN` at most; how many.

        Raises:
            ProblemError: `queue_not_found` or `message_not_found`.
        """
        return await self._take(queue, message_id, self._queues.delete)

    async def _take(self, queue: str, message_id: str | None, act: Act) -> int:
        """Act on one message, or on all. What comes back meanwhile is not taken again."""
        poison = await self._poison_of(queue)
        left, taken = min(await self._queues.length(poison), MOST_TAKEN), 0
        others: list[Message] = []
        try:
            while left > 0 and (received := await self._queues.receive(poison, _HIDDEN_SECONDS)):
                wanted = [message for message in received if message_id in {None, message.id}][:left]
                others += [message for message in received if message not in wanted]
                await _all(act(poison, message) for message in wanted)
                left = 0 if message_id and wanted else left - len(received)
                taken += len(wanted)
        finally:
            await _all(self._queues.release(poison, message) for message in others)
        if message_id is not None and not taken:
            raise MESSAGE_NOT_FOUND(f"{queue} has no such poison.")
        return taken

    async def _poison_of(self, queue: str) -> str:
        name = f"{queue}{SUFFIX}"
        if name not in await self._queues.names():
            raise QUEUE_NOT_FOUND(f"There is no queue {queue!r} here that has poison.")
        return name

    async def _require(self, queue: str) -> None:
        if queue not in await self._queues.names():
            raise QUEUE_NOT_FOUND(f"There is no queue {queue!r} here.")


async def _all(acts: Iterable[Awaitable[None]]) -> None:
    """Carry out all, to the end; the first that failed is raised then."""
    for outcome in await asyncio.gather(*acts, return_exceptions=True):
        if outcome is not None:
            raise outcome
