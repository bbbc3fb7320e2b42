"""What timers do for inventory: publish what a crash left unpublished, and remove what is long settled."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from muneris.cloud.agenda import SETTLED_AFTER, Agenda
from muneris.cloud.tables import Row
from muneris.core.clock import Clock, from_rfc3339
from muneris.core.operational import OperationalError
from muneris.inventory.publishing import Publishing
from muneris.inventory.store import InventoryStore

_log = logging.getLogger(__name__)

AGENDA = "stock"
HOLDS_KEPT = timedelta(days=30)
"""How long a settled hold answers who asks again; above all, a release keeps out the reserve it overtook."""
MOST_PURGED = 5_000
"""How many holds of a property a run removes: the rest is for the next day."""
ACTIVE_FOR = SETTLED_AFTER * 2
"""Who changed nothing for so long has nothing that the repairs before this one did not see."""
PROPERTIES_AT_ONCE = 8


class Upkeep:
    """Looks after the properties on the agenda `stock`. One property's trouble is not another's."""

    def __init__(self, store: InventoryStore, publishing: Publishing, agenda: Agenda, clock: Clock) -> None:
        self._store = store
        self._publishing = publishing
        self._agenda = agenda
        self._clock = clock

    async def repair(self) -> None:
        """Publish what is stored of each property that changed something lately."""
        active_since = self._clock.now() - ACTIVE_FOR
        entries = await self._agenda.entries()
        active = [entry for entry in entries if from_rfc3339(entry.text("Touched")) > active_since]
        await _each(active, self._publish)

    async def purge(self) -> None:
        """Remove holds that settled 30 days ago; properties that hold nothing leave the agenda."""
        entries = await self._agenda.entries()
        await _each(entries, self._publish)
        await _each(entries, self._purge)

    async def _publish(self, entry: Row) -> None:
        await self._publishing.publish(entry.key)

    async def _purge(self, entry: Row) -> None:
        settled_before = self._clock.now() - HOLDS_KEPT
        purged = await self._store.purge_holds(entry.key, settled_before, MOST_PURGED)
        if purged:
            _log.info("%s: %d holds removed", entry.key, purged)
        if not await self._store.has_holds(entry.key):
            await self._agenda.drop_settled(entry)


async def _each(entries: Iterable[Row], look_after: Callable[[Row], Awaitable[None]]) -> None:
    limit = asyncio.Semaphore(PROPERTIES_AT_ONCE)

    async def one(entry: Row) -> None:
        async with limit:
            try:
                await look_after(entry)
            except OperationalError as error:
                _log.warning("%s is looked after later: %s", entry.key, error)

    await asyncio.gather(*(one(entry) for entry in entries))
