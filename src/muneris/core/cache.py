"""Values held in memory and read again before they are too old: who needs one seldom waits for it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from contextvars import Context
from dataclasses import dataclass

from muneris.core.operational import OperationalError
from muneris.core.recent import Recent

_log = logging.getLogger(__name__)

_MOST_HELD = 10_000
"""Keys that callers make up must not fill the memory."""
EARLY = 0.8
"""The share of its freshness after which a value in use is read again: the rest is ample for reading it."""
_PAUSE_SECONDS = 2.5
"""Between two readings in the background, whatever came of the first."""


@dataclass(frozen=True, slots=True)
class _Held[V]:
    """A value, and the moment that it is surely as new as: when its reading began."""

    value: V
    as_of: float


@dataclass(slots=True)
class _Entry[V]:
    """From `early_at` on, a use begins a reading and goes on; from `due_at` on, it waits for one."""

    held: _Held[V] | None = None
    early_at: float = float("-inf")
    due_at: float = float("-inf")
    reading: asyncio.Task[None] | None = None


class Cache[K: Hashable, V]:
    """Values by key, each at most `fresh_seconds` old, which may depend on the value.

    The first who needs a value reads it. The first use in the last fifth of its freshness has it read again
    in the background, so that only who comes later than that waits; of many that wait one reads. While it
    cannot be read, what is held serves until it is `stale_seconds` old.

    `read` gets the key and what is held, to revalidate that; it raises `OperationalError` if it cannot read.
    """

    def __init__(
        self,
        read: Callable[[K, V | None], Awaitable[V]],
        *,
        fresh_seconds: Callable[[V], float],
        stale_seconds: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._read = read
        self._fresh_seconds = fresh_seconds
        self._stale_seconds = stale_seconds
        self._monotonic = monotonic
        self._entries = Recent[K, _Entry[V]](_MOST_HELD)
        self._readings: set[asyncio.Task[None]] = set()

    async def get(self, key: K, *, fresh: bool = False) -> V:
        """The value; `fresh` reads it now.

        Raises:
            OperationalError: it cannot be read, and nothing recent enough is held.
        """
        entry, now = self._entry(key), self._monotonic()
        if fresh:
            await self._read_into(entry, key)
        elif now >= entry.early_at or now >= entry.due_at:
            reading = entry.reading or self._begin(entry, key)
            if now >= entry.due_at:
                await asyncio.shield(reading)  # it is not given up with whoever waits for it
        assert entry.held is not None  # noqa: S101 - or the reading had raised
        return entry.held.value

    def expect(self, key: K) -> None:
        """Begin to read a value that whoever needs it next would wait for; nobody waits here."""
        entry = self._entry(key)
        if self._monotonic() >= entry.due_at and entry.reading is None:
            self._begin(entry, key)

    def _entry(self, key: K) -> _Entry[V]:
        entry = self._entries.find(key)
        if entry is None:
            entry = _Entry[V]()
            self._entries.put(key, entry)
        return entry

    def _begin(self, entry: _Entry[V], key: K) -> asyncio.Task[None]:
        reading = entry.reading = asyncio.create_task(
            self._revalidate(entry, key),
            context=Context(),  # it is not only for whoever comes first
        )
        self._readings.add(reading)
        reading.add_done_callback(self._end)
        return reading

    def _end(self, reading: asyncio.Task[None]) -> None:
        self._readings.discard(reading)
        error = None if reading.cancelled() else reading.exception()
        if error is not None and not isinstance(error, OperationalError):
            _log.error("a reading failed", exc_info=error)

    async def _revalidate(self, entry: _Entry[V], key: K) -> None:
        entry.early_at = self._monotonic() + _PAUSE_SECONDS
        try:
            await self._read_into(entry, key)
        except OperationalError as error:
            now, held = self._monotonic(), entry.held
            if held is None or now >= held.as_of + self._stale_seconds:
                raise
            _log.warning("%s: what is held goes on serving: %s", key, error)
            entry.due_at = min(now + self._fresh_seconds(held.value), held.as_of + self._stale_seconds)
        finally:
            entry.reading = None

    async def _read_into(self, entry: _Entry[V], key: K) -> None:
        as_of, held = self._monotonic(), entry.held
        value = await self._read(key, None if held is None else held.value)
        if entry.held is not None and entry.held.as_of > as_of:
            return  # overtaken by a reading that began later
        seconds = self._fresh_seconds(value)
        entry.held = _Held(value, as_of)
        entry.early_at, entry.due_at = as_of + EARLY * seconds, as_of + seconds
