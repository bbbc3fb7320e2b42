"""What checks hold and come to: items, condiments, combos, discounts, service charges, taxes, tenders."""

from decimal import Decimal

import pytest
from tests.simphony import Simulation, new_check
from tests.simphony_caller import (
    BEER,
    BURGER,
    CHECKS,
    DETECT,
    FRIES,
    LUNCH,
    Caller,
    check,
    pos_code,
    post,
    set_oddity,
    set_up,
    totals,
)

from muneris.simphony.comparison import differences
from muneris.simphony.model import (
    Check,
    CheckCombo,
    CheckCondiment,
    CheckLine,
    NewCheck,
    NewDiscount,
    NewServiceCharge,
)

source = pytest.mark.source

MEAL = CheckCombo(
    combo_meal_id=701,
    combo_item=CheckLine(menu_item_id=13001),
    main_item=CheckLine(menu_item_id=11003, condiments=(CheckCondiment(condiment_id=52003),)),
    side_items=(CheckLine(menu_item_id=11005), CheckLine(menu_item_id=12003)),
)
ITEM = {
    "menuItemId", "definitionSequence", "name", "quantity", "unitPrice", "priceSequence", "total", "seat",
    "referenceText", "surcharge", "itemDiscounts", "condiments", "extensions",
}  # fmt: skip
CONDIMENT = (ITEM - {"menuItemId", "condiments", "extensions"}) | {
    "condimentId", "isDefault", "atDefaultSetting",
}  # fmt: skip
DISCOUNT = {"discountId", "name", "seat", "referenceText", "total", "isAutomatic", "extensions"}
SERVICE_CHARGE = {"serviceChargeId", "name", "total", "seat", "referenceText", "extensions"}
TENDER = {"tenderId", "name", "total", "chargedTipTotal", "referenceText", "extensions"}
EXTENSION = {"displayName", "appName", "dataName", "dataType", "data", "options"}
RETURNED = {"appName": "a", "dataName": "n", "data": "1", "options": ["includeInApiResponse"]}


async def posted_by_us(simulation: Simulation, wanted: NewCheck) -> Check:
    return await simulation.client.post_check(simulation.connection, simulation.bearer, wanted)


@source("stsgg/op-api-v1-menus-menuid-get")
async def test_price_sequence_chooses_the_price_level(call: Caller) -> None:
    assert (await totals(call, menuItems=[{"menuItemId": BEER, "priceSequence": 2}]))["subtotal"] == 33.00


@source("collection")
async def test_names_are_in_the_language_of_the_check(call: Caller) -> None:
    posted = await call(
        "POST", CHECKS, body=check(1, language="da-DK") | {"menuItems": [{"menuItemId": BEER}]}
    )
    assert posted.body["menuItems"][0]["name"] == "Fadøl"


@source("collection")
async def test_names_are_in_the_accepted_language_where_the_check_says_none(call: Caller) -> None:
    body, danish = check() | {"menuItems": [{"menuItemId": BEER}]}, {"Accept-Language": "da-DK,en;q=0.5"}
    posted = await call("POST", CHECKS, body=body, headers=danish)
    assert posted.body["menuItems"][0]["name"] == "Fadøl"
    said = check(2, language="en-US") | {"menuItems": [{"menuItemId": BEER}]}
    assert (await call("POST", CHECKS, body=said, headers=danish)).body["menuItems"][0][
        "name"
    ] == "Draught beer"


@source("seen")
async def test_condiment_needs_its_definition(call: Caller) -> None:
    burger = {"menuItemId": BURGER, "condiments": [{"condimentId": 52003}]}
    refused = await post(call, menuItems=[burger])
    assert (refused.status, refused.body["title"]) == (400, "Required value not specified.")


@source("stsgg/header_params")
async def test_condiment_prefixes_count_for_who_enables_them(call: Caller) -> None:
    condiment = {"condimentId": 52003, "definitionSequence": 1, "prefixes": [{"condimentPrefixId": 1}]}
    body = check() | {"menuItems": [{"menuItemId": BURGER, "condiments": [condiment]}]}
    enabled = await call("POST", CHECKS, body=body, headers=DETECT)
    assert enabled.body["menuItems"][0]["condiments"][0]["prefixes"] == [{"condimentPrefixId": 1}]
    silent = await call("POST", CHECKS, body=body)
    assert "prefixes" not in silent.body["menuItems"][0]["condiments"][0]


