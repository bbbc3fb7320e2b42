"""What a concern publishes about each property, read by the others."""

import time
from collections.abc import Callable

from pydantic import BaseModel

from muneris.cloud.documents.cache import CachedDocuments
from muneris.cloud.documents.store import Documents

FRESH_SECONDS = 5.0
"""How old what a reader sees may be."""


class ReadModel[T: BaseModel]:
    """One kind of published document, a property each, from memory while it is fresh."""

    def __init__(
        self,
        documents: Documents,
        kind: type[T],
        name_of: Callable[[str], str],
        *,
        fresh_seconds: float = FRESH_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name_of = name_of
        self._documents = CachedDocuments(
            documents, kind.model_validate_json, fresh_seconds=fresh_seconds, monotonic=monotonic
        )

    async def find(self, property_code: str, *, fresh: bool = False) -> T | None:
        """What is published about a property, or None: nothing is. `fresh` reads it now.

        Raises:
            OperationalError: the store is down and nothing recent enough is held.
        """
        return await self._documents.find(self._name_of(property_code), fresh=fresh)

    def expect(self, property_code: str) -> None:
        """Begin to read what is soon to be found, unless it is held; nobody waits here."""
        self._documents.expect(self._name_of(property_code))
