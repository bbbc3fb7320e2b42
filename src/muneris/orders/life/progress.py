"""Orders move on: inventory's answers applied, each once."""

from collections.abc import Sequence

from muneris.cloud.events import Event
from muneris.core.clock import Clock, from_rfc3339
from muneris.inventory.model import is_limit
from muneris.inventory.recipes import Recipes
from muneris.orders.events import ask_of
from muneris.orders.life import round_transitions, transitions
from muneris.orders.life.answers import Answers
from muneris.orders.life.scheduler import Scheduler
from muneris.orders.life.targets import Targets
from muneris.orders.model import Advance, Ask, Order, Status, Step
from muneris.orders.read_models import ReadModel
from muneris.orders.store import OrderStore


class Progress:
    """What orders do when inventory has answered. `recipes` tell which menu items lack what is short."""

    def __init__(
        self,
        store: OrderStore,
        scheduler: Scheduler,
        targets: Targets,
        clock: Clock,
        recipes: ReadModel[Recipes],
    ) -> None:
        self._store = store
        self._answers = Answers(store, scheduler, targets)
        self._clock = clock
        self._recipes = recipes

    async def apply(self, event: Event) -> None:
        """Apply an answer. One whose ask is gone was applied before: it is dropped.

        Raises:
            ValueError: it is no answer to any ask.
            OperationalError: storage does not answer; the ask will be repeated, and so will its answer.
        """
        ask = ask_of(event)
        if ask.step in {Step.POST, Step.VOID}:
            raise ValueError(f"{event.type} {event.id} is no answer of inventory's")
        asked = event.data.get("asked_at")
        asked_at = from_rfc3339(str(asked)) if asked else None
        await self._apply(ask, event)
        await self._answers.heard(ask, asked_at)

    async def _apply(self, ask: Ask, event: Event) -> None:
        if ask.step is not Step.RESERVE:
            await self._store.finish([ask])
            return
        recalled = self._store.recall(ask.property_code, ask.order_id)
        if recalled is not None and ask not in recalled.order.awaited:
            recalled = None  # remembered from before this was asked: it knows nothing of it
        if event.type == "muneris.stock.reserved":
            await self._answers.apply(ask, lambda order: self._reserved(order, ask), recalled)
            return
        skus = event.data.get("items")
        short = [str(each) for each in skus] if isinstance(skus, list) else []
        recipes = await self._recipes.find(ask.property_code) or Recipes()
        await self._answers.apply(ask, lambda order: self._rejected(order, ask, short, recipes), recalled)

    def _reserved(self, order: Order, ask: Ask) -> Advance | None:
        if ask.round:
            return round_transitions.stock_reserved(order, ask.round, self._clock.now())
        if order.status is not Status.RECEIVED:
            return None
        return transitions.stock_reserved(order, self._clock.now())

    def _rejected(self, order: Order, ask: Ask, short: Sequence[str], recipes: Recipes) -> Advance | None:
        """Nothing was held. If only limits are short, the stock would do: staff sell no more of an item."""
        found, now = round_transitions.find(order, ask.round), self._clock.now()
        lines = order.priced_lines if found is None else found.priced_lines
        ids = dict.fromkeys(line.menu_item_id for line in lines)
        items = [each for each in ids if any(part.sku in short for part in recipes.of(each))]
        reason = "item_unavailable" if short and all(map(is_limit, short)) else "out_of_stock"
        if ask.round:
            return round_transitions.stock_rejected(order, ask.round, short, now, items, reason)
        if order.status is not Status.RECEIVED:
            return None
        return transitions.stock_rejected(order, short, now, items, reason)
