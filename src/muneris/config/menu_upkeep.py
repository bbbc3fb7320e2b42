"""Menus kept up to date: all of them by a timer, those that Simphony tells of at once."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Collection, MutableSequence

from muneris.cloud.agenda import Agenda
from muneris.cloud.tables import Row, RowConflictError, Table, Transaction, rows_with_prefix
from muneris.config.menus import Menus
from muneris.core.clock import Clock, to_rfc3339
from muneris.core.operational import OperationalError
from muneris.core.problems import ProblemError

_log = logging.getLogger(__name__)

CONNECTED = "menus"
"""The agenda of properties that are connected to a Simphony."""

_ASKED = "menus-asked"
_TEMPORARY = 500
_AT_ONCE = 8
_LONGEST_SECONDS = 240.0
"""A Functions app on a consumption plan may end a run after 5 minutes."""


class AskedRefreshes:
    """The properties whose menu is to be read soon: a partition of table `Agenda`."""

    def __init__(self, agenda: Table, clock: Clock) -> None:
        self._agenda = agenda
        self._clock = clock

    async def ask(self, code: str) -> None:
        """Have a menu read by the next run."""
        asked = {"Touched": to_rfc3339(self._clock.now())}
        await self._agenda.transact(Transaction(_ASKED).upsert(code, asked))

    async def all(self) -> list[Row]:
        """Every one that is asked for; its key is the property's code."""
        return [row async for row in rows_with_prefix(self._agenda, _ASKED, "")]

    async def done(self, asked: Row) -> None:
        """Note that one was read, unless it was asked for again meanwhile; unnoted it is read once more."""
        try:
            await self._agenda.transact(Transaction(_ASKED).delete(asked.key, etag=asked.etag))
        except (RowConflictError, OperationalError) as error:
            _log.info("the menu of %s is read again: %s", asked.key, error)


class MenuUpkeep:
    """Refreshes menus, a few at a time, each on its own: the failure of one stops no other.

    All come in another order each time, so that what a run has no time for is nobody's lot for ever.
    """

    def __init__(
        self,
        menus: Menus,
        connected: Agenda,
        asked: AskedRefreshes,
        shuffle: Callable[[MutableSequence[str]], None] = random.shuffle,
    ) -> None:
        self._menus = menus
        self._connected = connected
        self._asked = asked
        self._shuffle = shuffle

    async def refresh_all(self) -> None:
        """Refresh the menus of all connected properties."""
        codes = [entry.key for entry in await self._connected.entries()]
        self._shuffle(codes)
        await _each(codes, self._refresh)

    async def refresh_asked(self) -> None:
        """Refresh the menus that are asked for; those that cannot be read now are asked for further on."""
        asked = {row.key: row for row in await self._asked.all()}

        async def refresh(code: str) -> None:
            if await self._refresh(code):
                await self._asked.done(asked[code])

        await _each(asked, refresh)

    async def _refresh(self, code: str) -> bool:
        """Whether a menu need not be asked for again: it was read, or refused for good."""
        try:
            await self._menus.refresh(code)
        except ProblemError as refusal:
            return refusal.type.status < _TEMPORARY
        except OperationalError as error:
            _log.warning("the menu of %s is read later: %s", code, error)
            return False
        except Exception:  # noqa: BLE001 - one property's trouble must not stop the others
            _log.exception("the menu of %s cannot be read", code)
            return False
        return True


async def _each(codes: Collection[str], refresh: Callable[[str], Awaitable[object]]) -> None:
    """A few at a time; what is not begun when the time is up is left to the next run."""
    left = iter(codes)

    async def work() -> None:
        for code in left:
            await refresh(code)

    try:
        async with asyncio.timeout(_LONGEST_SECONDS), asyncio.TaskGroup() as workers:
            for _ in range(min(_AT_ONCE, len(codes))):
                workers.create_task(work())
    except TimeoutError:
        _log.warning("not all of %d menus were read in time", len(codes))
