"""What an order costs, line by line and together. Pure."""

from pydantic import BaseModel, ConfigDict


class PricedCondiment(BaseModel):
    """A condiment with its price for one."""

    model_config = ConfigDict(frozen=True)
    condiment_id: int
    definition_sequence: int
    quantity: int
    name: str
    unit_price: str


class PricedLine(BaseModel):
    """A line as the menu prices it. `total` is quantity x (unit price + its condiments)."""

    model_config = ConfigDict(frozen=True)
    menu_item_id: int
    definition_sequence: int
    price_sequence: int
    quantity: int
    name: str
    unit_price: str
    condiments: tuple[PricedCondiment, ...]
    total: str
    note: str | None = None


class Totals(BaseModel):
    """What is to be paid. `total` includes the tip."""

    model_config = ConfigDict(frozen=True)
    subtotal: str
    discount: str
    tax: str
    service_charge: str
    tip: str
    total: str
    currency: str
