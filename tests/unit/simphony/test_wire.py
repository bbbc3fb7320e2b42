from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from muneris.simphony.errors import NotConfiguredError, PosDetail
from muneris.simphony.model import (
    Check,
    CheckCombo,
    CheckCondiment,
    CheckLine,
    Connection,
    NewCheck,
    NewDiscount,
    NewRound,
    NewServiceCharge,
)
from muneris.simphony.wire import check_body, items_of, parse, parse_problem, round_body, to_text

CONNECTION = Connection(
    api_url="https://mte4-sts.oraclecloud.com",
    auth_url="https://mte4-ohra-idm.oracleindustry.com",
    client_id="abc=",
    org_short_name="acme",
    loc_ref="store01",
    rvc_ref=7,
    employee_ref=90001,
    order_type_refs={"dine_in": 2},
    tender_refs={"online": 61},
    account="a",
)
NEW_CHECK = NewCheck(
    idempotency_id="0f3c9a5d7b1e4c2a8d6f0b9e1a2c3d4e",
    reference="WEB-1042",
    order_id="0197a000-0000-7000-8000-000000000001",
    order_type="dine_in",
    table="12",
    lines=(CheckLine(menu_item_id=11001, quantity=2, condiments=(CheckCondiment(condiment_id=52003),)),),
)
NEW_ROUND = NewRound(
    check_ref="5d1b7e0c9f3a4e628b7d2c1a0f9e8d7c00000412",
    idempotency_id="0f3c9a5d7b1e4c2a8d6f0b9e1a2c3d4e",
    reference="round-1",
    order_type="dine_in",
    lines=(CheckLine(menu_item_id=11001, note="no onion, allergic to nuts"),),
)
ANSWER = b"""{
  "header": {"orgShortName": "acme", "locRef": "store01", "rvcRef": 7, "checkNumber": 412,
    "checkRef": "5d1b7e0c9f3a4e628b7d2c1a0f9e8d7c00000412", "checkName": "WEB-1042", "status": "closed",
    "openTime": "2030-05-04T10:02:11.1234567Z"},
  "taxes": [{"taxRateId": "1", "name": "VAT", "total": 1.89}],
  "menuItems": [{"menuItemId": 11001}],
  "totals": {"subtotal": 21.10, "subtotalDiscountTotal": -2.10, "taxTotal": 0, "paymentTotal": 19.00,
    "totalDue": 0},
  "extensions": [{"appName": "Muneris", "dataName": "order_id",
    "data": "0197a000-0000-7000-8000-000000000001", "options": ["includeInApiResponse"]}]
}"""


def test_body_of_a_check() -> None:
    assert check_body(CONNECTION, NEW_CHECK) == {
        "header": {
            "orgShortName": "acme",
            "locRef": "store01",
            "rvcRef": 7,
            "idempotencyId": "0f3c9a5d7b1e4c2a8d6f0b9e1a2c3d4e",
            "checkEmployeeRef": 90001,
            "orderTypeRef": 2,
            "checkName": "WEB-1042",
            "tableName": "12",
            "guestCount": 1,
            "language": "en-US",
            "informationLines": [],
        },
        "menuItems": [
            {
                "menuItemId": 11001,
                "definitionSequence": 1,
                "priceSequence": 1,
                "quantity": 2,
                "condiments": [{"condimentId": 52003, "definitionSequence": 1, "quantity": 1}],
            }
        ],
        "extensions": [
            {
                "displayName": "Order",
                "appName": "Muneris",
                "dataName": "order_id",
                "dataType": "string",
                "data": "0197a000-0000-7000-8000-000000000001",
                "options": ["includeInApiResponse"],
            }
        ],
    }


