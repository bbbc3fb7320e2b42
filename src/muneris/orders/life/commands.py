"""What people do to orders: cancel them, say how far the kitchen is, settle what is in doubt."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Literal

from muneris.cloud.agenda import Agenda
from muneris.core.attempts import Attempts
from muneris.core.clock import Clock
from muneris.core.identity import Caller
from muneris.core.problems import FORBIDDEN
from muneris.orders.access import get_key, shown
from muneris.orders.life import transitions, wishes
from muneris.orders.life.answers import Decide
from muneris.orders.life.scheduler import Scheduler
from muneris.orders.life.wishes import Resolution
from muneris.orders.model import Status, Step
from muneris.orders.read_models import Homes
from muneris.orders.store import OrderStore
from muneris.orders.stored import StoredOrder


class OrderCommands:
    """Changes orders in one region. Each command answers with the order as it is after it.

    All raise `ProblemError`: `order_not_found`, also for another's order; the property is not here; or what
    `wishes` refuses. Nothing was changed then. An `OperationalError` leaves open whether it was: the same
    command again settles it.
    """

    def __init__(
        self,
        store: OrderStore,
        agenda: Agenda,
        scheduler: Scheduler,
        homes: Homes,
        clock: Clock,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._agenda = agenda
        self._scheduler = scheduler
        self._homes = homes
        self._clock = clock
        self._attempts = Attempts("order", sleep=sleep, chance=chance)

    async def cancel(
        self, caller: Caller, property_code: str, order_id: str, comment: str | None
    ) -> StoredOrder:
        """Call an order off, for staff and for whoever placed it; again it has no effect."""
        stored = await self._change(
            caller,
            property_code,
            order_id,
            lambda order: wishes.cancel(order, caller.subject, comment, self._clock.now()),
        )
        return await self._end_post(stored)

    async def fulfil(
        self,
        caller: Caller,
        property_code: str,
        order_id: str,
        status: Literal["preparing", "ready", "completed"],
    ) -> StoredOrder:
        """Say how far the kitchen is with an order, for staff."""
        _require_staff(caller)
        return await self._change(
            caller,
            property_code,
            order_id,
            lambda order: wishes.fulfil(order, status, caller.subject, self._clock.now()),
        )

    async def resolve(
        self, caller: Caller, property_code: str, order_id: str, resolution: Resolution
    ) -> StoredOrder:
        """Settle what could not be settled from here, for staff."""
        _require_staff(caller)
        return await self._change(
            caller,
            property_code,
            order_id,
            lambda order: wishes.resolve(order, resolution, caller.subject, self._clock.now()),
        )

    async def _change(self, caller: Caller, property_code: str, order_id: str, decide: Decide) -> StoredOrder:
        """The order once it is so; whoever loses it to another change decides anew."""
        key = await get_key(self._homes, caller, property_code, order_id)

        async def attempt() -> StoredOrder | None:
            stored = shown(await self._store.find(property_code, key), caller)
            advance = decide(stored.order)
            if advance is None:
                return stored
            await self._agenda.touch(property_code)
            changed = await self._store.advance(stored, advance)
            if changed is not None:
                self._scheduler.offer(advance.begun)
            return changed

        return await self._attempts.run(str(key), attempt)

    async def _end_post(self, stored: StoredOrder) -> StoredOrder:
        """End the post of a cancelled order if it was surely not sent; else it is looked at at once.

        So is a round's: with its end the void begins.
        """
        posts = [ask for ask in stored.order.awaited if ask.step is Step.POST]
        for ask in posts if stored.order.status is Status.CANCELLING else ():
            work = await self._store.find_work(ask)  # after the order, of which no call is claimed any more
            if work is None:
                continue
            if ask.round or work.first_sent_at is not None:
                self._scheduler.offer([work])
                continue
            done = transitions.cancellation_done(stored.order, self._clock.now(), "orders")
            ended = await self._store.advance(stored, done, ask)
            if ended is not None:
                self._scheduler.offer(done.begun)
                return ended
        return stored


def _require_staff(caller: Caller) -> None:
    if not caller.is_staff:
        raise FORBIDDEN("Only staff may do this.")
