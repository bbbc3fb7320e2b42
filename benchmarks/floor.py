"""The floor: the same calls to the same services as an order makes, from a bare client."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

from benchmarks.bare import BareStorage, Publish, Template
from benchmarks.inbox import Inbox
from benchmarks.slices import Ending, Once
from muneris.core.ids import new_uuid7


class Floor:
    """Each operation writes what an order writes, then publishes what it says without waiting for that."""

    def __init__(
        self,
        storage: BareStorage,
        template: Template,
        inbox: Inbox,
        publish: Publish,
        codes: Callable[[], Awaitable[Sequence[str]]],
    ) -> None:
        self._storage = storage
        self._template = template
        self._inbox = inbox
        self._publish = publish
        self._codes = codes
        self._publishing: set[asyncio.Task[None]] = set()

    async def begin(self, callers: int) -> Sequence[Once]:
        """Callers who take turns at the partitions."""
        self._storage.sign()
        await self._inbox.start()
        codes = itertools.cycle(await self._codes())
        return [partial(self._once, codes) for _ in range(callers)]

    async def end(self, operations: int) -> Ending:
        """Wait for the events."""
        await asyncio.gather(*self._publishing)
        return await self._inbox.wait(operations)

    async def clear(self) -> None:
        """Empty the queue."""
        await self._inbox.clear()

    async def _once(self, codes: Iterator[str]) -> None:
        code, order_id = next(codes), new_uuid7(datetime.now(UTC))
        await self._storage.transact(self._template.body(code, order_id))
        task = asyncio.create_task(self._publish(self._template.event(code, order_id)))
        self._publishing.add(task)
        task.add_done_callback(self._publishing.discard)
