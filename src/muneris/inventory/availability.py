"""Which menu items can be made now: published for whoever takes orders or shows the menu. Pure."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class ItemAvailability(BaseModel):
    """Whether a menu item can be made; `until` a time, or until it is changed.

    `quantity`: how many more of it may be sold, if it is limited.
    """

    model_config = ConfigDict(frozen=True)
    state: Literal["available", "limited", "unavailable"]
    quantity: int | None = None
    until: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether its time has passed: the item can be made again."""
        return self.until is not None and self.until <= now


AVAILABLE = ItemAvailability(state="available")
_OUT_OF_STOCK = ItemAvailability(state="unavailable")


class Availability(BaseModel):
    """A property's menu items by id, where staff said something of them; every other can be made.

    Unless it is `out_of_stock`: there is not enough in stock for one of it.
    """

    model_config = ConfigDict(frozen=True)
    items: dict[int, ItemAvailability] = {}
    out_of_stock: tuple[int, ...] = ()

    def of(self, menu_item_id: int, now: datetime) -> ItemAvailability:
        """How an item stands at that moment. A limited one that is sold out is unavailable."""
        said = self._said_of(menu_item_id, now)
        if menu_item_id in self.out_of_stock and said.state != "unavailable":
            return _OUT_OF_STOCK
        return said

    def suffices(self, menu_item_id: int, quantity: int, moment: datetime, *, later: bool = False) -> bool:
        """Whether so many of an item can be made at a moment.

        `later`: their stock is taken only then, so that what is out of stock now does not matter.
        """
        stands = self._said_of(menu_item_id, moment) if later else self.of(menu_item_id, moment)
        if stands.state == "limited":
            return quantity <= (stands.quantity or 0)
        return stands.state == "available"

    def _said_of(self, menu_item_id: int, moment: datetime) -> ItemAvailability:
        said = self.items.get(menu_item_id, AVAILABLE)
        if said.is_over(moment):
            return AVAILABLE
        if said.state == "limited" and not said.quantity:
            return said.model_copy(update={"state": "unavailable"})
        return said

    def is_unavailable(self, menu_item_id: int, now: datetime) -> bool:
        """Whether an item cannot be made at that moment."""
        return self.of(menu_item_id, now).state == "unavailable"

    def restricted(self, now: datetime) -> dict[int, ItemAvailability]:
        """The items that cannot be made at that moment, or only so many of them, by id."""
        known = sorted(self.items.keys() | set(self.out_of_stock))
        stand = {each: self.of(each, now) for each in known}
        return {each: stand[each] for each in known if stand[each].state != "available"}


def availability_document(property_code: str) -> str:
    """The name of the document a property's availability is published as."""
    return f"{property_code}/availability.json"
