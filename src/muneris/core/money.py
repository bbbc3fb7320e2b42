"""Money: a `Decimal` in a currency, never a float."""

import re
from decimal import Decimal

_DECIMALS = {
    "BHD": 3, "CLP": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KRW": 0,
    "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "TND": 3, "UGX": 0, "VND": 0, "XAF": 0, "XOF": 0,
}  # fmt: skip
"""Currencies that do not have two decimals (ISO 4217); every other has."""

AMOUNT = re.compile(r"^[0-9]{1,12}(\.[0-9]{1,3})?$")
"""An amount on the wire: digits, at most 12 before the point."""


def decimals(currency: str) -> int:
    """How many decimals a currency has (ISO 4217)."""
    return _DECIMALS.get(currency, 2)


def has_decimals_of(amount: str, currency: str) -> bool:
    """Whether a wire amount is written with exactly the currency's decimals."""
    _, _, fraction = amount.partition(".")
    return len(fraction) == decimals(currency)


def to_wire(amount: Decimal, currency: str) -> str:
    """An amount as the wire carries it: `23.40`, with the currency's decimals.

    Raises:
        ValueError: the amount is finer than the currency.
    """
    rounded = amount.quantize(Decimal(1).scaleb(-decimals(currency)))
    if rounded != amount:
        raise ValueError(f"{amount} has more decimals than {currency}")
    return f"{rounded:f}"
