"""What config publishes, read by the other concerns: at most a few seconds old, from memory."""

import time
from collections.abc import Callable

from muneris.cloud.documents import CachedDocuments, Documents
from muneris.config.menu import Menu, menu_document
from muneris.config.property import Property, property_document

FRESH_SECONDS = 5.0


class PropertyReadModel:
    """The published properties."""

    def __init__(
        self,
        documents: Documents,
        *,
        fresh_seconds: float = FRESH_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._documents = CachedDocuments(
            documents, Property.model_validate_json, fresh_seconds=fresh_seconds, monotonic=monotonic
        )

    async def find(self, property_code: str) -> Property | None:
        """The property, or None: none is published.

        Raises:
            OperationalError: the store is down and nothing recent enough is held.
        """
        return await self._documents.find(property_document(property_code))


class MenuReadModel:
    """The published menus."""

    def __init__(
        self,
        documents: Documents,
        *,
        fresh_seconds: float = FRESH_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._documents = CachedDocuments(
            documents, Menu.model_validate_json, fresh_seconds=fresh_seconds, monotonic=monotonic
        )

    async def find(self, property_code: str) -> Menu | None:
        """The menu, or None: none is published.

        Raises:
            OperationalError: the store is down and nothing recent enough is held.
        """
        return await self._documents.find(menu_document(property_code))
