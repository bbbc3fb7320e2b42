"""What inventory publishes of a property, and that it says what is stored."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from muneris.cloud.documents import Documents
from muneris.core.clock import Clock
from muneris.core.groups import Groups
from muneris.core.operational import OperationalError
from muneris.inventory.availability import Availability, availability_document
from muneris.inventory.model import StockItem, is_limit, is_short
from muneris.inventory.read_models import availability_read_model, recipe_read_model
from muneris.inventory.recipes import Recipes, recipes_document
from muneris.inventory.store import Change, InventoryStore

_log = logging.getLogger(__name__)

SOON_SECONDS = 0.25
"""How long a change of stock waits for others before it is published: a limit may change with every order."""
NOTICES_AT_ONCE = 1000
"""How many changes of stock may be looked at; while storage hangs, the rest is left to the timer."""
_MOST_ROUNDS = 5


class Publishing:
    """Keeps the published recipes and availability of properties as their rows are.

    What staff change is published before they are answered. What orders take and give back is published in
    the background, if it makes a difference to what can be made, and together with what changes soon after.
    What a crash leaves undone, a timer does.
    """

    def __init__(
        self,
        store: InventoryStore,
        documents: Documents,
        clock: Clock,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._documents = documents
        self._clock = clock
        self._sleep = sleep
        self._recipes = recipe_read_model(documents, monotonic=monotonic)
        # Who has just changed something reads what it came to: asked for by its ETag every time.
        self._availability = availability_read_model(documents, fresh_seconds=0.0, monotonic=monotonic)
        self._groups = Groups[str, None, None](self._carry_out, lambda _taken, _more: True, at_once=1)
        self._notices: set[asyncio.Task[None]] = set()
        self._soon: set[str] = set()

    async def publish(self, property_code: str) -> None:
        """Have the documents say what is stored by now.

        Raises:
            OperationalError: storage did not answer; the timer repeats it.
        """
        await self._groups.join(property_code, None)

    def notice(self, property_code: str, changes: Sequence[Change[StockItem]]) -> None:
        """Look, in the background, whether what orders changed has to be published."""
        if changes and len(self._notices) < NOTICES_AT_ONCE:
            notice = asyncio.create_task(self._look_at(property_code, changes))
            self._notices.add(notice)
            notice.add_done_callback(self._notices.discard)

    async def availability(self, property_code: str) -> Availability:
        """How menu items stand, as it is published."""
        return await self._availability.find(property_code) or Availability()

    async def quiet(self) -> None:
        """Wait until all that was noticed so far is published, or left to the timer."""
        while self._notices:
            await asyncio.wait(self._notices)

    async def _look_at(self, property_code: str, changes: Sequence[Change[StockItem]]) -> None:
        try:
            recipes = await self._recipes.find(property_code) or Recipes()
            if property_code not in self._soon and any(_matters(each, recipes) for each in changes):
                await self._publish_soon(property_code)
        except OperationalError as error:
            _log.warning("the availability of %s is published later: %s", property_code, error)

    async def _publish_soon(self, property_code: str) -> None:
        self._soon.add(property_code)
        try:
            await self._sleep(SOON_SECONDS)
        finally:
            self._soon.discard(property_code)
        await self.publish(property_code)

    async def _carry_out(self, property_code: str, members: Sequence[None]) -> Sequence[None]:
        """A document has no condition to write it under: who wrote looks again whether it is still right.

        Not for ever: what others go on changing meanwhile they publish themselves.
        """
        for _ in range(_MOST_ROUNDS):
            if not await self._write_what_differs(property_code):
                break
        return members

    async def _write_what_differs(self, property_code: str) -> bool:
        """Write each document that does not say what is stored; whether there was any."""
        pantry, now = await self._store.get_pantry(property_code), self._clock.now()
        stored = {
            recipes_document(property_code): pantry.published_recipes(now),
            availability_document(property_code): pantry.published_availability(now),
        }
        differs = False
        for name, document in stored.items():
            body = document.model_dump_json().encode()
            published = await self._documents.find(name)
            if published is None or published.body != body:
                await self._documents.put(name, body)
                differs = True
        await self._recipes.find(property_code, fresh=True)
        return differs


def _matters(change: Change[StockItem], recipes: Recipes) -> bool:
    """Whether it makes a difference to what can be made, or to what is left of a limit."""
    before, after = None if change.before is None else change.before.value, change.value
    return is_limit(after.sku) or any(
        is_short(before, quantity) != is_short(after, quantity)
        for quantity in recipes.quantities.get(after.sku, ())
    )
