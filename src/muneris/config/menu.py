"""A property's menu as an app orders from it: what config publishes and everybody reads. Pure."""

import hashlib
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field

from muneris.inventory.availability import Availability, ItemAvailability

Text = dict[str, str]
"""A text by language code: `{"en-US": "Soup"}`."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Price(_Part):
    """One of a definition's prices, in the menu's currency."""

    price_sequence: int = Field(examples=[1])
    name: str | None = Field(default=None, examples=["Lunch"])
    price: Decimal = Field(examples=["89.50"])


class CondimentRule(_Part):
    """How many condiments of a group one unit of the item takes. `max` 0: no upper limit."""

    condiment_group_id: int = Field(examples=[52])
    min: int = Field(examples=[0])
    max: int = Field(examples=[2])


class Definition(_Part):
    """One of an item's variants (Simphony's menu item definition)."""

    definition_sequence: int = Field(examples=[1])
    name: Text | None = Field(default=None, examples=[{"en-US": "Large"}])
    prices: tuple[Price, ...]
    condiment_groups: tuple[CondimentRule, ...] = ()

    def find_price(self, price_sequence: int) -> Decimal | None:
        """One of its prices, or None."""
        for each in self.prices:
            if each.price_sequence == price_sequence:
                return each.price
        return None


class Item(_Part):
    """Something to order. `availability` is how it stands when the menu is shown; it is not published."""

    menu_item_id: int = Field(examples=[11001])
    name: Text = Field(examples=[{"en-US": "Soup", "da-DK": "Suppe"}])
    description: Text | None = Field(default=None, examples=[{"en-US": "With bread"}])
    image: str | None = Field(default=None, examples=["https://images.nordickitchens.example/soup.jpg"])
    definitions: tuple[Definition, ...]
    availability: ItemAvailability | None = Field(
        default=None, examples=[{"state": "limited", "quantity": 5, "until": "2030-05-04T20:00:00Z"}]
    )
    tax_class: int | None = Field(default=None, examples=[1])


class Condiment(_Part):
    """A choice within a group, and what one of it costs."""

    condiment_id: int = Field(examples=[52003])
    name: Text = Field(examples=[{"en-US": "Croutons"}])
    price: Decimal = Field(examples=["5.00"])
    definition_sequence: int = Field(default=1, examples=[1])


class CondimentGroup(_Part):
    """Choices that belong together."""

    condiment_group_id: int = Field(examples=[52])
    name: Text = Field(examples=[{"en-US": "Toppings"}])
    condiments: tuple[Condiment, ...]


class Group(_Part):
    """Items shown together."""

    id: int = Field(examples=[3])
    name: Text = Field(examples=[{"en-US": "Starters"}])
    item_ids: tuple[int, ...] = Field(examples=[[11001]])


class Menu(_Part):
    """Everything a property sells. `version` changes whenever anything in it does."""

    version: str = Field(examples=["5f0c8f1e0c1d4d3f9a8b7c6d5e4f3a2b"])
    currency: str = Field(examples=["DKK"])
    languages: tuple[str, ...] = Field(examples=[["en-US", "da-DK"]])
    groups: tuple[Group, ...]
    items: tuple[Item, ...]
    condiment_groups: tuple[CondimentGroup, ...]

    @cached_property
    def definitions(self) -> dict[tuple[int, int], Definition]:
        """Every definition by item and sequence."""
        return {
            (item.menu_item_id, each.definition_sequence): each
            for item in self.items
            for each in item.definitions
        }

    @cached_property
    def names(self) -> dict[int, Text]:
        """Every item's name by its id."""
        return {item.menu_item_id: item.name for item in self.items}

    @cached_property
    def condiments(self) -> dict[int, dict[tuple[int, int], Condiment]]:
        """The condiments of each group, by id and definition sequence."""
        return {
            group.condiment_group_id: {
                (each.condiment_id, each.definition_sequence): each for each in group.condiments
            }
            for group in self.condiment_groups
        }


def with_availability(menu: Menu, availability: Availability, now: datetime) -> Menu:
    """A menu with how each of its items stands at that moment, by which its version differs, too."""
    items = tuple(
        item.model_copy(update={"availability": availability.of(item.menu_item_id, now)})
        for item in menu.items
    )
    version = menu.version
    if restricted := availability.restricted(now):
        version += f"-{hashlib.sha256(repr(restricted).encode()).hexdigest()[:16]}"
    return menu.model_copy(update={"items": items, "version": version})


def menu_document(property_code: str) -> str:
    """The name of the document a property's menu is published as."""
    return f"{property_code}/menu.json"
