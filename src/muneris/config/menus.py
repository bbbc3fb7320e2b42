"""Menus: read from Simphony, turned, published; and read back for an app."""

import logging

from muneris.cloud.documents import Documents
from muneris.config.menu import Menu, menu_document, with_availability
from muneris.config.menu_changes import MenuChanges, MenuHistory, find_changes, history_document
from muneris.config.menu_source import MenuSource
from muneris.config.menu_status import MenuStatus, MenuStatuses
from muneris.config.model import with_menu_from
from muneris.config.problems import (
    MENU_EMPTY,
    MENU_NOT_FOUND,
    SIMPHONY_NOT_CONNECTED,
    SIMPHONY_UNAVAILABLE,
    TOKEN_REJECTED,
)
from muneris.config.property import Property
from muneris.config.publishing import Publishing
from muneris.config.read_models import menu_history_read_model, menu_read_model
from muneris.config.service import Properties
from muneris.config.simphony_menu import to_menu
from muneris.config.simphony_snapshot import Snapshot
from muneris.config.store import PropertyStore
from muneris.core.clock import Clock
from muneris.core.problems import ProblemError
from muneris.inventory.availability import Availability
from muneris.inventory.read_models import availability_read_model
from muneris.simphony.errors import SimphonyError, TokenRejectedError
from muneris.simphony.model import Connection

_log = logging.getLogger(__name__)

_LATER = {"Retry-After": "30"}


class Menus:
    """The menus of this region's properties, each of its one revenue center."""

    def __init__(
        self,
        properties: Properties,
        store: PropertyStore,
        publishing: Publishing,
        documents: Documents,
        source: MenuSource,
        statuses: MenuStatuses,
        clock: Clock,
    ) -> None:
        self._properties = properties
        self._store = store
        self._publishing = publishing
        self._documents = documents
        # Who has just changed something reads what it came to: asked for by its ETag every time.
        self._published = menu_read_model(documents, fresh_seconds=0.0)
        self._history = menu_history_read_model(documents, fresh_seconds=0.0)
        self._availability = availability_read_model(documents, fresh_seconds=0.0)
        self._source = source
        self._statuses = statuses
        self._clock = clock

    async def refresh(self, code: str) -> Menu:
        """Publish Simphony's present menu; the property is configured with that. Repeatable.

        What has not changed since the last time is not sent again by Simphony. A property that was connected
        elsewhere or changed its currency meanwhile waits for the next refresh.

        Raises:
            ProblemError: `property_not_found`, `property_in_another_region`, `simphony_not_connected`,
                `simphony_unavailable`, `token_rejected` or `menu_empty`; then the menu stays the one it was,
                and the last three are kept in its status.
        """
        known = await self._properties.get(code)
        connection = known.simphony
        if connection is None:
            raise SIMPHONY_NOT_CONNECTED(f"Set the Simphony of {code} first.")
        try:
            menu = await self._refresh(known, connection)
        except ProblemError as refusal:
            _log.error("the menu of %s stays as it was: %s", code, refusal)
            await self._statuses.failed(code, refusal.type.code, refusal.detail, self._clock.now())
            raise
        await self._statuses.refreshed(code, menu.version, self._clock.now())
        return menu

    async def status(self, code: str) -> MenuStatus:
        """How the last refresh went.

        Raises:
            ProblemError: `property_not_found` or `property_in_another_region`.
        """
        await self._properties.get(code)
        return await self._statuses.get(code)

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

    async def get_since(self, code: str, since: str) -> Menu | MenuChanges:
        """What has changed since a version, or the whole menu if that is too old to tell. Errors as `get`."""
        menu = await self.get(code)
        history = await self._history.find(code) or MenuHistory()
        return find_changes(history, menu, since) or menu

    async def _refresh(self, known: Property, connection: Connection) -> Menu:
        code = known.code
        held = await self._source.find_snapshot(code, connection)
        latest = await self._fetch(connection, held)
        menu = to_menu(
            latest.content, known.currency, latest.unavailable, latest.taxes, known.ordering.price_levels
        )
        if not menu.items:
            raise MENU_EMPTY(f"Simphony's menu for {code} has nothing that can be ordered: add items there.")
        is_new = await self._publish(code, menu)
        if latest != held:
            await self._source.keep_snapshot(code, latest)
        if is_new or known.status != "configured":
            await self._store.change(code, lambda now: with_menu_from(now, connection, menu.currency))
            await self._publishing.publish_soon(code)
        return menu

    async def _publish(self, code: str, menu: Menu) -> bool:
        """Whether the menu differs from what is published, which it then no longer does.

        What is published is asked each time, not concluded from Simphony's answer: of two refreshes at once
        the slower may have put an older menu over a newer one.
        """
        published = await self._published.find(code)
        if published is not None and published.version == menu.version:
            return False
        history = await self._history.find(code) or MenuHistory()
        if published is not None and history.find(published.version) is None:
            history = history.with_menu(published)
        document = history.with_menu(menu).model_dump_json().encode()
        await self._documents.put(history_document(code), document)
        await self._documents.put(menu_document(code), menu.model_dump_json(exclude_none=True).encode())
        return True

    async def _fetch(self, connection: Connection, held: Snapshot) -> Snapshot:
        try:
            return await self._source.fetch(connection, held)
        except TokenRejectedError as error:
            detail = "Simphony rejects the stored token: wait for a newer one."
            raise TOKEN_REJECTED(detail, headers=_LATER) from error
        except SimphonyError as error:
            raise SIMPHONY_UNAVAILABLE(f"Simphony gave no menu: {error}", headers=_LATER) from error
