"""What requests about stock are made of: quantities, SKUs and menu items, within their limits."""

from decimal import Decimal
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, Field

from muneris.inventory.model import SKU, is_limit


def _plain(quantity: Decimal) -> Decimal:
    """As it is answered: no exponent, no zeros at its end, and zero without a sign."""
    return Decimal(f"{quantity.normalize():f}") + 0


SKU_PATTERN = f"^{SKU.pattern}$"
Delta = Annotated[Decimal, Field(max_digits=18, decimal_places=6), AfterValidator(_plain)]
Quantity = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6), AfterValidator(_plain)]
"""Exact to a millionth of the item's unit."""
SomeQuantity = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6), AfterValidator(_plain)]


def _not_a_limit(sku: str) -> str:
    if is_limit(sku):
        raise ValueError("a menu item's limit is set by its availability")
    return sku


NotALimit = AfterValidator(_not_a_limit)
Sku = Annotated[str, Path(pattern=SKU_PATTERN, examples=["tomato"])]
OwnSku = Annotated[str, Path(pattern=SKU_PATTERN, examples=["tomato"]), NotALimit]
"""Of an item that may be written: limits are not."""
MenuItemId = Annotated[int, Path(ge=0, lt=2**53, examples=[11001])]
"""Simphony's, exact in JSON."""
