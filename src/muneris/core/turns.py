"""Turns: what concerns one key is done one after the other, in this process."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from muneris.core.operational import OperationalError


class Turns[K: Hashable]:
    """A lock for each key, kept only while somebody holds it or waits for it.

    It spares writers of one row races that they would lose to each other; between processes the rows' ETags
    decide. Nobody waits for longer than `patience_seconds`: whoever asked has given up by then, and a crowd
    of such would keep out those who have not.
    """

    def __init__(self, *, patience_seconds: float | None = None) -> None:
        self._patience_seconds = patience_seconds
        self._locks: WeakValueDictionary[K, asyncio.Lock] = WeakValueDictionary()

    def __len__(self) -> int:
        """How many keys are held or waited for."""
        return len(self._locks)

    @asynccontextmanager
    async def of(self, key: K) -> AsyncIterator[None]:
        """The key's turn: `async with turns.of(key):`.

        Raises:
            OperationalError: it did not come in time.
        """
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        try:
            async with asyncio.timeout(self._patience_seconds):
                await lock.acquire()
        except TimeoutError as error:
            raise OperationalError(f"too many wait for their turn of {key}") from error
        try:
            yield
        finally:
            lock.release()
