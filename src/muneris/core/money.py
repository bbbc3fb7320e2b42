"""Money: a `Decimal` in a currency, never a float."""

import re
from decimal import Decimal
from functools import lru_cache

CURRENCIES = frozenset({
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD", "BIF",
    "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY",
    "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD",
    "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR",
    "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW",
    "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK",
    "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR",
    "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF",
    "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP",
    "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU",
    "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW",
    "ZWG",
})  # fmt: skip
"""The currencies people pay in: ISO 4217, list one (kept by SIX), as of 2026. Left out are its funds (`CLF`),
metals (`XAU`) and codes for tests or no currency (`XTS`, `XXX`)."""

_DECIMALS = {
    "BHD": 3, "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KMF": 0,
    "KRW": 0, "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "RWF": 0, "TND": 3, "UGX": 0, "VND": 0, "VUV": 0,
    "XAF": 0, "XOF": 0, "XPF": 0,
}  # fmt: skip
"""Currencies that do not have two decimals (ISO 4217); every other has."""

_UNITS = {decimals: Decimal(1).scaleb(-decimals) for decimals in (0, 2, 3)}
"""The smallest amount, by its decimals."""

AMOUNT = re.compile(r"^[0-9]{1,12}(\.[0-9]{1,3})?$")
"""An amount on the wire: digits, at most 12 before the point."""


def decimals(currency: str) -> int:
    """How many decimals a currency has (ISO 4217)."""
    return _DECIMALS.get(currency, 2)


def has_decimals_of(amount: str, currency: str) -> bool:
    """Whether a wire amount is written with exactly the currency's decimals."""
    _, _, fraction = amount.partition(".")
    return len(fraction) == decimals(currency)


@lru_cache(maxsize=4096)  # a menu has few prices
def to_wire(amount: Decimal, currency: str) -> str:
    """An amount as the wire carries it: `23.40`, with the currency's decimals.

    Raises:
        ValueError: the amount is finer than the currency.
    """
    rounded = amount.quantize(_UNITS[decimals(currency)])
    if rounded != amount:
        raise ValueError(f"{amount} has more decimals than {currency}")
    return f"{rounded + 0:f}"  # never -0.00
