"""Orders move on: inventory's answers applied, each once."""

import logging

from muneris.cloud.events import Event
from muneris.core.clock import Clock
from muneris.orders import model
from muneris.orders.events import ask_of
from muneris.orders.model import Advance, Ask, Order, Status, Step
from muneris.orders.scheduler import Scheduler
from muneris.orders.store import OrderStore, StoredOrder
from muneris.orders.targets import Targets, target_of

_log = logging.getLogger(__name__)


class Progress:
    """What orders do when inventory has answered."""

    def __init__(self, store: OrderStore, scheduler: Scheduler, targets: Targets, clock: Clock) -> None:
        self._store = store
        self._scheduler = scheduler
        self._targets = targets
        self._clock = clock

    async def apply(self, event: Event) -> None:
        """Apply an answer. One whose ask is gone was applied before: it is dropped.

        Raises:
            ValueError: it is no answer to any ask.
            OperationalError: storage does not answer; the ask will be repeated, and so will its answer.
        """
        ask = ask_of(event)
        await self._apply(ask, event)
        target = target_of(ask)
        if target is not None:
            await self._targets.answered(target)

    async def _apply(self, ask: Ask, event: Event) -> None:
        if ask.step is not Step.RESERVE:
            await self._store.finish([ask])
            return
        while (stored := await self._recall_or_find(ask)) is not None:
            if stored.order.status is not Status.RECEIVED:
                return
            advance = self._after_reserve(stored.order, event)
            if await self._store.advance(stored.etag, ask, advance):
                self._scheduler.offer(advance.begun)
                return
            if await self._store.find_work(ask) is None:
                return
        _log.error("an answer for order %s, which does not exist", ask.order_id)

    async def _recall_or_find(self, ask: Ask) -> StoredOrder | None:
        recalled = self._store.recall(ask.property_code, ask.order_id)
        return recalled or await self._store.find(ask.property_code, ask.order_id)

    def _after_reserve(self, order: Order, event: Event) -> Advance:
        now = self._clock.now()
        if event.type == "muneris.stock.reserved":
            return model.stock_reserved(order, now)
        items = event.data.get("items")
        return model.stock_rejected(
            order, [str(each) for each in items] if isinstance(items, list) else [], now
        )
