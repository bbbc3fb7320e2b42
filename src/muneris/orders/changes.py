"""Waiting for an order to change: woken at once by this process, by looking now and then for others."""

import asyncio
from collections import defaultdict
from uuid import UUID


class Changes:
    """Wakes whoever waits for an order that this process changed.

    Another process's change wakes nobody: waiting ends by time too, and the waiter looks for itself.
    """

    def __init__(self) -> None:
        self._waiting: dict[UUID, set[asyncio.Future[None]]] = defaultdict(set)

    def tell(self, order_id: UUID) -> None:
        """Wake everyone who waits for this order."""
        for waiter in self._waiting.pop(order_id, ()):
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, order_id: UUID, seconds: float) -> None:
        """Return when the order changed here, or after `seconds`."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[order_id].add(waiter)
        try:
            async with asyncio.timeout(seconds):
                await waiter
        except TimeoutError:
            return
        finally:
            self._forget(order_id, waiter)

    def _forget(self, order_id: UUID, waiter: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(order_id)
        if waiting is None:
            return
        waiting.discard(waiter)
        if not waiting:
            del self._waiting[order_id]
