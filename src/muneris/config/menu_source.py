"""Where menus come from: Simphony, asked only for what is new, and what it said last."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from muneris.cloud.documents import Documents
from muneris.config.simphony_snapshot import Snapshot, scope_of, snapshot_document
from muneris.simphony.bearers import TokenSource, with_token
from muneris.simphony.configuration import Taxes, UnavailableItems, Versioned
from muneris.simphony.errors import ReadFailedError
from muneris.simphony.menu import SimphonyMenu
from muneris.simphony.model import Connection

_log = logging.getLogger(__name__)


class ReadsMenus(Protocol):
    """Simphony, as menus are read.

    None is the answer if that is still what is `held`. Every call raises `SimphonyError`.
    """

    async def get_menu(
        self, connection: Connection, bearer: str, *, held: Versioned[SimphonyMenu] | None = None
    ) -> Versioned[SimphonyMenu] | None:
        """The revenue center's menu."""
        ...

    async def get_unavailable(
        self, connection: Connection, bearer: str, *, held: Versioned[UnavailableItems] | None = None
    ) -> Versioned[UnavailableItems] | None:
        """What it cannot sell now."""
        ...

    async def get_taxes(
        self, connection: Connection, bearer: str, *, held: Versioned[Taxes] | None = None
    ) -> Versioned[Taxes] | None:
        """Its taxes."""
        ...


class MenuSource:
    """Reads Simphony's menus, and remembers each answer with its entity tag."""

    def __init__(self, simphony: ReadsMenus, tokens: TokenSource, documents: Documents) -> None:
        self._simphony = simphony
        self._tokens = tokens
        self._documents = documents

    async def find_snapshot(self, code: str, connection: Connection) -> Snapshot:
        """What Simphony last said of a property's menu; nothing if it was asked of another revenue center."""
        document = await self._documents.find(snapshot_document(code))
        none = Snapshot.none_of(connection)
        if document is None:
            return none
        try:
            held = Snapshot.model_validate_json(document.body)
        except ValueError:  # of another release: everything is asked for anew
            return none
        return held if held.scope == scope_of(connection) else none

    async def keep_snapshot(self, code: str, snapshot: Snapshot) -> None:
        """Remember what it said."""
        await self._documents.put(snapshot_document(code), snapshot.model_dump_json().encode())

    async def fetch(self, connection: Connection, held: Snapshot) -> Snapshot:
        """What Simphony says now, where that is something else than what is held.

        What is sold out, and the taxes, are not worth losing a menu for: where Simphony does not say,
        what it said last stands.

        Raises:
            SimphonyError: it gave no menu.
        """

        async def ask[T](
            read: Callable[[Connection, str], Awaitable[Versioned[T] | None]],
        ) -> Versioned[T] | None:
            return await with_token(self._tokens, connection, read)

        simphony = self._simphony
        menu = await ask(partial(simphony.get_menu, held=held.versioned_menu))
        unavailable = await _spare(
            ask(partial(simphony.get_unavailable, held=Versioned(held.unavailable, held.unavailable_etag)))
        )
        taxes = await _spare(ask(partial(simphony.get_taxes, held=Versioned(held.taxes, held.taxes_etag))))
        return held.model_copy(
            update=_said("menu", menu) | _said("unavailable", unavailable) | _said("taxes", taxes)
        )


async def _spare[T](answer: Awaitable[Versioned[T] | None]) -> Versioned[T] | None:
    try:
        return await answer
    except ReadFailedError as error:
        _log.warning("what stands beside a menu stays as it was: %s", error)
        return None


def _said[T](what: str, answer: Versioned[T] | None) -> dict[str, object]:
    return {} if answer is None else {what: answer.value, f"{what}_etag": answer.etag}