@source("stsgg/problem_details")
async def test_sold_out_definition_is_not_available(call: Caller) -> None:
    sold_out = [{"menuItemId": FRIES, "definitions": [{"definitionSequence": 2}]}]
    await set_up(call, terms={"soldOut": sold_out})
    large = {"menuItemId": FRIES, "definitionSequence": 2}
    assert pos_code(await post(call, menuItems=[large])) == "menu_item_not_available"
    assert (await post(call, menuItems=[{"menuItemId": FRIES}])).status == 200


@source("stsgg/op-api-v1-discounts-collection-get")
async def test_open_discount_takes_the_amount_it_is_told(call: Caller) -> None:
    assert (await totals(call, discounts=[{"discountId": 33, "total": 12.5}]))["totalDue"] == 82.50
    assert pos_code(await post(call, 2, discounts=[{"discountId": 33}])) == "general_pos_error"


@source("stsgg/api-configuration-api-v1", "seen")
async def test_tax_on_top_is_due_and_inclusive_tax_is_not(call: Caller) -> None:
    rate = {"taxRateId": 5, "percentage": 8.875, "taxType": "addonPercent", "name": {"en-US": "Sales tax"}}
    await set_up(
        call, terms={"taxRates": [rate], "taxClasses": [{"taxClassId": 1, "activeTaxRateRefs": [5]}]}
    )
    posted = await post(call, tenders=[{"tenderId": 61}])
    assert posted.body["taxes"] == [{"taxRateId": 5, "name": "Sales tax", "total": 8.43}]
    assert posted.body["totals"] == {
        "subtotal": 95, "subtotalDiscountTotal": 0, "autoServiceChargeTotal": 0, "serviceChargeTotal": 0,
        "taxTotal": 8.43, "paymentTotal": 103.43, "totalDue": 0,
    }  # fmt: skip
    assert posted.body["header"]["status"] == "closed"


@source("seen")
async def test_tip_is_posted_as_the_service_charge_of_its_tender(call: Caller) -> None:
    posted = await post(call, tenders=[{"tenderId": 61, "total": 105, "chargedTipTotal": 10}])
    assert [(each["name"], each["total"]) for each in posted.body["serviceCharges"]] == [("Tip", 10)]
    assert (posted.body["totals"]["serviceChargeTotal"], posted.body["totals"]["totalDue"]) == (10, 0)
    assert [(each["total"], each["chargedTipTotal"]) for each in posted.body["tenders"]] == [(105, 10)]


@source("stsgg/op-basepath-checks-post")
async def test_tender_of_zero_pays_its_tip_too(call: Caller) -> None:
    posted = await post(call, tenders=[{"tenderId": 61, "chargedTipTotal": 10}])
    assert (posted.body["totals"]["paymentTotal"], posted.body["header"]["status"]) == (105, "closed")


@source("seen")
@pytest.mark.parametrize(("tender", "rows"), [(62, [(95, 0)]), (63, [(105, 0), (-10, 0)])])
async def test_tender_that_takes_no_tips_answers_all_the_same(
    call: Caller, tender: int, rows: list[tuple[int, int]]
) -> None:
    posted = await post(call, tenders=[{"tenderId": tender, "total": 105, "chargedTipTotal": 10}])
    assert [(each["total"], each["chargedTipTotal"]) for each in posted.body["tenders"]] == rows
    assert (posted.body["serviceCharges"], posted.body["totals"]["paymentTotal"]) == ([], 95)


@source("seen")
async def test_tip_with_a_part_payment_is_refused(call: Caller) -> None:
    refused = await post(call, tenders=[{"tenderId": 61, "total": 50, "chargedTipTotal": 10}])
    assert pos_code(refused) == "general_pos_error"
    assert await call.simulation.check_count() == 0


@source("stsgg/op-basepath-tenders-collection-get")
async def test_service_total_sends_the_order_without_paying(call: Caller) -> None:
    posted = await post(call, tenders=[{"tenderId": 90}])
    assert (posted.body["header"]["status"], posted.body["totals"]["totalDue"]) == ("open", 95)
    assert posted.body["tenders"][0]["name"] == "Service total"


@source("seen")
async def test_two_tenders_pay_together(call: Caller) -> None:
    posted = await post(call, tenders=[{"tenderId": 61, "total": 20}, {"tenderId": 63, "total": 100}])
    assert [each["total"] for each in posted.body["tenders"]] == [20, 100, -25]
    assert (posted.body["totals"]["paymentTotal"], posted.body["header"]["status"]) == (95, "closed")


