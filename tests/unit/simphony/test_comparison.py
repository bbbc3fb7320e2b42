from decimal import Decimal
from typing import Any

import pytest

from muneris.simphony.comparison import differences
from muneris.simphony.model import (
    Check,
    CheckCombo,
    CheckCondiment,
    CheckLine,
    Difference,
    NewCheck,
    NewDiscount,
    NewRound,
    NewServiceCharge,
)

BURGER = {"menuItemId": 11001, "definitionSequence": 1, "quantity": 2, "condiments": [{"condimentId": 52003}]}
LINE = CheckLine(menu_item_id=11001, quantity=2, condiments=(CheckCondiment(condiment_id=52003),))


def wanted(**changes: Any) -> NewCheck:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "idempotency_id": "0" * 32,
        "order_type": "dine_in",
        "lines": (LINE,),
        "reference": "WEB-1",
        "order_id": "o",
        "tender": "online",
        "expected_total": Decimal("21.00"),
        **changes,
    }
    return NewCheck(**fields)


def held(**changes: object) -> Check:
    tenders = [{"tenderId": 61, "total": Decimal("21.00")}]
    return Check.model_validate({
        "header": {"checkRef": "a", "checkNumber": 1, "status": "closed"},
        "menuItems": [BURGER],
        "tenders": tenders,
        "totals": {"subtotal": Decimal("21.00"), "paymentTotal": Decimal("21.00"), "totalDue": 0},
        **changes,
    })  # fmt: skip


def totals(paid: str, due: str = "0") -> dict[str, Decimal]:
    return {"subtotal": Decimal(0), "paymentTotal": Decimal(paid), "totalDue": Decimal(due)}


def test_what_was_asked_for_is_no_difference() -> None:
    assert differences(wanted(), held()) == ()
    unpaid = held(tenders=[], totals=totals("0", "21.00"))
    assert differences(wanted(tender=None), unpaid) == ()


def test_a_tip_that_was_charged_is_part_of_the_total() -> None:
    tenders = [{"tenderId": 61, "total": Decimal("24.00"), "chargedTipTotal": Decimal("3.00")}]
    check = held(tenders=tenders, totals=totals("24.00"))
    assert differences(wanted(tip=Decimal("3.00")), check) == ()


@pytest.mark.parametrize(
    ("tenders", "found"),
    [
        ([{"tenderId": 61, "total": Decimal(21), "chargedTipTotal": 0}], ["tip"]),
        ([{"tenderId": 61, "total": Decimal(24)}, {"tenderId": 61, "total": Decimal(-3)}], ["tip", "change"]),
    ],
)
def test_a_tip_that_was_zeroed_or_given_as_change_is_told(
    tenders: list[dict[str, object]], found: list[str]
) -> None:
    check = held(tenders=tenders)
    told = differences(wanted(tip=Decimal("3.00")), check)
    assert [each.kind for each in told] == found
    assert told[0] == Difference(kind="tip", wanted="3.00", found="0")


def test_a_tip_that_no_tender_carries_is_told() -> None:
    told = differences(wanted(tender=None, tip=Decimal(2)), held(tenders=[], totals=totals("0", "21.00")))
    assert told == (Difference(kind="tip", wanted="2", found="0"),)


def test_another_total_is_told() -> None:
    told = differences(wanted(), held(totals=totals("21.00", "1.50")))
    assert told == (Difference(kind="total", wanted="21.00", found="22.50"),)
    assert differences(wanted(expected_total=None), held(totals=totals("21.00", "1.50"))) == ()


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([], [("item", "11001", "2", "0"), ("condiment", "52003", "1", "0")]),
        ([{**BURGER, "quantity": 1}], [("item", "11001", "2", "1")]),
        ([{**BURGER, "condiments": []}], [("condiment", "52003", "1", "0")]),
        ([BURGER, {"menuItemId": 9, "quantity": 1}], [("item", "9", "0", "1")]),
        ([{**BURGER, "quantity": 1}, {**BURGER, "quantity": 1}], []),
    ],
)
def test_other_items_are_told(items: list[object], told: list[tuple[str, ...]]) -> None:
    found = differences(wanted(), held(menuItems=items))
    assert [(each.kind, each.of, each.wanted, each.found) for each in found] == told


def test_a_round_is_on_its_check_with_what_was_there_before() -> None:
    added = NewRound(
        idempotency_id="0" * 32,
        order_type="dine_in",
        lines=(LINE,),
        check_ref="a",
        reference="r",
    )
    change = {"tenderId": 1, "total": Decimal(-5)}
    assert differences(added, held(menuItems=[BURGER, BURGER, {"menuItemId": 9}], tenders=[change])) == ()
    assert [each.kind for each in differences(added, held(menuItems=[]))] == ["item", "condiment"]


@pytest.mark.parametrize("sign", [1, -1])
def test_discounts_and_service_charges_are_compared_whatever_their_sign(sign: int) -> None:
    write = wanted(
        discounts=(NewDiscount(discount_id=31, amount=Decimal("2.10")), NewDiscount(discount_id=32)),
        service_charges=(NewServiceCharge(service_charge_id=5, amount=Decimal(1)),),
    )
    given = [{"discountId": 31, "total": sign * Decimal("2.1")}, {"discountId": 32, "total": sign * 7}]
    charged = [{"serviceChargeId": 5, "total": 1}]
    assert differences(write, held(discounts=given, serviceCharges=charged)) == ()
    told = differences(write, held(discounts=[{"discountId": 31, "total": 1}]))
    assert [(each.kind, each.of, each.wanted, each.found) for each in told] == [
        ("discount", "31", "2.10", "1"),
        ("discount", "32", "any", "none"),
        ("service_charge", "5", "1", "none"),
    ]


def test_a_combo_that_was_left_out_is_told() -> None:
    line = CheckLine(menu_item_id=1)
    combo = CheckCombo(combo_meal_id=6, combo_item=line, main_item=line)
    assert differences(wanted(combos=(combo,)), held(comboMeals=[{"comboMealId": 6}])) == ()
    told = differences(wanted(combos=(combo, combo)), held(comboMeals=[{"comboMealId": 6}]))
    assert told == (Difference(kind="combo", of="6", wanted="2", found="1"),)
