"""What menu items depend on, and what is published of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from muneris.inventory.availability import Availability, ItemAvailability
from muneris.inventory.model import StockItem, is_short, limit_sku
from muneris.inventory.recipes import Ingredient, Recipes


@dataclass(frozen=True)
class Pantry:
    """A property's recipes, what staff said of its menu items, and its stock items by SKU."""

    recipes: Recipes
    said: Mapping[int, ItemAvailability]
    items: Mapping[str, StockItem]

    def published_recipes(self, now: datetime) -> Recipes:
        """The recipes that orders are taken by: one of a limited item takes one of its limit as well."""
        limited = {
            each: (*self.recipes.of(each), Ingredient(sku=limit_sku(each), quantity=Decimal(1)))
            for each in self.said
            if self._limit(each, now)
        }
        return Recipes(recipes={**self.recipes.recipes, **limited})

    def published_availability(self, now: datetime) -> Availability:
        """What staff said and is not over, with what is left of limits; and what is out of stock."""
        stand = {each: self._stand(each, now) for each in self.said}
        restricted = {each: stands for each, stands in stand.items() if stands is not None}
        short = (each for each in self.recipes.recipes if not self._suffices_for(each))
        return Availability(items=restricted, out_of_stock=tuple(sorted(short)))

    def _stand(self, menu_item_id: int, now: datetime) -> ItemAvailability | None:
        """What restricts an item, by its staff's word; or None."""
        said, limit = self.said[menu_item_id], self._limit(menu_item_id, now)
        if limit is not None:
            return ItemAvailability(state="limited", quantity=int(limit.available), until=limit.until)
        return said if said.state == "unavailable" and not said.is_over(now) else None

    def _limit(self, menu_item_id: int, now: datetime) -> StockItem | None:
        """The limit that counts for an item, or None: of two who said something at once one set no limit."""
        limit = self.items.get(limit_sku(menu_item_id))
        counts = self.said[menu_item_id].state == "limited" and limit is not None and not limit.is_over(now)
        return limit if counts else None

    def _suffices_for(self, menu_item_id: int) -> bool:
        """Whether there is enough for one of an item."""
        return not any(
            is_short(self.items.get(each.sku), each.quantity) for each in self.recipes.of(menu_item_id)
        )


def limit_after(
    said: ItemAvailability, menu_item_id: int, limit: StockItem | None, now: datetime
) -> StockItem | None:
    """What a menu item's limit becomes once this was said of the item; None: it stays as it is.

    One that ends is kept, because orders may hold some of it.
    """
    if said.state == "limited":
        held = Decimal(0) if limit is None else limit.held
        return StockItem(
            sku=limit_sku(menu_item_id),
            name=f"Limit of menu item {menu_item_id}",
            on_hand=held + (said.quantity or 0),
            held=held,
            until=said.until,
        )
    if limit is None or limit.is_over(now):
        return None
    return limit.model_copy(update={"until": now})
