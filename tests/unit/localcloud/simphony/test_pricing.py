from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from localcloud.simulators.simphony.check_request import CheckRequest
from localcloud.simulators.simphony.demo_menu import DEMO_SITE, demo_menu
from localcloud.simulators.simphony.menu import Menu
from localcloud.simulators.simphony.pricing import PricedCheck, price
from localcloud.simulators.simphony.problems import ProblemError
from localcloud.simulators.simphony.wire import to_text

MENU = Menu.load(DEMO_SITE, demo_menu(), datetime(2030, 5, 4, tzinfo=UTC))
HEADER = {
    "orgShortName": "muneris-demo", "locRef": "cph01", "rvcRef": 1, "checkEmployeeRef": 1, "orderTypeRef": 1,
    "idempotencyId": "0f3c9a5d7b1e4c2a8d6f0b9e1a2c3d4e", "language": "da-DK",
}  # fmt: skip
BURGER = {
    "menuItemId": 11001,
    "quantity": 2,
    "condiments": [{"condimentId": 52003, "definitionSequence": 1}],
}


def priced(*items: dict[str, Any], tenders: tuple[dict[str, Any], ...] = ()) -> PricedCheck:
    body: dict[str, Any] = {"header": HEADER, "menuItems": list(items), "tenders": list(tenders)}
    return price(CheckRequest.read(to_text(body).encode()), MENU)


def test_condiments_cost_per_unit_of_their_item() -> None:
    check = priced(BURGER, {"menuItemId": 11005, "definitionSequence": 2})
    assert (check.subtotal, check.due, check.is_closed) == (Decimal("259.00"), Decimal("259.00"), False)


def test_totals_are_numbers_with_two_decimals() -> None:
    text = to_text(priced(BURGER).document["totals"])
    assert text == (
        '{"subtotal":210.00,"subtotalDiscountTotal":0.00,"autoServiceChargeTotal":0.00,'
        '"serviceChargeTotal":0.00,"taxTotal":0.00,"paymentTotal":0.00,"totalDue":210.00}'
    )


def test_inclusive_tax_stands_beside_the_totals() -> None:
    assert priced(BURGER).document["taxes"] == [{"taxRateId": 1, "name": "VAT", "total": Decimal("42.00")}]


def test_names_are_in_the_language_asked_for() -> None:
    assert '"name":"Ost"' in to_text(priced(BURGER).document)


def test_tender_of_zero_pays_all_and_closes() -> None:
    check = priced(BURGER, tenders=({"tenderId": 61, "total": 0},))
    assert (check.paid, check.due, check.is_closed) == (Decimal("210.00"), Decimal(0), True)


def test_change_is_a_negative_tender() -> None:
    check = priced(BURGER, tenders=({"tenderId": 61, "total": Decimal("300.00")},))
    assert [row["total"] for row in check.tenders if isinstance(row, dict)] == [
        Decimal("300.00"),
        Decimal("-90.00"),
    ]
    assert (check.paid, check.is_closed) == (Decimal("210.00"), True)


def test_part_payment_leaves_the_check_open() -> None:
    check = priced(BURGER, tenders=({"tenderId": 61, "total": 10},))
    assert (check.due, check.is_closed) == (Decimal("200.00"), False)


def test_round_adds_to_what_is_held_and_pays_what_is_left() -> None:
    before = priced(BURGER, tenders=({"tenderId": 61, "total": 10},))
    body: dict[str, Any] = {"header": HEADER, "menuItems": [BURGER], "tenders": [{"tenderId": 61}]}
    check = price(CheckRequest.read(to_text(body).encode()), MENU, before=before)
    assert (len(check.menu_items), check.subtotal) == (2, Decimal("420.00"))
    assert (check.paid, check.due, check.is_closed) == (Decimal("420.00"), Decimal(0), True)
    assert [row["total"] for row in check.tenders if isinstance(row, dict)] == [
        Decimal("10.00"),
        Decimal("410.00"),
    ]


@pytest.mark.parametrize(
    "item",
    [
        {"menuItemId": 99999},
        {"menuItemId": 11001, "definitionSequence": 2},
        {"menuItemId": 11001, "priceSequence": 2},
        {"menuItemId": 11001, "condiments": [{"condimentId": 1, "definitionSequence": 1}]},
    ],
)
def test_what_the_menu_does_not_sell_is_refused(item: dict[str, Any]) -> None:
    with pytest.raises(ProblemError) as refused:
        priced(item)
    assert (refused.value.status, refused.value.pos_code) == (400, "menu_item_invalid")
