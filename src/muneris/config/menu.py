"""A property's menu as an app orders from it: what config publishes and everybody reads. Pure."""

from datetime import datetime
from decimal import Decimal
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field

from muneris.config.menu_version import shown_version
from muneris.config.ordering import WeeklyHours
from muneris.inventory.availability import AVAILABLE, Availability, ItemAvailability

Text = dict[str, str]
"""A text by language code: `{"en-US": "Soup"}`."""


_NOT_FOR_SALE = ItemAvailability(state="unavailable")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Price(_Part):
    """One of a definition's prices, in the menu's currency; `level` is the menu level that has it.

    It may be ordered in its `hours`, by the property's clock; None: at any time.
    """

    price_sequence: int = Field(examples=[1])
    name: str | None = Field(default=None, examples=["Lunch"])
    price: Decimal = Field(examples=["89.50"])
    level: int | None = Field(default=None, examples=[2])
    hours: WeeklyHours | None = Field(default=None, examples=[{"fri": [{"from": "16:00", "to": "18:00"}]}])


class CondimentRule(_Part):
    """How many condiments of a group one unit of the item takes. `max` 0: no upper limit."""

    condiment_group_id: int = Field(examples=[52])
    min: int = Field(examples=[0])
    max: int = Field(examples=[2])


class Definition(_Part):
    """One of an item's variants (Simphony's menu item definition); whether the POS can sell it."""

    definition_sequence: int = Field(examples=[1])
    name: Text | None = Field(default=None, examples=[{"en-US": "Large"}])
    prices: tuple[Price, ...]
    condiment_groups: tuple[CondimentRule, ...] = ()
    available: bool = Field(default=True, examples=[True])

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

    @property
    def is_for_sale(self) -> bool:
        """Whether the POS can sell it in some form."""
        return any(each.available for each in self.definitions)


class Condiment(_Part):
    """A choice within a group, what one of it costs, and whether the POS can sell it."""

    condiment_id: int = Field(examples=[52003])
    name: Text = Field(examples=[{"en-US": "Croutons"}])
    price: Decimal = Field(examples=["5.00"])
    definition_sequence: int = Field(default=1, examples=[1])
    available: bool = Field(default=True, examples=[True])


class CondimentGroup(_Part):
    """Choices that belong together."""

    condiment_group_id: int = Field(examples=[52])
    name: Text = Field(examples=[{"en-US": "Toppings"}])
    condiments: tuple[Condiment, ...]


class ComboChoice(_Part):
    """An item that a combo offers, and what it adds to the combo's price; without prices, nothing."""

    menu_item_id: int = Field(examples=[12001])
    definition_sequence: int = Field(default=1, examples=[1])
    prices: tuple[Price, ...] = ()


class ComboGroup(_Part):
    """One choice within a combo: of its main item, or of a side."""

    combo_group_id: int = Field(examples=[61])
    name: Text = Field(examples=[{"en-US": "Drink"}])
    is_main: bool = Field(examples=[False])
    choices: tuple[ComboChoice, ...]


class Combo(_Part):
    """A meal of several items. What `menu_item_id` names stands for it, and is no item of the menu."""

    combo_meal_id: int = Field(examples=[6])
    menu_item_id: int = Field(examples=[11006])
    name: Text = Field(examples=[{"en-US": "Burger menu"}])
    prices: tuple[Price, ...] = ()
    groups: tuple[ComboGroup, ...]


class TaxRate(_Part):
    """A tax in percent, that prices include or that is added to them."""

    tax_rate_id: str = Field(examples=["1"])
    name: Text = Field(examples=[{"en-US": "VAT"}])
    percentage: Decimal = Field(examples=["25"])
    included: bool = Field(examples=[True])


class TaxClass(_Part):
    """The taxes on items of a class."""

    tax_class: int = Field(examples=[1])
    rates: tuple[TaxRate, ...]


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
    combos: tuple[Combo, ...] = ()
    tax_classes: tuple[TaxClass, ...] = ()

    @cached_property
    def definitions(self) -> dict[tuple[int, int], Definition]:
        """Every definition by item and sequence."""
        return {
            (item.menu_item_id, each.definition_sequence): each
            for item in self.items
            for each in item.definitions
        }

    @cached_property
    def price_hours(self) -> dict[tuple[int, int, int], WeeklyHours]:
        """When prices that have hours may be ordered, by item, definition and price sequence."""
        return {
            (*key, each.price_sequence): each.hours
            for key, definition in self.definitions.items()
            for each in definition.prices
            if each.hours is not None
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

    @cached_property
    def sold_out(self) -> frozenset[tuple[int, int]]:
        """What the POS cannot sell: definitions of items, and condiments, by id and definition sequence."""
        condiments = {key: each for group in self.condiments.values() for key, each in group.items()}
        return frozenset({
            *(key for key, each in self.definitions.items() if not each.available),
            *(key for key, each in condiments.items() if not each.available),
        })  # fmt: skip


def with_availability(menu: Menu, availability: Availability, now: datetime) -> Menu:
    """A menu with how each of its items stands at that moment, by which its version differs, too."""
    restricted = availability.restricted(now)
    items = tuple(
        item.model_copy(update={"availability": restricted.get(item.menu_item_id, AVAILABLE)})
        if item.is_for_sale
        else item.model_copy(update={"availability": _NOT_FOR_SALE})
        for item in menu.items
    )
    return menu.model_copy(update={"items": items, "version": shown_version(menu.version, restricted)})


def menu_document(property_code: str) -> str:
    """The name of the document a property's menu is published as."""
    return f"{property_code}/menu.json"
