"""Documents kept in memory: read from the store at most once in a while, whoever asks."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from muneris.cloud.documents.store import Document, Documents
from muneris.core.operational import OperationalError

_log = logging.getLogger(__name__)


@dataclass
class _Entry[T]:
    document: Document | None = None
    value: T | None = None
    checked_at: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class CachedDocuments[T]:
    """Parsed documents with bounded staleness.

    A document is revalidated by its ETag once it was checked `fresh_seconds` ago; of many that ask
    meanwhile one does it. While the store is down the last version goes on serving, up to `stale_seconds`.
    """

    def __init__(
        self,
        documents: Documents,
        parse: Callable[[bytes], T],
        *,
        fresh_seconds: float = 5.0,
        stale_seconds: float = 3600.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._documents = documents
        self._parse = parse
        self._fresh_seconds = fresh_seconds
        self._stale_seconds = stale_seconds
        self._monotonic = monotonic
        self._entries: dict[str, _Entry[T]] = {}

    async def find(self, name: str) -> T | None:
        """The document's meaning, at most `fresh_seconds` old; None if there is none.

        Raises:
            OperationalError: the store is down and nothing recent enough is held.
        """
        entry = self._entries.setdefault(name, _Entry())
        if self._age(entry) >= self._fresh_seconds:
            async with entry.lock:
                if self._age(entry) >= self._fresh_seconds:
                    await self._revalidate(name, entry)
        return entry.value

    def _age(self, entry: _Entry[T]) -> float:
        return self._monotonic() - entry.checked_at

    async def _revalidate(self, name: str, entry: _Entry[T]) -> None:
        try:
            held = entry.document.etag if entry.document else None
            document = await self._documents.find(name, unless=held)
        except OperationalError as error:
            if entry.document is None or self._age(entry) >= self._stale_seconds:
                raise
            _log.warning("serving %s from memory: %s", name, error)
            return
        if document is not None:
            entry.value = self._parse(document.body)
            entry.document = document
        entry.checked_at = self._monotonic()
