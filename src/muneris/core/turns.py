"""Turns: what concerns one key is done one after the other, in this process."""

import asyncio
from collections.abc import Hashable
from weakref import WeakValueDictionary


class Turns[K: Hashable]:
    """A lock for each key, kept only while somebody holds it or waits for it.

    It spares writers of one row races that they would lose to each other; between processes the rows' ETags
    decide.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[K, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: K) -> asyncio.Lock:
        """The key's lock: `async with turns.of(key):`."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock
