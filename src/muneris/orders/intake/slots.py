"""Places for orders: rows of who has them, written in the order's own transaction."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from itertools import islice
from uuid import UUID

from muneris.cloud.tables import Row, Table, rows_between
from muneris.core.clock import from_rfc3339, to_rfc3339
from muneris.core.problems import ProblemError, ProblemType
from muneris.core.turns import Turns
from muneris.orders.intake.capacity import (
    Slot,
    Wanted,
    free_windows,
    places_ahead,
    slots_of,
    window_key,
    windows_ahead,
)
from muneris.orders.intake.guests import TURN_WITHIN_SECONDS
from muneris.orders.store import OrderStore
from muneris.orders.stored import Place

SLOT_FULL = ProblemType("slot_full", 409, "Slot full")
LOOK_UPS_AT_ONCE = 16
_NEXT_TIMES = 3
_BEYOND = "~"


class Slots:
    """Admits orders to the slots that their properties limit.

    A row lists whom it admitted when. Only once it is full are those looked up, so that whoever leaves has
    nothing to write.
    """

    def __init__(self, table: Table, store: OrderStore) -> None:
        self._table = table
        self._store = store
        self._turns = Turns[tuple[str, str]](patience_seconds=TURN_WITHIN_SECONDS)
        self._look_ups = asyncio.Semaphore(LOOK_UPS_AT_ONCE)

    def turn(self, wanted: Wanted) -> AbstractAsyncContextManager[None]:
        """Orders of a slot take turns in this process: they would spoil each other's write of its row."""
        slots = slots_of(wanted)
        return self._turn(wanted.known.code, slots) if slots else nullcontext()

    async def admit(self, wanted: Wanted) -> Sequence[Place]:
        """The places an order takes, to be written with it; mostly none.

        Raises:
            ProblemError: `slot_full`, with up to three times in `next_free` that could be requested.
        """
        slots = slots_of(wanted)
        if not slots:
            return ()
        places = await asyncio.gather(*(self._take(wanted, slot) for slot in slots))
        full = {slot.key for slot, place in zip(slots, places, strict=True) if place is None}
        if full:
            raise await self._refuse(wanted, full)
        return [place for place in places if place is not None]

    @asynccontextmanager
    async def _turn(self, property_code: str, slots: Sequence[Slot]) -> AsyncIterator[None]:
        async with AsyncExitStack() as turns:
            for slot in slots:
                await turns.enter_async_context(self._turns.of((property_code, slot.key)))
            yield

    async def _take(self, wanted: Wanted, slot: Slot) -> Place | None:
        """The slot's row with this order in it; None if it is full."""
        row = await self._table.find(wanted.known.code, slot.key)
        holders = _holders(row)
        if len(holders) >= slot.places:
            holders = await self._still_there(wanted, slot, holders)
        if len(holders) >= slot.places:
            return None
        orders = {**holders, str(wanted.order_id): to_rfc3339(wanted.until)}
        return Place(slot.key, {"Orders": json.dumps(orders)}, None if row is None else row.etag)

    async def _still_there(self, wanted: Wanted, slot: Slot, holders: Mapping[str, str]) -> dict[str, str]:
        async def stays(order_id: str, until: str) -> bool:
            if slot.in_progress and from_rfc3339(until) <= wanted.now:
                return False
            async with self._look_ups:
                stored = await self._store.find(wanted.known.code, UUID(order_id))
            return stored is not None and not slot.is_left_by(stored.order)

        staying = await asyncio.gather(*(stays(*holder) for holder in holders.items()))
        return {each: holders[each] for each, stays in zip(holders, staying, strict=True) if stays}

    async def _refuse(self, wanted: Wanted, full: set[str]) -> ProblemError:
        free = free_windows(wanted, full | await self._full_windows(wanted))
        next_free = [to_rfc3339(start) for start in islice(free, _NEXT_TIMES)]
        return SLOT_FULL("No more orders are taken for this time.", next_free=next_free)

    async def _full_windows(self, wanted: Wanted) -> set[str]:
        """The windows ahead that are full unless somebody has left: nobody is looked up for a suggestion."""
        most = places_ahead(wanted.capacity)
        if most is None:
            return set()
        ahead = windows_ahead(wanted)
        first, last = window_key(wanted, ahead.earliest), window_key(wanted, ahead.latest)
        rows = rows_between(self._table, wanted.known.code, first, last + _BEYOND)
        return {row.key async for row in rows if len(_holders(row)) >= most}


def _holders(row: Row | None) -> dict[str, str]:
    """Ids of the orders that a row admitted, and when each is no longer in progress."""
    return {} if row is None else dict(json.loads(row.text("Orders")))
