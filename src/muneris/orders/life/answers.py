"""Answers are applied to orders as they are now, each once."""

import logging
from collections.abc import Callable
from datetime import datetime

from muneris.core.operational import OperationalError
from muneris.orders.life.scheduler import Scheduler
from muneris.orders.life.targets import Targets, target_of
from muneris.orders.model import Advance, Ask, Order
from muneris.orders.store import OrderStore
from muneris.orders.stored import StoredOrder

_log = logging.getLogger(__name__)

MOST_TRIES = 20
"""How often an order may change while something is decided for it."""

Decide = Callable[[Order], Advance | None]
"""What becomes of an order as it is now; None: nothing."""


class OrderContestedError(OperationalError):
    """The order changed each time something was decided for it."""


class Answers:
    """Applies answers, and sends what begins with them."""

    def __init__(self, store: OrderStore, scheduler: Scheduler, targets: Targets) -> None:
        self._store = store
        self._scheduler = scheduler
        self._targets = targets

    async def apply(self, ask: Ask, decide: Decide, stored: StoredOrder | None = None) -> None:
        """Apply the answer to an ask; one whose ask is gone was applied before: it is dropped.

        `stored`: the order as far as it is known, which saves reading it unless it changed.

        Raises:
            OperationalError: storage does not answer; the ask will be repeated, and so will its answer.
        """
        stored = stored or await self._store.find(ask.property_code, ask.order_id)
        for _ in range(MOST_TRIES):
            if stored is None:
                _log.error("an answer for order %s, which does not exist", ask.order_id)
                return
            advance = decide(stored.order)
            if advance is None:
                return
            if await self._store.advance(stored, advance, ask) is not None:
                self._scheduler.offer(advance.begun)
                return
            stored = await self._store.find(ask.property_code, ask.order_id)
            if await self._store.find_work(ask) is None:  # looked at after the order, which so awaits it
                return
        raise OrderContestedError(f"order {ask.order_id} changes all the time")

    async def heard(self, ask: Ask, asked_at: datetime | None = None) -> None:
        """Whoever was asked has answered, whatever that was. `asked_at`: when, if it is known."""
        target = target_of(ask)
        if target is not None:
            await self._targets.answered(target, asked_at)
