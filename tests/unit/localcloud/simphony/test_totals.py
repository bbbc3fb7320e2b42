"""However a check is made up, its totals add up (STS Gen2 guide, Checks API)."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from localcloud.simulators.simphony.check_request import RoundRequest
from localcloud.simulators.simphony.demo_menu import DEMO_SITE, demo_menu
from localcloud.simulators.simphony.demo_terms import DEMO_TERMS
from localcloud.simulators.simphony.menu import Menu
from localcloud.simulators.simphony.pricing import NOTHING, PricedCheck, price
from localcloud.simulators.simphony.taxes import taxes
from localcloud.simulators.simphony.terms import TaxClass, TaxRate, TaxType, Terms

MENU = Menu.load(DEMO_SITE, demo_menu(), datetime(2030, 5, 4, tzinfo=UTC))
HEADER = {
    "orgShortName": "o", "locRef": "l", "rvcRef": 1, "checkEmployeeRef": 1, "orderTypeRef": 1,
    "idempotencyId": "0" * 32, "checkRef": "r",
}  # fmt: skip
ON_TOP = Terms(
    tenders=DEMO_TERMS.tenders,
    tax_rates=(
        TaxRate(tax_rate_id=1, percentage=Decimal("8.875"), tax_type=TaxType.ADDON, name={"en-US": "Tax"}),
    ),
    tax_classes=DEMO_TERMS.tax_classes,
    discounts=DEMO_TERMS.discounts,
    service_charges=DEMO_TERMS.service_charges,
)


def rate(number: int, percentage: str, kind: TaxType) -> TaxRate:
    return TaxRate(
        tax_rate_id=number, percentage=Decimal(percentage), tax_type=kind, name={"en-US": f"T{number}"}
    )


def terms(*rates: TaxRate) -> Terms:
    of_class = TaxClass(tax_class_id=1, active_tax_rate_refs=tuple(each.tax_rate_id for each in rates))
    return Terms(tax_rates=rates, tax_classes=(of_class,))


def amounts(found: list[Any]) -> list[str]:
    return [str(each["total"]) for each in found]


def test_taxes_of_both_kinds_are_on_what_the_item_costs_without_tax() -> None:
    both = terms(rate(1, "20", TaxType.INCLUDED), rate(2, "5", TaxType.ADDON))
    found = taxes(both, {1: Decimal("120.00")}, Decimal(0))
    assert (amounts(found.rows), found.added) == (["20.00", "5.00"], Decimal("5.00"))


def test_disabled_rate_takes_nothing() -> None:
    off = terms(rate(1, "20", TaxType.DISABLED))
    found = taxes(off, {1: Decimal(120)}, Decimal(0))
    assert (found.rows, found.added) == ([], Decimal(0))


def test_class_without_rates_is_not_taxed() -> None:
    some = terms(rate(1, "10", TaxType.ADDON))
    found = taxes(some, {1: Decimal(10), 2: Decimal(90)}, Decimal(0))
    assert (amounts(found.rows), found.added) == (["1.00"], Decimal("1.00"))


def test_discount_on_the_check_lowers_each_tax_by_its_share() -> None:
    some = terms(rate(1, "10", TaxType.ADDON))
    found = taxes(some, {1: Decimal(50), 2: Decimal(50)}, Decimal(-20))
    assert found.added == Decimal("4.00")


items = st.fixed_dictionaries(
    {"menuItemId": st.sampled_from([11001, 11004, 12003]), "quantity": st.integers(1, 5)}
)
discounts = st.one_of(
    st.fixed_dictionaries({"discountId": st.sampled_from([31, 32])}),
    st.fixed_dictionaries({"discountId": st.just(33), "total": st.decimals(1, 500, places=2)}),
)
charges = st.fixed_dictionaries({"serviceChargeId": st.sampled_from([901, 902])})
tenders = st.one_of(
    st.fixed_dictionaries({"tenderId": st.sampled_from([61, 62, 63, 90])}),
    st.fixed_dictionaries({"tenderId": st.sampled_from([61, 63]), "total": st.decimals(1, 900, places=2)}),
)
rounds = st.fixed_dictionaries(
    {
        "header": st.just(HEADER),
        "menuItems": st.lists(items, min_size=1, max_size=3),
        "discounts": st.lists(discounts, max_size=2),
        "serviceCharges": st.lists(charges, max_size=2),
        "tenders": st.lists(tenders, max_size=2),
    }
)


def rows(check: PricedCheck, name: str) -> Decimal:
    listed = cast("list[dict[str, Decimal]]", check.document[name])
    return sum((each["total"] for each in listed), Decimal(0))


@given(st.lists(rounds, min_size=1, max_size=4), st.sampled_from([DEMO_TERMS, ON_TOP]))
def test_totals_add_up_and_rounds_before_stay(made: list[dict[str, Any]], on: Terms) -> None:
    check = NOTHING
    for each in made:
        before = check
        check = price(RoundRequest.model_validate(each), MENU, terms=on, before=before)
        for name in ("menuItems", "discounts", "serviceCharges", "tenders"):
            held = list(cast("list[object]", before.document[name]))
            assert cast("list[object]", check.document[name])[: len(held)] == held
    totals = cast("dict[str, Decimal]", check.document["totals"])
    assert totals["subtotal"] == rows(check, "menuItems")
    assert totals["subtotalDiscountTotal"] == rows(check, "discounts")
    assert totals["serviceChargeTotal"] == rows(check, "serviceCharges")
    assert totals["paymentTotal"] == rows(check, "tenders")
    assert totals["totalDue"] == (
        totals["subtotal"] + totals["subtotalDiscountTotal"] + totals["serviceChargeTotal"]
        + totals["autoServiceChargeTotal"] + totals["taxTotal"] - totals["paymentTotal"]
    )  # fmt: skip
    assert totals["subtotal"] + totals["subtotalDiscountTotal"] >= 0
