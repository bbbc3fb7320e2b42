"""Places for orders: rows of who has them, written in the order's own transaction."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from muneris.cloud.tables import Row, Table, rows_between
from muneris.core.clock import from_rfc3339, to_rfc3339
from muneris.core.problems import ProblemError, ProblemType
from muneris.core.recent import Recent
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
READS_AT_ONCE = 16
LOOK_UP_SECONDS = 1.0
"""How long those who waited for a slot go by one look-up."""
_LOOK_UPS_KEPT = 1_000
_NEXT_TIMES = 3
_BEYOND = "~"


@dataclass(frozen=True)
class _LookUp:
    """When somebody began to look up whom a slot's row lists, and who of them has left it, for good."""

    begun_at: float
    left: frozenset[str]


class Slots:
    """Admits orders to the slots that their properties limit.

    A row lists whom it admitted when. Only once it is full are those looked up, so that whoever leaves has
    nothing to write; of the orders that wait for a slot one looks them up for all. However old that is, it
    lets nobody in too many: who has left does not come back, and the row's ETag guards the places.
    """

    def __init__(
        self, table: Table, store: OrderStore, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._table = table
        self._store = store
        self._monotonic = monotonic
        self._turns = Turns[tuple[str, str]](patience_seconds=TURN_WITHIN_SECONDS)
        self._came_at: dict[tuple[str, str], float] = {}
        self._look_ups = Recent[tuple[str, str], _LookUp](_LOOK_UPS_KEPT)
        self._reads = asyncio.Semaphore(READS_AT_ONCE)

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
        """Until it ends it is known since when whoever has the turn of a slot has waited for it."""
        came_at = self._monotonic()
        async with AsyncExitStack() as turns:
            for slot in slots:
                name = property_code, slot.key
                await turns.enter_async_context(self._turns.of(name))
                self._came_at[name] = came_at
                turns.callback(self._came_at.pop, name)
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
        """Those who are not known to have left; who came since they were looked up is there."""
        name = wanted.known.code, slot.key
        present = {
            order_id: until
            for order_id, until in holders.items()
            if not (slot.in_progress and from_rfc3339(until) <= wanted.now)
        }
        known = self._look_ups.find(name)
        if known is None or not self._may_share(known, name):
            known = _LookUp(self._monotonic(), await self._look_up(wanted.known.code, slot, present))
            self._look_ups.put(name, known)
        return {order_id: until for order_id, until in present.items() if order_id not in known.left}

    def _may_share(self, known: _LookUp, name: tuple[str, str]) -> bool:
        """Whether it was begun after whoever has the slot's turn came, and a short while ago."""
        came_at = self._came_at.get(name)
        is_recent = self._monotonic() - known.begun_at <= LOOK_UP_SECONDS
        return is_recent and came_at is not None and came_at < known.begun_at

    async def _look_up(self, property_code: str, slot: Slot, order_ids: Collection[str]) -> frozenset[str]:
        """Which of these orders have left a slot."""

        async def has_left(order_id: str) -> bool:
            async with self._reads:
                stored = await self._store.find(property_code, UUID(order_id))
            return stored is None or slot.is_left_by(stored.order)

        have_left = await asyncio.gather(*map(has_left, order_ids))
        return frozenset(each for each, left in zip(order_ids, have_left, strict=True) if left)

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
