"""Documents kept in memory, as their readers understand them."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from muneris.cloud.documents.store import Documents, DocumentsUnavailableError
from muneris.core.cache import Cache

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Parsed[T]:
    """What a version of a document means; None, without an ETag: there is no document."""

    meaning: T | None
    etag: str | None


class CachedDocuments[T]:
    """Parsed documents with bounded staleness.

    A document is revalidated by its ETag in the last fifth of its freshness, while readers go on with what
    is held; see `Cache`. What cannot be parsed does not replace what is held, as if the store were down.
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
        self._cache = Cache(
            self._read,
            fresh_seconds=lambda _: fresh_seconds,
            stale_seconds=stale_seconds,
            monotonic=monotonic,
        )

    async def find(self, name: str, *, fresh: bool = False) -> T | None:
        """The document's meaning, at most `fresh_seconds` old; None if there is none. `fresh` reads it now.

        Raises:
            OperationalError: the store is down and nothing recent enough is held.
        """
        return (await self._cache.get(name, fresh=fresh)).meaning

    def expect(self, name: str) -> None:
        """Begin to read a document that is soon to be found, unless it is held; nobody waits here."""
        self._cache.expect(name)

    async def _read(self, name: str, held: _Parsed[T] | None) -> _Parsed[T]:
        document = await self._documents.find(name, unless=held.etag if held else None)
        if document is None:
            return held or _Parsed(None, None)
        try:
            return _Parsed(self._parse(document.body), document.etag)
        except ValueError as error:
            _log.exception("%s cannot be understood", name)
            raise DocumentsUnavailableError(f"{name} cannot be understood: {error}") from error