def test_body_of_a_round() -> None:
    mark = {
        "displayName": "Round",
        "appName": "Muneris",
        "dataName": "round",
        "dataType": "string",
        "data": "round-1",
        "options": ["includeInApiResponse"],
    }
    assert round_body(CONNECTION, NEW_ROUND) == {
        "header": {
            "orgShortName": "acme",
            "locRef": "store01",
            "rvcRef": 7,
            "idempotencyId": "0f3c9a5d7b1e4c2a8d6f0b9e1a2c3d4e",
            "checkEmployeeRef": 90001,
            "orderTypeRef": 2,
            "language": "en-US",
            "informationLines": ["11001: no onion, allergic to nuts"],
            "checkRef": "5d1b7e0c9f3a4e628b7d2c1a0f9e8d7c00000412",
        },
        "menuItems": [
            {
                "menuItemId": 11001,
                "definitionSequence": 1,
                "priceSequence": 1,
                "quantity": 1,
                "condiments": [],
                "referenceText": "no onion, allergic t",
                "extensions": [mark],
            }
        ],
        "extensions": [mark],
    }


def test_tender_pays_the_whole_amount() -> None:
    body = check_body(
        CONNECTION, NEW_CHECK.model_copy(update={"tender": "online", "tender_reference": "pay_1"})
    )
    assert body["tenders"] == [{"tenderId": 61, "total": 0, "referenceText": "pay_1"}]


def test_long_note_is_printed_whole() -> None:
    line = CheckLine(menu_item_id=11001, note="no onion, allergic to nuts")
    body: Mapping[str, Any] = check_body(CONNECTION, NEW_CHECK.model_copy(update={"lines": (line,)}))
    assert body["menuItems"][0]["referenceText"] == "no onion, allergic t"
    assert body["header"]["informationLines"] == ["11001: no onion, allergic to nuts"]


@pytest.mark.parametrize("missing", [{"order_type": "pickup"}, {"tender": "cash"}])
def test_missing_setting_is_named(missing: dict[str, str]) -> None:
    with pytest.raises(NotConfiguredError, match=r"is not set: add it to (order_type|tender)_refs"):
        check_body(CONNECTION, NEW_CHECK.model_copy(update=missing))


def test_check_is_read_with_exact_amounts() -> None:
    check = Check.model_validate(parse(ANSWER))
    assert (check.check_ref, check.check_number) == ("5d1b7e0c9f3a4e628b7d2c1a0f9e8d7c00000412", 412)
    assert (check.status, check.is_cached) == ("closed", False)
    assert check.order_id == "0197a000-0000-7000-8000-000000000001"
    assert (check.totals.subtotal, check.totals.total_due) == (Decimal("21.10"), Decimal(0))


@pytest.mark.parametrize("reference", ["web-1042", "0197A000-0000-7000-8000-000000000001"])
def test_check_is_recognised_by_name_and_by_order(reference: str) -> None:
    assert Check.model_validate(parse(ANSWER)).is_for({reference})


@pytest.mark.parametrize("spelling", ["detail", "details"])
def test_problem_is_read_in_both_spellings(spelling: str) -> None:
    text = f'{{"title": "POS Error", "{spelling}": "why", "posDetails": [{{"code": "c", "message": "m"}}]}}'
    problem = parse_problem(text.encode())
    assert (problem.title, problem.detail, problem.pos_details) == (
        "POS Error",
        "why",
        (PosDetail(code="c", message="m"),),
    )


@pytest.mark.parametrize(
    ("odd", "detail", "codes"),
    [
        ('"detail": null, "details": "why", "posDetails": [{"code": "c", "message": null}]', "why", ["c"]),
        ('"detail": "why", "details": null, "posDetails": null', "why", []),
        ('"detail": 5, "status": "?", "instance": {}, "posDetails": "none"', "", []),
        (
            '"posDetails": [null, {"code": null}, {"code": 5, "message": []}, {"code": "c"}]',
            "",
            ["", "", "c"],
        ),
    ],
)
def test_whatever_else_is_odd_a_problem_says_what_it_says(odd: str, detail: str, codes: list[str]) -> None:
    problem = parse_problem(f'{{"title": "POS Error", {odd}}}'.encode())
    assert (problem.title, problem.detail) == ("POS Error", detail)
    assert [each.code for each in problem.pos_details] == codes


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff"])
def test_what_is_no_problem_document_reads_as_an_empty_one(body: bytes) -> None:
    assert parse_problem(body).title == ""


