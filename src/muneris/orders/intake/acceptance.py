"""Accepting an order: one transaction, tried again while others are faster at a row it shares with them."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from muneris.cloud.agenda import Agenda
from muneris.cloud.tables import RowConflictError
from muneris.core.attempts import Attempts
from muneris.core.identity import Caller
from muneris.orders.intake.capacity import Wanted
from muneris.orders.intake.guests import GuestLimit
from muneris.orders.intake.slots import Slots
from muneris.orders.life.scheduler import Scheduler
from muneris.orders.model import Order, Work
from muneris.orders.store import OrderStore
from muneris.orders.stored import Claim, GuestOrders, StoredOrder


@dataclass(frozen=True)
class Candidate:
    """An order that nothing speaks against, unless others have its places."""

    caller: Caller
    order: Order
    claim: Claim
    work: Work
    guest: GuestOrders | None
    wanted: Wanted


@dataclass(frozen=True)
class _Stored:
    """An order is stored: now, or `earlier` under the same key."""

    earlier: StoredOrder | None


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
        self._attempts = Attempts("the places at", sleep=sleep, chance=chance)

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
        is_first = True

        async def attempt() -> _Stored | None:
            nonlocal is_first
            guest = new.guest if is_first else await self._admit_guest_again(new)
            is_first = False
            return await self._try_to_store(new, guest)

        return (await self._attempts.run(new.order.property_code, attempt)).earlier

    async def _admit_guest_again(self, new: Candidate) -> GuestOrders | None:
        return await self._guests.admit(new.caller, new.order.property_code, new.order.order_id)

    async def _try_to_store(self, new: Candidate, guest: GuestOrders | None) -> _Stored | None:
        """None: another order of the same guest, or in the same slot, was faster, in another process."""
        code = new.order.property_code
        places = await self._slots.admit(new.wanted)
        await self._agenda.touch(code)
        try:
            await self._store.accept(new.order, new.claim, new.work, guest, places)
        except RowConflictError:
            earlier = await self._store.find(code, new.order.order_id)
            return None if earlier is None else _Stored(earlier)
        return _Stored(None)
