"""Orders that need somebody's attention: what cannot be settled from here, found without looking for it."""

import asyncio
import re
from collections.abc import AsyncIterator
from itertools import batched
from uuid import UUID

from muneris.cloud.agenda import Agenda
from muneris.cloud.tables import Row
from muneris.orders.reading.listing import OrderPage
from muneris.orders.store import OrderStore
from muneris.orders.stored import StoredOrder

AGENDA = "attention"
POSITION = re.compile(r"[A-Z0-9-]+\|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What the place of an order in this list looks like: its property and its id."""
_READS_AT_ONCE = 16


class Attention:
    """The region's orders that need attention, or a round of theirs does.

    Each has an entry in partition `attention` of table `Agenda`.
    """

    def __init__(self, agenda: Agenda, store: OrderStore) -> None:
        self._agenda = agenda
        self._store = store

    async def announce(self, property_code: str, order_id: UUID) -> None:
        """Say that an order is about to need attention: before the transaction that says so of the order."""
        await self._agenda.touch(f"{property_code}|{order_id}")

    async def count(self) -> int:
        """How many there are."""
        return len([place async for place, _ in self.orders()])

    async def page(self, limit: int, start: str) -> OrderPage:
        """At most `limit` of them from the place `start` on; the first page's is empty."""
        found: list[StoredOrder] = []
        async for place, stored in self.orders(start):
            if len(found) == limit:
                return OrderPage(tuple(found), place)
            found.append(stored)
        return OrderPage(tuple(found), None)

    async def orders(self, start: str = "") -> AsyncIterator[tuple[str, StoredOrder]]:
        """All of them from the place `start` on, by property, the oldest first, each with its place.

        Entries of those that were settled go.
        """
        entries = [entry for entry in await self._agenda.entries() if entry.key >= start]
        for some in batched(entries, _READS_AT_ONCE, strict=False):
            for entry, stored in zip(some, await asyncio.gather(*map(self._find, some)), strict=True):
                if stored is not None:
                    yield entry.key, stored

    async def _find(self, entry: Row) -> StoredOrder | None:
        property_code, _, order_id = entry.key.partition("|")
        stored = await self._store.find(property_code, UUID(order_id))
        if stored is not None and stored.order.needs_attention:
            return stored
        await self._agenda.drop_settled(entry)
        return None