def test_lists_come_wrapped_or_bare() -> None:
    assert items_of({"items": [1]}) == items_of([1]) == [1]
    with pytest.raises(ValueError, match="no list"):
        items_of({"checks": [1]})


def test_lists_are_found_under_the_name_of_the_guide_too() -> None:
    assert items_of({"organization": [1], "limit": 1}, "organization") == [1]
    assert items_of({"items": [2], "organization": [1]}, "organization") == [2]


def test_a_tip_is_within_the_tenders_whole_amount() -> None:
    tipped = NEW_CHECK.model_copy(
        update={"tender": "online", "tip": Decimal("3.00"), "expected_total": Decimal("20.79")}
    )
    assert check_body(CONNECTION, tipped)["tenders"] == [
        {"tenderId": 61, "total": Decimal("23.79"), "chargedTipTotal": Decimal("3.00")}
    ]


def test_amounts_are_sent_as_numbers_with_their_digits() -> None:
    assert to_text({"a": [Decimal("0.10"), 0, None, True, "ø"]}) == '{"a":[0.10,0,null,true,"\\u00f8"]}'


def test_discounts_and_service_charges_say_what_is_open_alone() -> None:
    given = NEW_CHECK.model_copy(
        update={
            "discounts": (NewDiscount(discount_id=31, amount=Decimal("2.10"), reference="W" * 25),),
            "service_charges": (NewServiceCharge(service_charge_id=5),),
        }
    )
    body = check_body(CONNECTION, given)
    assert body["discounts"] == [{"discountId": 31, "total": Decimal("2.10"), "referenceText": "W" * 20}]
    assert body["serviceCharges"] == [{"serviceChargeId": 5}]


def test_a_combo_names_its_item_its_main_item_and_its_sides() -> None:
    item, main, side = (CheckLine(menu_item_id=number) for number in (1, 2, 3))
    combo = CheckCombo(combo_meal_id=6, combo_item=item, main_item=main, side_items=(side,))
    body: Mapping[str, Any] = check_body(CONNECTION, NEW_CHECK.model_copy(update={"combos": (combo,)}))
    (sent,) = body["comboMeals"]
    assert (sent["comboMealId"], sent["seat"]) == (6, 0)
    assert [sent["comboItem"]["menuItemId"], sent["mainItem"]["menuItemId"]] == [1, 2]
    assert [each["menuItemId"] for each in sent["sideItems"]] == [3]


def test_times_are_sent_in_the_propertys_own_zone_without_an_offset() -> None:
    later = NEW_CHECK.model_copy(update={"pickup_at": datetime(2030, 5, 4, 10, 30, tzinfo=UTC)})
    there = CONNECTION.model_copy(update={"time_zone": "Europe/Copenhagen"})
    body: Mapping[str, Any] = check_body(there, later)
    assert body["header"]["pickupTime"] == "2030-05-04T12:30:00"
    with pytest.raises(NotConfiguredError, match="time zone"):
        check_body(CONNECTION, later)


def test_a_round_may_only_pay() -> None:
    paying = NewRound(
        check_ref="a", idempotency_id="0" * 32, reference="r", order_type="dine_in", lines=(), tender="online"
    )
    body = round_body(CONNECTION, paying)
    assert (body["menuItems"], body["tenders"]) == ([], [{"tenderId": 61, "total": 0}])
    with pytest.raises(ValueError, match="a round adds"):
        NewRound.model_validate(paying.model_dump() | {"tender": None})


def test_a_tip_needs_an_amount_to_be_charged_with() -> None:
    with pytest.raises(ValueError, match="expected_total"):
        NewCheck.model_validate(NEW_CHECK.model_dump() | {"tender": "online", "tip": 1})
