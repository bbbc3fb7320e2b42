"""Menu items that cannot be made now: published for whoever takes orders. Pure."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class ItemAvailability(BaseModel):
    """Whether a menu item can be made; `until` a time, or until it is changed."""

    model_config = ConfigDict(frozen=True)
    state: Literal["available", "unavailable"]
    until: datetime | None = None

    def is_unavailable(self, now: datetime) -> bool:
        """Whether it cannot be made at that moment."""
        return self.state == "unavailable" and (self.until is None or now < self.until)


class Availability(BaseModel):
    """A property's menu items by id, where something is known of them; every other can be made."""

    model_config = ConfigDict(frozen=True)
    items: dict[int, ItemAvailability] = {}

    def is_unavailable(self, menu_item_id: int, now: datetime) -> bool:
        """Whether an item cannot be made at that moment."""
        known = self.items.get(menu_item_id)
        return known is not None and known.is_unavailable(now)


def availability_document(property_code: str) -> str:
    """The name of the document a property's availability is published as."""
    return f"{property_code}/availability.json"
