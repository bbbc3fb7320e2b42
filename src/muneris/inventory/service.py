"""Keeping stock items, recipes and what is on the menu now."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from muneris.cloud.documents import Documents
from muneris.core.clock import Clock
from muneris.core.problems import ProblemType
from muneris.inventory.attempts import Attempts
from muneris.inventory.availability import Availability, ItemAvailability, availability_document
from muneris.inventory.model import StockItem
from muneris.inventory.recipes import Ingredient, Recipes, recipes_document
from muneris.inventory.store import InventoryStore

LESS_THAN_HELD = ProblemType("less_than_held", 409, "Less than orders hold")


@dataclass(frozen=True)
class ItemPage:
    """Some stock items; `following` is the SKU that the next page starts with, None after the last."""

    items: Sequence[StockItem]
    following: str | None


class Inventory:
    """Commands and queries of what a property keeps in stock and makes of it."""

    def __init__(self, store: InventoryStore, documents: Documents, clock: Clock, attempts: Attempts) -> None:
        self._store = store
        self._documents = documents
        self._clock = clock
        self._attempts = attempts

    async def put_item(self, property_code: str, item: StockItem) -> StockItem:
        """Create an item, or change it: what is held of it stays held.

        Raises:
            ProblemError: `less_than_held`; nothing was changed.
        """

        async def attempt() -> StockItem | None:
            known = await self._store.find_item(property_code, item.sku)
            if known is None:
                return item if await self._store.put_item(property_code, item, None) else None
            if item.on_hand < known.value.held:
                raise LESS_THAN_HELD(
                    f"Orders hold {known.value.held} of {item.sku}: not less can be on hand."
                )
            changed = item.model_copy(update={"held": known.value.held})
            return changed if await self._store.put_item(property_code, changed, known.etag) else None

        return await self._attempts.run(property_code, "stock", attempt)

    async def find_item(self, property_code: str, sku: str) -> StockItem | None:
        """A stock item, or None."""
        stored = await self._store.find_item(property_code, sku)
        return None if stored is None else stored.value

    async def items(self, property_code: str, limit: int, start: str = "") -> ItemPage:
        """At most `limit` stock items by SKU, from the SKU `start` on."""
        found: list[StockItem] = []
        async for item in self._store.items(property_code, start):
            if len(found) == limit:
                return ItemPage(found, item.sku)
            found.append(item)
        return ItemPage(found, None)

    async def put_recipe(
        self, property_code: str, menu_item_id: int, ingredients: tuple[Ingredient, ...]
    ) -> Recipes:
        """Write what one sold item uses, and publish it with the others: done when both are."""

        async def attempt() -> Recipes:
            await self._store.put_recipe(property_code, menu_item_id, ingredients)
            return await self._publish(recipes_document, property_code, self._store.get_recipes)

        return await self._attempts.run(property_code, "recipes", attempt)

    async def put_availability(
        self, property_code: str, menu_item_id: int, availability: ItemAvailability
    ) -> Availability:
        """Say whether a menu item can be made, and publish it: done when both are."""

        async def attempt() -> Availability | None:
            known = await self._store.find_availability(property_code)
            items = known.value.items if known else {}
            changed = Availability(items={**items, menu_item_id: availability})
            etag = known.etag if known else None
            if not await self._store.put_availability(property_code, changed, etag):
                return None
            return await self._publish(availability_document, property_code, self.availability)

        return await self._attempts.run(property_code, "availability", attempt)

    async def unavailable(self, property_code: str) -> Availability:
        """The menu items that cannot be made now."""
        known, now = (await self.availability(property_code)).items, self._clock.now()
        return Availability(items={each: known[each] for each in known if known[each].is_unavailable(now)})

    async def availability(self, property_code: str) -> Availability:
        """What is known of a property's menu items."""
        stored = await self._store.find_availability(property_code)
        return Availability() if stored is None else stored.value

    async def _publish[T: BaseModel](
        self, name_of: Callable[[str], str], property_code: str, read: Callable[[str], Awaitable[T]]
    ) -> T:
        """Publish what is stored, until nothing newer is: another process may publish at the same time."""
        published = await read(property_code)
        while True:
            await self._documents.put(name_of(property_code), published.model_dump_json().encode())
            newest = await read(property_code)
            if newest == published:
                return published
            published = newest
