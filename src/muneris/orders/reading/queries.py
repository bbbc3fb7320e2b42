"""Answering for orders: who may see which, and waiting for a change."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from muneris.core.identity import Caller
from muneris.core.problems import FORBIDDEN
from muneris.orders.access import get_key, shown
from muneris.orders.changes import Changes
from muneris.orders.model import Order
from muneris.orders.read_models import Homes
from muneris.orders.reading.listing import OrderFilter, OrderList, OrderPage
from muneris.orders.store import OrderStore
from muneris.orders.stored import StoredOrder

LONGEST_WAIT = 20.0
READS_AT_ONCE = 16
"""How many orders are read at once for those who waited: a crowd that is woken holds up nobody else."""


class OrderQueries:
    """Reads orders in one region."""

    def __init__(
        self,
        store: OrderStore,
        homes: Homes,
        changes: Changes,
        listed: OrderList,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._homes = homes
        self._changes = changes
        self._listed = listed
        self._monotonic = monotonic
        self._shared = _SharedReads(store)

    async def get_change(
        self,
        caller: Caller,
        property_code: str,
        order_id: str,
        is_known: Callable[[Order], bool],
        seconds: float,
    ) -> StoredOrder:
        """An order, if it is the caller's business, once it is no longer known.

        After `seconds` (20 at most) it is answered as it is. A caller who leaves meanwhile is waited for to
        the end, because the Functions host does not tell; it costs memory, and no reads.

        Raises:
            ProblemError: `order_not_found`, also for another's order; or the property is not here.
        """
        ends_at = self._monotonic() + min(seconds, LONGEST_WAIT)
        key = await get_key(self._homes, caller, property_code, order_id)
        with self._changes.watch(property_code, key) as watch:
            stored = shown(await self._store.find(property_code, key), caller)
            while is_known(stored.order) and (left := ends_at - self._monotonic()) > 0:
                if not await self._changes.wait(watch, stored.order.sequence, left):
                    break
                stored = shown(await self._shared.find(property_code, key), caller)
        return stored

    async def page(
        self, caller: Caller, property_code: str, wanted: OrderFilter, limit: int, start: str
    ) -> OrderPage:
        """A page of a property's orders, the newest first: all of them for staff, a guest's own for a guest.

        Raises:
            ProblemError: `forbidden`; or the property is not here.
        """
        await self._homes.require_here(property_code)
        if not caller.may_order_at(property_code):
            raise FORBIDDEN("This token is for another property.")
        own = wanted if caller.is_staff else replace(wanted, placed_by=caller.subject)
        return await self._listed.page(property_code, own, limit, start)


class _SharedReads:
    """Reads that are asked for together are one; each begins after everybody who shares it has asked."""

    def __init__(self, store: OrderStore) -> None:
        self._store = store
        self._turns = asyncio.Semaphore(READS_AT_ONCE)
        self._next: dict[tuple[str, UUID], asyncio.Task[StoredOrder | None]] = {}

    async def find(self, property_code: str, order_id: UUID) -> StoredOrder | None:
        """The order as it is now, or None."""
        key = property_code, order_id
        reading = self._next.get(key)
        if reading is None:
            reading = self._next[key] = asyncio.create_task(self._read(property_code, order_id))
        return await asyncio.shield(reading)

    async def _read(self, property_code: str, order_id: UUID) -> StoredOrder | None:
        async with self._turns:
            del self._next[property_code, order_id]  # whoever asks from now on may have heard of more
            return await self._store.find(property_code, order_id)
