"""What the simulator decided for itself, since Oracle publishes nothing (docs/simphony-simulator.md)."""

from typing import Any

import pytest
from tests.simphony_caller import (
    BURGER,
    CHECKS,
    DETECT,
    FRIES,
    LEMONADE,
    LUNCH,
    STEAK,
    Caller,
    add_round,
    check,
    opened,
    pos_code,
    post,
    set_oddity,
    set_up,
    totals,
)


async def test_combo_costs_its_own_price_what_its_choices_add_and_their_condiments(call: Caller) -> None:
    posted = await post(call, menuItems=[], comboMeals=[LUNCH])
    assert posted.body["totals"]["subtotal"] == 139 + 25 + 10
    (combo,) = posted.body["comboMeals"]
    assert (combo["comboItem"]["total"], combo["mainItem"]["unitPrice"]) == (139.00, 25.00)
    assert [each["name"] for each in combo["sideItems"]] == ["Elderflower lemonade", "French fries"]
    assert [each["seat"] for each in (combo["comboItem"], combo["mainItem"], *combo["sideItems"])] == [0] * 4


@pytest.mark.parametrize(
    "change",
    [
        {"comboMealId": 1},
        {"comboItem": {"menuItemId": BURGER}},
        {"mainItem": {"menuItemId": STEAK}},
        {"sideItems": [{"menuItemId": FRIES}]},
        {"sideItems": [{"menuItemId": FRIES}, {"menuItemId": 13002}]},
        {"sideItems": [{"menuItemId": FRIES}, {"menuItemId": LEMONADE, "priceSequence": 2}]},
    ],
)
async def test_combo_of_other_items_is_refused(call: Caller, change: dict[str, object]) -> None:
    refused = await post(call, comboMeals=[LUNCH | change])
    assert pos_code(refused) == "menu_item_invalid"
    assert await call.simulation.check_count() == 0


@pytest.mark.parametrize(
    ("condiments", "code"),
    [
        ([], "general_pos_error"),
        ([52011, 52012], "general_pos_error"),
        ([52011, 52001, 52002, 52003], "general_pos_error"),
        ([52011, 52021], "menu_item_invalid"),
    ],
)
async def test_condiments_keep_the_rules_of_their_item(
    call: Caller, condiments: list[int], code: str
) -> None:
    rows = [{"condimentId": each, "definitionSequence": 1} for each in condiments]
    assert pos_code(await post(call, menuItems=[{"menuItemId": STEAK, "condiments": rows}])) == code
    assert await call.simulation.check_count() == 0


async def test_required_condiment_is_enough(call: Caller) -> None:
    steak = {"menuItemId": STEAK, "condiments": [{"condimentId": 52011, "definitionSequence": 1}]}
    assert (await totals(call, menuItems=[steak]))["subtotal"] == 189.00


async def test_discounts_are_negative_and_lower_what_is_due(call: Caller) -> None:
    posted = await post(call, discounts=[{"discountId": 31, "referenceText": "WELCOME"}, {"discountId": 32}])
    assert [(each["total"], each["isAutomatic"]) for each in posted.body["discounts"]] == [
        (-9.50, False), (-25.00, False),
    ]  # fmt: skip
    assert (posted.body["totals"]["subtotal"], posted.body["totals"]["subtotalDiscountTotal"]) == (95, -34.5)
    assert posted.body["totals"]["totalDue"] == 60.50
    assert posted.body["taxes"][0]["total"] == 12.10


async def test_discount_never_takes_more_than_there_is(call: Caller) -> None:
    assert (await totals(call, discounts=[{"discountId": 33, "total": 1000}]))["totalDue"] == 0


async def test_item_discount_lowers_the_subtotal(call: Caller) -> None:
    burger = {"menuItemId": BURGER, "itemDiscounts": [{"discountId": 31}]}
    posted = await post(call, menuItems=[burger])
    assert posted.body["menuItems"][0]["itemDiscounts"][0]["total"] == -9.50
    assert posted.body["totals"]["subtotal"] == 85.50


async def test_service_charges_are_added(call: Caller) -> None:
    found = await totals(call, serviceCharges=[{"serviceChargeId": 901}, {"serviceChargeId": 902}])
    assert (found["serviceChargeTotal"], found["totalDue"]) == (39 + 4.75, 138.75)


