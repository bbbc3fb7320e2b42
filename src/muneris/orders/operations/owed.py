"""What orders owe, for operators: listed, and made due at once."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from itertools import batched
from uuid import UUID

from muneris.cloud.agenda import Agenda
from muneris.core.clock import Clock
from muneris.orders.model import Work
from muneris.orders.store import OrderStore

POSITION = re.compile(r"[A-Z0-9-]+\|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\|[0-9]{6}\|[a-z-]*(\|.*)?")
"""What the place of a step in a list looks like: its property, then its order, number, name and round."""
MOST_PROPERTIES = 100
"""How many properties a page of the region's list looks at."""
_ROWS_AT_ONCE = 100
_NO_ORDER = UUID(int=0)


@dataclass(frozen=True)
class OwedPage:
    """Owed steps, and the place at which the next page starts; None: there is none."""

    items: tuple[Work, ...]
    following: str | None


class OwedWork:
    """The work rows of a region. `agenda` names the properties that may have some."""

    def __init__(self, store: OrderStore, agenda: Agenda, clock: Clock) -> None:
        self._store = store
        self._agenda = agenda
        self._clock = clock

    async def of_property(
        self, property_code: str, limit: int, start: str, order_id: UUID | None = None
    ) -> OwedPage:
        """What a property's orders owe, or one of them, from the place `start` on; a list starts at ""."""
        found: list[Work] = []
        async for work in self._works(property_code, order_id, start):
            if len(found) == limit:
                return OwedPage(tuple(found), place_of(work))
            found.append(work)
        return OwedPage(tuple(found), None)

    async def of_region(self, limit: int, start: str) -> OwedPage:
        """What the orders of all properties owe, by property.

        A page may have fewer than `limit`, or none, and still be followed by another.
        """
        found: list[Work] = []
        first = start.partition("|")[0]
        codes = sorted(entry.key for entry in await self._agenda.entries() if entry.key >= first)
        for looked_at, code in enumerate(codes):
            place = start if code == first else f"{code}|{_NO_ORDER}|000000|"
            if len(found) == limit or looked_at == MOST_PROPERTIES:
                return OwedPage(tuple(found), place)
            page = await self.of_property(code, limit - len(found), place)
            found += page.items
            if page.following is not None:
                return OwedPage(tuple(found), page.following)
        return OwedPage(tuple(found), None)

    async def retry(self, property_code: str, order_id: UUID | None = None) -> int:
        """Make due what a property owes, or one of its orders: the next sweep sends it. How much it was.

        What is not to begin before a later time stays as it is, and so does what is answered meanwhile.
        """
        now = self._clock.now()
        begun = [work async for work in self._works(property_code, order_id) if work.born_at <= now]
        moved = [
            await self._store.move([replace(work, due_at=work.born_at) for work in some])
            for some in batched(begun, _ROWS_AT_ONCE, strict=False)
        ]
        return sum(map(len, moved))

    async def _works(self, property_code: str, order_id: UUID | None, start: str = "") -> AsyncIterator[Work]:
        """What a property owes, or one of its orders, from the place `start` on."""
        first = UUID(start.split("|")[1]) if start else order_id
        async for work in self._store.works(property_code, first):
            if order_id not in {None, work.ask.order_id}:
                return
            if place_of(work) >= start:
                yield work


def place_of(work: Work) -> str:
    """The place of a step in a list: places sort as the steps' rows do."""
    ask = work.ask
    place = f"{ask.property_code}|{ask.order_id}|{ask.number:06}|{ask.step}"
    return f"{place}|{ask.round}" if ask.round else place
