"""What one sold item uses: published for whoever takes orders. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from functools import cached_property

from pydantic import BaseModel, ConfigDict


class Ingredient(BaseModel):
    """A stock item and how much of it one sold item takes, in the stock item's unit."""

    model_config = ConfigDict(frozen=True)
    sku: str
    quantity: Decimal


class Recipes(BaseModel):
    """A property's recipes by menu item. An item with no recipe is never out of stock."""

    model_config = ConfigDict(frozen=True)
    recipes: dict[int, tuple[Ingredient, ...]] = {}

    def of(self, menu_item_id: int) -> tuple[Ingredient, ...]:
        """What one of an item takes; nothing if it has no recipe."""
        return self.recipes.get(menu_item_id, ())

    @cached_property
    def quantities(self) -> Mapping[str, AbstractSet[Decimal]]:
        """The quantities that recipes take, by SKU."""
        quantities = defaultdict[str, set[Decimal]](set)
        for ingredients in self.recipes.values():
            for each in ingredients:
                quantities[each.sku].add(each.quantity)
        return quantities


def recipes_document(property_code: str) -> str:
    """The name of the document a property's recipes are published as."""
    return f"{property_code}/recipes.json"
