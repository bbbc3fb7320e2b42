"""Documents kept in memory: read from the store at most once in a while, whoever asks."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from muneris.cloud.documents.store import Document, Documents, DocumentsUnavailableError
from muneris.core.operational import OperationalError

_log = logging.getLogger(__name__)

_MOST_HELD = 10_000


@dataclass
class _Entry[T]:
    document: Document | None = None
    value: T | None = None
    checked_at: float = float("-inf")
    due_at: float = float("-inf")
    fault: OperationalError | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class CachedDocuments[T]:
    """Parsed documents with bounded staleness.

    A document is revalidated by its ETag once it was checked `fresh_seconds` ago; of many that ask
    meanwhile one does it. While the store is down the last version goes on serving, up to `stale_seconds`,
    and the store is asked again once every `fresh_seconds`, not by everybody in turn.
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
        if len(self._entries) >= _MOST_HELD and name not in self._entries:
            self._entries.clear()  # names that callers make up must not fill the memory
        entry = self._entries.setdefault(name, _Entry())
        if self._monotonic() >= entry.due_at:
            async with entry.lock:
                if self._monotonic() >= entry.due_at:
                    await self._revalidate(name, entry)
        age = self._monotonic() - entry.checked_at
        if entry.fault is not None and age >= self._stale_seconds:
            raise DocumentsUnavailableError(str(entry.fault)) from entry.fault
        return entry.value

    async def _revalidate(self, name: str, entry: _Entry[T]) -> None:
        held = entry.document.etag if entry.document else None
        try:
            document = await self._documents.find(name, unless=held)
            value = entry.value if document is None else self._parse(document.body)
        except ValueError as error:
            _log.exception("%s cannot be understood", name)
            entry.fault = DocumentsUnavailableError(f"{name} cannot be understood: {error}")
        except OperationalError as error:
            _log.warning("%s cannot be read: %s", name, error)
            entry.fault = error
        else:
            entry.value, entry.document = value, document or entry.document
            entry.checked_at, entry.fault = self._monotonic(), None
        entry.due_at = self._monotonic() + self._fresh_seconds
