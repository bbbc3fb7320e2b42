"""The taxes of a check: some are in its prices, some come on top."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from localcloud.simulators.simphony.money import ZERO, money
from localcloud.simulators.simphony.terms import TaxRate, TaxType, Terms
from localcloud.simulators.simphony.wire import Json


class Taxes(NamedTuple):
    """A row for each rate that is taken, and what comes on top of the prices."""

    rows: list[Json]
    added: Decimal


def taxes(terms: Terms, sales: Mapping[int, Decimal], discount: Decimal) -> Taxes:
    """The taxes on sales by tax class, of which a discount on the whole check lowers each by its share."""
    subtotal = sum(sales.values(), ZERO)
    kept = (subtotal + discount) / subtotal if subtotal else Decimal(1)
    amounts: dict[int, Decimal] = {}
    for tax_class, amount in sales.items():
        rates = terms.rates_of_class.get(tax_class, ())
        for rate, tax in _of_class(rates, amount * kept):
            amounts[rate] = amounts.get(rate, ZERO) + tax
    taken = [
        (each, money(amounts[each.tax_rate_id])) for each in terms.tax_rates if each.tax_rate_id in amounts
    ]
    rows: list[Json] = [
        {"taxRateId": rate.tax_rate_id, "name": next(iter(rate.name.values()), ""), "total": amount}
        for rate, amount in taken
    ]
    return Taxes(rows, sum((amount for rate, amount in taken if rate.tax_type is TaxType.ADDON), ZERO))


def _of_class(rates: tuple[TaxRate, ...], amount: Decimal) -> list[tuple[int, Decimal]]:
    """What each rate takes of an amount; rates on top are on what is left without those inside."""
    inside = sum((each.percentage for each in rates if each.tax_type is TaxType.INCLUDED), Decimal(0))
    net_of_100 = 100 + inside
    return [(each.tax_rate_id, amount * each.percentage / net_of_100) for each in rates]
