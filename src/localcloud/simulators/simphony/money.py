"""Amounts of a check: exact, with two decimals."""

from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")
_CENT = Decimal("0.01")


def money(amount: Decimal) -> Decimal:
    """An amount with two decimals, halves rounded up."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def percent(amount: Decimal, percentage: Decimal) -> Decimal:
    """A percentage of an amount."""
    return money(amount * percentage / 100)