@source("stsgg/op-basepath-checks-post")
async def test_only_extensions_meant_to_return_do(call: Caller) -> None:
    shown = {"appName": "a", "dataName": "n", "data": "1", "options": ["includeInApiResponse"]}
    hidden = {"appName": "a", "dataName": "n", "data": "2", "options": ["printOnReceipt"]}
    posted = await call("POST", "/api/v1/checks", body=check() | {"extensions": [shown, hidden]})
    assert [each["data"] for each in posted.body["extensions"]] == ["1"]


@source("seen")
async def test_check_comes_to_what_a_real_one_of_2022_did(call: Caller) -> None:
    def item(number: int, price: float | None) -> dict[str, object]:
        prices = [] if price is None else [{"priceSequence": 1, "price": price}]
        definitions = [{"definitionSequence": 1, "prices": prices}]
        return {"menuItemId": number, "name": {"en-US": f"{number}"}, "definitions": definitions}

    main = {"comboGroupId": 1, "isMainGroup": True, "menuItems": [{"menuItemRef": 3}]}
    combo = {"comboMealId": 1, "menuItemRef": 2, "name": {"en-US": "2"}, "comboGroups": [main]}
    menu = {"menuItems": [item(1, 18.99), item(2, 99.99), item(3, None)], "comboMeals": [combo]}
    await call("PUT", "/sim/menus/acme/store01/3", body=menu)
    rate = {"taxRateId": 1, "percentage": 10, "taxType": "includedPercent", "name": {"en-US": "Tax"}}
    setup = {"terms": {"taxRates": [rate]}}
    assert (await call("PATCH", "/sim/setups/acme/store01/3", body=setup)).status == 200
    posted = await call(
        "POST",
        CHECKS,
        body=check(1, orgShortName="acme", locRef="store01", rvcRef=3)
        | {
            "menuItems": [{"menuItemId": 1}],
            "comboMeals": [{"comboMealId": 1, "comboItem": {"menuItemId": 2}, "mainItem": {"menuItemId": 3}}],
            "tenders": [{"tenderId": 63, "total": 120.03}],
        },
    )
    assert posted.body["header"]["status"] == "closed"
    assert [each["total"] for each in posted.body["tenders"]] == [120.03, -1.05]
    assert [each["total"] for each in posted.body["taxes"]] == [10.82]
    found = posted.body["totals"]
    assert (found["subtotal"], found["taxTotal"], found["paymentTotal"], found["totalDue"]) == (
        118.98, 0, 118.98, 0,
    )  # fmt: skip


@source("collection", "seen")
async def test_rows_of_an_answer_have_these_fields(call: Caller) -> None:
    burger = {
        "menuItemId": BURGER,
        "condiments": [{"condimentId": 52003, "definitionSequence": 1}],
        "itemDiscounts": [{"discountId": 31}],
        "extensions": [RETURNED],
    }
    posted = (
        await post(
            call,
            menuItems=[burger],
            discounts=[{"discountId": 32}],
            serviceCharges=[{"serviceChargeId": 901}],
            tenders=[{"tenderId": 61}],
        )
    ).body
    (item,) = posted["menuItems"]
    assert item.keys() == ITEM
    assert item["condiments"][0].keys() == CONDIMENT
    assert item["itemDiscounts"][0].keys() == DISCOUNT
    assert item["extensions"][0].keys() == EXTENSION
    assert posted["discounts"][0].keys() == DISCOUNT
    assert posted["serviceCharges"][0].keys() == SERVICE_CHARGE
    assert posted["tenders"][0].keys() == TENDER
    assert posted["taxes"][0].keys() == {"taxRateId", "name", "total"}


@source("collection", "stsgg/op-basepath-checks-post")
async def test_combo_has_these_fields_and_no_seats_inside(call: Caller) -> None:
    posted = await post(call, menuItems=[], comboMeals=[LUNCH | {"seat": 2}])
    (combo,) = posted.body["comboMeals"]
    assert combo.keys() == {"comboMealId", "seat", "comboItem", "mainItem", "sideItems", "extensions"}
    inside = [combo["comboItem"], combo["mainItem"], *combo["sideItems"]]
    assert [(each.keys() == ITEM, each["seat"]) for each in inside] == [(True, 0)] * 4
    assert combo["seat"] == 2


