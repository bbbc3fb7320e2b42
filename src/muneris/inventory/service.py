"""Keeping stock items, recipes, and what staff say of menu items."""

from collections.abc import Sequence
from dataclasses import dataclass

from muneris.core.clock import Clock
from muneris.inventory.attempts import Attempts
from muneris.inventory.availability import Availability, ItemAvailability
from muneris.inventory.model import StockItem, is_limit, limit_sku
from muneris.inventory.movement import require_held
from muneris.inventory.pantry import limit_after
from muneris.inventory.publishing import Publishing
from muneris.inventory.recipes import Ingredient
from muneris.inventory.store import Change, InventoryStore


@dataclass(frozen=True)
class ItemPage:
    """Some stock items; `following` is the SKU that the next page starts with, None after the last."""

    items: Sequence[StockItem]
    following: str | None


class Inventory:
    """Commands and queries of what a property keeps in stock and makes of it."""

    def __init__(
        self, store: InventoryStore, publishing: Publishing, clock: Clock, attempts: Attempts
    ) -> None:
        self._store = store
        self._publishing = publishing
        self._clock = clock
        self._attempts = attempts

    async def put_item(self, property_code: str, item: StockItem) -> StockItem:
        """Create an item, or change it: what is held of it stays held. Done when it is published, too.

        Raises:
            ProblemError: `less_than_held`; nothing was changed.
        """

        async def attempt() -> StockItem | None:
            known = await self._store.find_item(property_code, item.sku)
            changed = item if known is None else item.model_copy(update={"held": known.value.held})
            require_held(changed)
            return changed if await self._store.put_item(property_code, Change(changed, known)) else None

        changed = await self._attempts.run(property_code, attempt)
        await self._publishing.publish(property_code)
        return changed

    async def find_item(self, property_code: str, sku: str) -> StockItem | None:
        """A stock item, or None."""
        stored = await self._store.find_item(property_code, sku)
        return None if stored is None else stored.value

    async def items(self, property_code: str, limit: int, start: str = "") -> ItemPage:
        """At most `limit` stock items by SKU, from the SKU `start` on; menu items' limits are none."""
        found: list[StockItem] = []
        async for item in self._store.items(property_code, start):
            if is_limit(item.sku):
                continue
            if len(found) == limit:
                return ItemPage(found, item.sku)
            found.append(item)
        return ItemPage(found, None)

    async def put_recipe(
        self, property_code: str, menu_item_id: int, ingredients: tuple[Ingredient, ...]
    ) -> None:
        """Write what one sold item uses, and publish it with the others: done when both are."""
        await self._store.put_recipe(property_code, menu_item_id, ingredients)
        await self._publishing.publish(property_code)

    async def put_availability(self, property_code: str, menu_item_id: int, said: ItemAvailability) -> None:
        """Say whether a menu item can be made, and how many of it; publish it: done when both are.

        Its `quantity`, if it is limited, is what may be sold from now on.
        """

        async def attempt() -> bool | None:
            known = await self._store.find_item(property_code, limit_sku(menu_item_id))
            limit = limit_after(said, menu_item_id, None if known is None else known.value, self._clock.now())
            change = None if limit is None else Change(limit, known)
            return await self._store.put_availability(property_code, menu_item_id, said, change) or None

        await self._attempts.run(property_code, attempt)
        await self._publishing.publish(property_code)

    async def availability(self, property_code: str) -> Availability:
        """How a property's menu items stand, by what staff said and by its stock."""
        return await self._publishing.availability(property_code)