@pytest.mark.parametrize(
    "unknown",
    [
        {"discounts": [{"discountId": 1}]},
        {"serviceCharges": [{"serviceChargeId": 1}]},
        {"tenders": [{"tenderId": 1}]},
    ],
)
async def test_what_is_not_configured_is_refused(call: Caller, unknown: dict[str, object]) -> None:
    assert pos_code(await post(call, **unknown)) == "general_pos_error"
    assert await call.simulation.check_count() == 0


async def test_automatic_charges_and_discounts_come_by_themselves_each_round(call: Caller) -> None:
    charge = {
        "serviceChargeId": 950, "name": {"en-US": "Service"}, "type": "percentage", "value": 10,
        "isAutomatic": True,
    }  # fmt: skip
    await set_up(call, terms={"serviceCharges": [charge]})
    posted = await post(call)
    assert posted.body["totals"]["autoServiceChargeTotal"] == 9.50
    added = await add_round(call, posted.body["header"]["checkRef"])
    assert added.body["totals"]["autoServiceChargeTotal"] == 19.00
    assert (added.body["totals"]["serviceChargeTotal"], added.body["totals"]["totalDue"]) == (0, 209)


async def test_long_reference_text_is_refused(call: Caller) -> None:
    refused = await post(call, menuItems=[{"menuItemId": BURGER, "referenceText": "x" * 21}])
    assert (refused.status, refused.body["instance"]) == (400, "error:check_validation_failure")


async def test_other_properties_stay_in_reach(call: Caller) -> None:
    await call(
        "PUT",
        "/sim/menus/muneris-demo/cph02/1",
        body=(await call("GET", "/api/v1/menus/muneris-demo:cph01:1")).body,
    )
    await set_up(call, link="disconnected")
    posted = await call("POST", CHECKS, body=check(1, locRef="cph02"))
    assert posted.status == 200


async def test_refused_write_may_be_repeated(call: Caller) -> None:
    body = check() | {"menuItems": [{"menuItemId": 1}]}
    refused = await call("POST", "/api/v1/checks", body=body, headers=DETECT)
    accepted = await call("POST", "/api/v1/checks", body=check(), headers=DETECT)
    assert (refused.status, accepted.status) == (400, 200)
    assert "isCachedResponse" not in accepted.body["header"]


async def test_refused_round_changes_nothing(call: Caller) -> None:
    ref = await opened(call)
    before = (await call("GET", f"/api/v1/checks/{ref}")).body
    assert (await add_round(call, ref, menuItems=[{"menuItemId": 1}])).status == 400
    assert (await call("GET", f"/api/v1/checks/{ref}")).body == before


async def test_extensions_of_a_round_and_of_its_items_come_back(call: Caller) -> None:
    ref = await opened(call)
    mark: dict[str, Any] = {
        "extensions": [{"appName": "a", "dataName": "n", "data": "1", "options": ["includeInApiResponse"]}]
    }
    added = await add_round(call, ref, menuItems=[{"menuItemId": 11001, **mark}], **mark)
    assert [len(item["extensions"]) for item in added.body["menuItems"]] == [0, 1]
    assert [each["data"] for each in added.body["extensions"]] == ["1"]


async def test_voided_check_is_listed_with_the_closed_ones(call: Caller) -> None:
    ref = await opened(call)
    await call("DELETE", f"/api/v1/checks/{ref}")
    assert (await call("GET", "/api/v1/checks")).body == {"items": []}
    listed = (await call("GET", "/api/v1/checks?includeClosed=true")).body["items"]
    assert [each["header"]["status"] for each in listed] == ["voided"]


async def test_voided_check_may_read_as_closed_with_nothing_on_it(call: Caller) -> None:
    await set_oddity(call, voidedStatus="closed")
    ref = await opened(call)
    assert (await call("DELETE", f"{CHECKS}/{ref}")).status == 204
    voided = (await call("GET", f"{CHECKS}/{ref}")).body
    assert (voided["header"]["status"], voided["menuItems"]) == ("closed", [])


async def test_check_paid_in_part_is_not_voided(call: Caller) -> None:
    ref = await opened(call, tenders=[{"tenderId": 61, "total": 10}])
    refused = await call("DELETE", f"/api/v1/checks/{ref}")
    assert (refused.status, refused.body["posDetails"][0]["code"]) == (400, "general_pos_error")
    assert (await call("GET", f"/api/v1/checks/{ref}")).body["header"]["status"] == "open"