@source("collection", "stsgg/op-basepath-checks-post", "seen")
async def test_we_post_a_check_of_everything(simulation: Simulation) -> None:
    wanted = new_check(
        combos=(MEAL,),
        lines=(CheckLine(menu_item_id=BEER, price_sequence=2, quantity=2, note="no foam"),),
        discounts=(NewDiscount(discount_id=33, amount=Decimal("40.00"), reference="WELCOME"),),
        service_charges=(NewServiceCharge(service_charge_id=901),),
        tender="online",
        tender_reference="pay_8841",
        expected_total=Decimal("239.00"),
    )
    posted = await posted_by_us(simulation, wanted)
    assert b"paymentData" not in simulation.asked[-1].body
    assert differences(wanted, posted) == ()
    (meal,), (beer,) = posted.combo_meals, posted.menu_items
    assert meal.main_item is not None
    assert [each.condiment_id for each in meal.main_item.condiments] == [52003]
    assert [each.name for each in meal.side_items] == ["French fries", "Elderflower lemonade"]
    assert (beer.unit_price, beer.total, beer.reference_text) == (
        Decimal("33.00"),
        Decimal("66.00"),
        "no foam",
    )
    assert [each.total for each in posted.service_charges] == [Decimal("39.00")]
    assert [(each.tender_id, each.reference_text) for each in posted.tenders] == [(61, "pay_8841")]
    assert (posted.state, posted.order_id) == ("closed", "order-1")


@source("seen")
async def test_we_read_amounts_exactly(simulation: Simulation, call: Caller) -> None:
    rate = {"taxRateId": 5, "percentage": 8.875, "taxType": "addonPercent", "name": {"en-US": "Sales tax"}}
    await set_up(
        call, terms={"taxRates": [rate], "taxClasses": [{"taxClassId": 1, "activeTaxRateRefs": [5]}]}
    )
    posted = await posted_by_us(simulation, new_check())
    assert (str(posted.totals.tax_total), str(posted.totals.whole)) == ("16.86", "206.86")


@source("seen")
@pytest.mark.parametrize("spelling", ["number", "text"])
async def test_we_read_the_ref_of_a_tax_rate_and_what_a_check_comes_to_with_inclusive_tax(
    simulation: Simulation, call: Caller, spelling: str
) -> None:
    await set_oddity(call, taxRateId=spelling)
    posted = await posted_by_us(simulation, new_check())
    assert [(each.tax_rate_id, each.total) for each in posted.taxes] == [("1", Decimal("38.00"))]
    assert (posted.totals.tax_total, posted.totals.whole) == (Decimal(0), Decimal(190))


@source("seen")
async def test_we_pay_a_tip_within_the_total_of_its_tender(simulation: Simulation) -> None:
    wanted = new_check(tender="online", tip=Decimal(19), expected_total=Decimal(190))
    posted = await posted_by_us(simulation, wanted)
    assert b'"total":209,"chargedTipTotal":19' in simulation.asked[-1].body
    assert (posted.state, posted.totals.payment_total, posted.totals.service_charge_total) == (
        "closed", Decimal(209), Decimal(19),
    )  # fmt: skip
    assert [(each.total, each.charged_tip_total) for each in posted.tenders] == [(Decimal(209), Decimal(19))]
    assert differences(wanted, posted) == ()


@source("seen")
@pytest.mark.parametrize(("tender", "lost"), [(62, {"tip"}), (63, {"tip", "change"})])
async def test_we_see_a_tip_that_was_not_taken_and_change(
    simulation: Simulation, tender: int, lost: set[str]
) -> None:
    at = simulation.connection.model_copy(update={"tender_refs": {"online": tender}})
    wanted = new_check(tender="online", tip=Decimal(19), expected_total=Decimal(190))
    posted = await simulation.client.post_check(at, simulation.bearer, wanted)
    assert (posted.state, posted.totals.payment_total) == ("closed", Decimal(190))
    assert {each.kind for each in differences(wanted, posted)} == lost


@source("stsgg/op-basepath-checks-post")
async def test_whole_amount_due_is_a_tender_of_zero(simulation: Simulation) -> None:
    posted = await posted_by_us(simulation, new_check(tender="online"))
    assert b'"tenders":[{"tenderId":61,"total":0}]' in simulation.asked[-1].body
    assert (posted.state, posted.totals.payment_total) == ("closed", Decimal(190))


@source("seen", "collection")
async def test_we_name_the_definition_and_quantity_of_each_condiment(simulation: Simulation) -> None:
    line = CheckLine(menu_item_id=BURGER, condiments=(CheckCondiment(condiment_id=52003, quantity=2),))
    posted = await posted_by_us(simulation, new_check(lines=(line,)))
    assert b'{"condimentId":52003,"definitionSequence":1,"quantity":2}' in simulation.asked[-1].body
    (condiment,) = posted.menu_items[0].condiments
    assert (condiment.quantity, condiment.total, condiment.is_default) == (
        Decimal(2), Decimal("20.00"), False,
    )  # fmt: skip
