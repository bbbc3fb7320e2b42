"""Menus: read from Simphony, turned, published; and read back for an app."""

from muneris.cloud.documents import Documents
from muneris.config.menu import Menu, menu_document, with_availability
from muneris.config.model import with_menu_from
from muneris.config.problems import (
    MENU_EMPTY,
    MENU_NOT_FOUND,
    SIMPHONY_NOT_CONNECTED,
    SIMPHONY_UNAVAILABLE,
)
from muneris.config.publishing import Publishing
from muneris.config.read_models import menu_read_model
from muneris.config.service import Properties
from muneris.config.simphony_connection import KeptTokens, Simphony
from muneris.config.simphony_menu import to_menu
from muneris.config.store import PropertyStore
from muneris.core.clock import Clock
from muneris.inventory.availability import Availability
from muneris.inventory.read_models import availability_read_model
from muneris.simphony.errors import SimphonyError, TokenRejectedError
from muneris.simphony.menu import SimphonyMenu
from muneris.simphony.model import Connection

_RETRY_AFTER_SECONDS = "30"


class Menus:
    """The menus of this region's properties."""

    def __init__(
        self,
        properties: Properties,
        store: PropertyStore,
        publishing: Publishing,
        documents: Documents,
        simphony: Simphony,
        tokens: KeptTokens,
        clock: Clock,
    ) -> None:
        self._properties = properties
        self._store = store
        self._publishing = publishing
        self._documents = documents
        # Who has just changed something reads what it came to: asked for by its ETag every time.
        self._published = menu_read_model(documents, fresh_seconds=0.0)
        self._availability = availability_read_model(documents, fresh_seconds=0.0)
        self._simphony = simphony
        self._tokens = tokens
        self._clock = clock

    async def refresh(self, code: str) -> Menu:
        """Publish Simphony's present menu; the property is configured with that. Repeatable.

        A property that was connected elsewhere or changed its currency meanwhile waits for the next refresh.

        Raises:
            ProblemError: `property_not_found`, `property_in_another_region`, `simphony_not_connected`,
                `simphony_unavailable` or `menu_empty`; then the menu stays the one it was.
        """
        known = await self._properties.get(code)
        connection = known.simphony
        if connection is None:
            raise SIMPHONY_NOT_CONNECTED(f"Set the Simphony of {code} first.")
        menu = to_menu(await self._fetch(connection), known.currency)
        if not menu.items:
            raise MENU_EMPTY(f"Simphony's menu for {code} has nothing that can be ordered: add items there.")
        await self._documents.put(menu_document(code), menu.model_dump_json(exclude_none=True).encode())
        await self._store.change(code, lambda latest: with_menu_from(latest, connection, menu.currency))
        await self._publishing.publish_soon(code)
        return menu

    async def get(self, code: str) -> Menu:
        """The published menu, and how its items stand now.

        Raises:
            ProblemError: `property_not_found`, `property_in_another_region` or `menu_not_found`.
        """
        await self._properties.get(code)
        menu = await self._published.find(code)
        if menu is None:
            raise MENU_NOT_FOUND(f"{code} has no menu yet: refresh it.")
        availability = await self._availability.find(code) or Availability()
        return with_availability(menu, availability, self._clock.now())

    async def _fetch(self, connection: Connection) -> SimphonyMenu:
        try:
            return await self._with_token(connection)
        except SimphonyError as error:
            raise SIMPHONY_UNAVAILABLE(
                f"Simphony gave no menu: {error}", headers={"Retry-After": _RETRY_AFTER_SECONDS}
            ) from error

    async def _with_token(self, connection: Connection) -> SimphonyMenu:
        """A rejected token is read again, once: whoever refreshes it may have done so."""
        tokens = await self._tokens.get_token(connection.account)
        try:
            return await self._simphony.get_menu(connection, tokens.bearer_for(connection))
        except TokenRejectedError:
            tokens = await self._tokens.get_token(connection.account, fresh=True)
            return await self._simphony.get_menu(connection, tokens.bearer_for(connection))
