"""Accepting an order: one transaction, tried again while others are faster at a row it shares with them."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from muneris.cloud.agenda import Agenda
from muneris.cloud.tables import RowConflictError
from muneris.core.identity import Caller
from muneris.core.operational import OperationalError
from muneris.orders.intake.capacity import Wanted
from muneris.orders.intake.guests import GuestLimit
from muneris.orders.intake.slots import Slots
from muneris.orders.life.scheduler import Scheduler
from muneris.orders.model import Order, Work
from muneris.orders.store import OrderStore
from muneris.orders.stored import Claim, GuestOrders, StoredOrder

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 1.0
_MOST_ATTEMPTS = 30


@dataclass(frozen=True)
class Candidate:
    """An order that nothing speaks against, unless others have its places."""

    caller: Caller
    order: Order
    claim: Claim
    work: Work
    guest: GuestOrders | None
    wanted: Wanted


class Acceptance:
    """Stores orders with their places among their guest's and in slots."""

    def __init__(
        self,
        store: OrderStore,
        agenda: Agenda,
        scheduler: Scheduler,
        guests: GuestLimit,
        slots: Slots,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._agenda = agenda
        self._scheduler = scheduler
        self._guests = guests
        self._slots = slots
        self._sleep = sleep
        self._chance = chance

    async def accept(self, new: Candidate) -> StoredOrder | None:
        """Store an order and begin its life, at once or when it is due.

        What was accepted under its key before is returned instead; None: it is accepted now.

        Raises:
            ProblemError: `slot_full` or `too_many_open_orders`; nothing was stored.
            OperationalError: it is not known to be stored.
        """
        async with self._slots.turn(new.wanted):
            earlier = await self._store_first(new)
        if earlier is None and new.wanted.timing.release_at is None:
            self._scheduler.offer([new.work])
        return earlier

    async def _store_first(self, new: Candidate) -> StoredOrder | None:
        code, guest, pause = new.order.property_code, new.guest, _FIRST_PAUSE
        for _ in range(_MOST_ATTEMPTS):
            places = await self._slots.admit(new.wanted)
            await self._agenda.touch(code)
            try:
                await self._store.accept(new.order, new.claim, new.work, guest, places)
            except RowConflictError:
                earlier = await self._store.find(code, new.order.order_id)
                if earlier is not None:
                    return earlier
            else:
                return None
            # Another order of the same guest, or in the same slot, was faster, in another process.
            await self._sleep(pause * self._chance())
            pause = min(_LONGEST_PAUSE, pause * 2)
            guest = await self._guests.admit(new.caller, code, new.order.order_id)
        raise OperationalError(f"others take places at {code} all the time")
