"""The Configuration API: what is read of it, its shapes, and conditional requests."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from tests.simphony import Simulation
from tests.simphony_caller import QUERY, Caller, set_up

from muneris.simphony.configuration import Versioned

source = pytest.mark.source

MENU = "/api/v1/menus/muneris-demo:cph01:1"
COLLECTIONS = [
    "tenders/collection",
    "taxes",
    "discounts/collection",
    "serviceCharges/collection",
    "barcodes/collection",
]
EMPLOYEE = {"OrgShortName": "muneris-demo", "LocRef": "CPH01", "EmployeeId": "9001"}


async def read(call: Caller, path: str, **headers: str) -> Any:  # noqa: ANN401 - any JSON
    seen = await call("GET", f"/api/v1/{path}", params=QUERY, headers=headers)
    assert seen.status == 200, seen.body
    return seen.body


@source("stsgg/op-basepath-tenders-collection-get")
async def test_tenders_pay_or_send_the_order_without_paying(call: Caller) -> None:
    items = (await read(call, "tenders/collection"))["items"]
    assert {each["tenderId"]: each["type"] for each in items} == {
        10: "payment", 61: "payment", 62: "payment", 63: "payment", 90: "serviceTotal",
    }  # fmt: skip
    assert items[0] == {"tenderId": 10, "name": "Web card", "type": "payment"}


@source("stsgg/api-configuration-api-v1")
async def test_taxes_are_classes_and_rates(call: Caller) -> None:
    taxes = await read(call, "taxes")
    assert taxes["taxClasses"][0] == {"taxClassId": 1, "activeTaxRateRefs": [1, 2]}
    assert [(each["taxRateId"], each["percentage"], each["taxType"]) for each in taxes["taxRates"]] == [
        (1, 25, "includedPercent"), (2, 0, "disabled"),
    ]  # fmt: skip
    assert taxes["taxRates"][0]["name"] == {"en-US": "VAT"}


@source("stsgg/op-api-v1-discounts-collection-get", "stsgg/api-configuration-api-v1")
async def test_discounts_and_service_charges_are_amounts_percentages_or_open(call: Caller) -> None:
    discounts = (await read(call, "discounts/collection"))["items"]
    assert [(each["discountId"], each["type"], each["value"]) for each in discounts] == [
        (31, "percentage", 10), (32, "amount", 25), (33, "amount", 0),
    ]  # fmt: skip
    charges = (await read(call, "serviceCharges/collection"))["items"]
    assert [(each["serviceChargeId"], each["type"], each["value"]) for each in charges] == [
        (901, "amount", 39), (902, "percentage", 5), (903, "amount", 0),
    ]  # fmt: skip
    assert charges[0]["name"]["da-DK"] == "Levering"


@source("stsgg/api-configuration-api-v1")
async def test_barcodes_stand_for_items(call: Caller) -> None:
    (item,) = (await read(call, "barcodes/collection"))["items"]
    assert (item["barcode"], item["menuItemId"], item["price"]) == ("5701234567899", 12003, 35)
    assert item.keys() == {
        "barcodeId", "barcode", "menuItemId", "definitionSequence", "price", "priceSequence",
        "preparationCost",
    }  # fmt: skip


@source("stsgg/api-configuration-api-v1", "seen")
async def test_summary_names_the_menu_of_the_revenue_center(call: Caller) -> None:
    (item,) = (await read(call, "menus/summary"))["items"]
    assert (item["menuId"], item["orgShortName"], item["rvcRef"], item["name"]) == (
        "muneris-demo:cph01:1", "muneris-demo", 1, "Demo menu",
    )  # fmt: skip


@source("collection", "stsgg/status_codes")
@pytest.mark.parametrize("path", [*COLLECTIONS, "menus/summary", "menus/items/unavailable"])
async def test_collections_name_their_revenue_center_in_the_query(call: Caller, path: str) -> None:
    unnamed = await call("GET", f"/api/v1/{path}", params={"OrgShortName": "muneris-demo", "RvcRef": "1"})
    assert (unnamed.status, unnamed.body["detail"]) == (400, "Missing: LocRef")
    lower = {name.lower(): value for name, value in QUERY.items()}
    assert (await call("GET", f"/api/v1/{path}", params=lower)).status == 200
    unknown = await call("GET", f"/api/v1/{path}", params={**QUERY, "RvcRef": "7"})
    assert unknown.status == 404


@source("collection", "stsgg/api-configuration-api")
@pytest.mark.parametrize("path", COLLECTIONS)
async def test_collections_answer_conditional_requests(call: Caller, path: str) -> None:
    whole = await call("GET", f"/api/v1/{path}", params=QUERY)
    for name, value in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        known = await call("GET", f"/api/v1/{path}", params=QUERY, headers={name: whole.headers[value]})
        assert (known.status, known.body, known.headers["ETag"]) == (304, None, whole.headers["ETag"])
    assert whole.headers["ETag"][0] == whole.headers["ETag"][-1] == '"'


@source("collection")
async def test_employees_answer_conditional_requests(call: Caller) -> None:
    whole = await call("GET", "/api/v1/employees", params=EMPLOYEE)
    assert whole.body == {"employeeNumber": 9001}
    for name, value in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        known = {name: whole.headers[value]}
        assert (await call("GET", "/api/v1/employees", params=EMPLOYEE, headers=known)).status == 304


@source("collection", "stsgg/api-configuration-api-v1")
async def test_employee_is_verified_one_at_a_time(call: Caller) -> None:
    assert (await call("GET", "/api/v1/employees", params={**EMPLOYEE, "EmployeeId": "8"})).status == 404
    assert (await call("GET", "/api/v1/employees", params={**EMPLOYEE, "LocRef": "none"})).status == 404
    refused = await call("GET", "/api/v1/employees", params={**EMPLOYEE, "EmployeeId": ""})
    assert refused.body["detail"] == "Missing: EmployeeId"


@source("collection", "stsgg/api-configuration-api-v1")
async def test_what_is_sold_out_is_known_by_its_tag_alone(call: Caller) -> None:
    path = "/api/v1/menus/items/unavailable"
    none = await call("GET", path, params=QUERY)
    assert none.body == {"orgShortName": "muneris-demo", "locRef": "cph01", "rvcRef": 1, "items": []}
    by_date = {"If-Modified-Since": none.headers["Last-Modified"]}
    assert (await call("GET", path, params=QUERY, headers=by_date)).status == 200
    by_tag = {"If-None-Match": none.headers["ETag"]}
    assert (await call("GET", path, params=QUERY, headers=by_tag)).status == 304
    sold_out = [{"menuItemId": 11005, "definitions": [{"definitionSequence": 2}]}]
    await set_up(call, terms={"soldOut": sold_out})
    assert (await call("GET", path, params=QUERY, headers=by_tag)).body["items"] == sold_out


@source("stsgg/status_codes")
async def test_menu_of_another_revenue_center_is_not_found(call: Caller) -> None:
    assert (await call("GET", MENU[:-1] + "2")).status == 404
    assert (await call("GET", MENU.upper().replace("/API/V1/MENUS", "/api/v1/menus"))).status == 200


@source("stsgg/op-api-v2-menus-menuid-get", "stsgg/api-configuration-api-v2")
async def test_version_2_has_combos_and_their_groups_apart(call: Caller) -> None:
    first, second = (await call("GET", MENU)), (await call("GET", MENU.replace("v1", "v2")))
    assert "comboMeals" not in second.body
    assert second.body["comboGroupsV2"] == first.body["comboMeals"][0]["comboGroups"]
    assert second.body["comboMealsV2"][0]["comboGroupRefs"] == [711, 712, 713]
    assert second.body["menuItems"] == first.body["menuItems"]
    assert second.headers["ETag"] != first.headers["ETag"]
    tag = {"If-None-Match": second.headers["ETag"]}
    assert (await call("GET", MENU.replace("v1", "v2"), headers=tag)).status == 304


@source("stsgg/header_params", "stsgg/op-api-v1-menus-menuid-get")
async def test_condiment_prefixes_are_for_who_asks(call: Caller) -> None:
    asked = await call("GET", MENU, headers={"Simphony-Features": "enable-condiment-prefix"})
    assert len(asked.body["options"][0]["condimentPrefixes"]) == 2
    assert "options" not in (await call("GET", MENU)).body


@source("collection")
async def test_menu_answers_conditional_requests_and_its_summary_does_not(call: Caller) -> None:
    menu = await call("GET", MENU)
    for name, value in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        assert (await call("GET", MENU, headers={name: menu.headers[value]})).status == 304
    assert (await call("GET", MENU, headers={"If-None-Match": '"other"'})).status == 200
    summary = await call("GET", "/api/v1/menus/summary", params=QUERY, headers={"If-None-Match": "*"})
    assert (summary.status, "ETag" in summary.headers) == (200, False)


@source("stsgg/op-api-v1-menus-menuid-get", "seen")
async def test_menu_has_these_nodes(call: Caller) -> None:
    menu = (await call("GET", MENU, headers={"Simphony-Features": "enable-condiment-prefix"})).body
    assert menu.keys() == {
        "orgShortName", "locRef", "rvcRef", "menuId", "name", "description", "allergens", "familyGroups",
        "menuItems", "condimentGroups", "condimentItems", "comboMeals", "options",
    }  # fmt: skip
    items = {each["menuItemId"]: each for each in menu["menuItems"]}
    assert items[11002].keys() == {"menuItemId", "name", "familyGroupRef", "definitions"}
    (steak,) = items[11002]["definitions"]
    assert steak.keys() == {
        "definitionSequence", "name", "name2", "taxClassRef", "prices", "condimentGroupRules", "slus",
        "extensions", "ConsumerContentProperties",
    }  # fmt: skip
    assert steak["slus"][0].keys() == {"sluId", "name"}
    assert steak["condimentGroupRules"][0].keys() == {"condimentGroupRef", "minimumCount", "maximumCount"}
    assert items[12002]["definitions"][0]["prices"][1].keys() == {"priceSequence", "price", "name", "level"}
    shown = steak["ConsumerContentProperties"]
    assert shown.keys() == {"consumerName", "consumerDescription", "images"}
    assert shown["images"][0].keys() == {"url", "altText"}
    assert menu["condimentGroups"][0].keys() == {"condimentGroupId", "name", "condimentItemRefs"}
    assert menu["condimentItems"][0].keys() == {"condimentId", "name", "familyGroupRef", "definitions"}
    assert menu["condimentItems"][0]["definitions"][0].keys() == steak.keys() - {"ConsumerContentProperties"}
    assert menu["familyGroups"][0].keys() == {"familyGroupItemId", "name", "consumerName"}
    (combo,) = menu["comboMeals"]
    assert combo.keys() == {"comboMealId", "menuItemRef", "name", "comboGroups"}
    assert combo["comboGroups"][0].keys() == {"comboGroupId", "name", "isMainGroup", "menuItems"}
    assert combo["comboGroups"][0]["menuItems"][0].keys() == {"menuItemRef", "prices"}


@source("stsgg/op-api-v1-menus-menuid-get", "seen")
async def test_texts_are_by_language(call: Caller) -> None:
    items = {each["menuItemId"]: each for each in (await call("GET", MENU)).body["menuItems"]}
    assert items[11004]["name"] == {"en-US": "Open sandwich with shrimp", "da-DK": "Rejemad"}


@source("collection", "stsgg/api-configuration-api-v1")
async def test_we_read_every_list(simulation: Simulation, call: Caller) -> None:
    await set_up(call, terms={"soldOut": [{"menuItemId": 11005, "definitions": [{"definitionSequence": 2}]}]})
    api, at, bearer = simulation.client.configuration, simulation.connection, simulation.bearer
    (summary,) = await api.get_menus(at, bearer)
    assert (summary.menu_id, summary.rvc_ref) == ("muneris-demo:cph01:1", 1)
    assert [(each.tender_id, each.type) for each in await api.get_tenders(at, bearer)][-2:] == [
        (63, "payment"), (90, "serviceTotal"),
    ]  # fmt: skip
    assert [(each.discount_id, each.type, each.value) for each in await api.get_discounts(at, bearer)] == [
        (31, "percentage", Decimal(10)),
        (32, "amount", Decimal(25)),
        (33, "amount", Decimal(0)),
    ]
    charges = await api.get_service_charges(at, bearer)
    assert [(each.service_charge_id, each.type, each.value) for each in charges] == [
        (901, "amount", Decimal(39)), (902, "percentage", Decimal(5)), (903, "amount", Decimal(0)),
    ]  # fmt: skip
    assert charges[0].name == {"en-US": "Delivery", "da-DK": "Levering"}
    unavailable, taxes = await api.get_unavailable(at, bearer), await api.get_taxes(at, bearer)
    assert unavailable is not None
    assert taxes is not None
    (gone,) = unavailable.value.items
    assert (gone.menu_item_id, gone.definitions[0].definition_sequence) == (11005, 2)
    assert [(each.percentage, each.tax_type) for each in taxes.value.tax_rates] == [
        (Decimal(25), "includedPercent"), (Decimal(0), "disabled"),
    ]  # fmt: skip
    assert taxes.value.tax_classes[0].active_tax_rate_refs == ("1", "2")


@source("stsgg/api-configuration-api", "collection")
@pytest.mark.parametrize("version", [1, 2])
async def test_we_read_again_only_what_has_changed(simulation: Simulation, version: int) -> None:
    at = simulation.connection.model_copy(update={"menu_version": version})
    api, bearer = simulation.client.configuration, simulation.bearer
    reads: list[Callable[..., Awaitable[object]]] = [api.get_menu, api.get_unavailable, api.get_taxes]
    for read in reads:
        first = await read(at, bearer)
        assert isinstance(first, Versioned)
        assert await read(at, bearer, held=first) is None
        assert simulation.asked[-1].headers["If-None-Match"] == first.etag
        assert await read(at, bearer, held=first._replace(etag='"another"')) == first


@source("stsgg/op-api-v1-menus-menuid-get", "stsgg/op-api-v2-menus-menuid-get")
@pytest.mark.parametrize("version", [1, 2])
async def test_we_read_the_same_combos_of_both_versions(simulation: Simulation, version: int) -> None:
    at = simulation.connection.model_copy(update={"menu_version": version})
    found = await simulation.client.configuration.get_menu(at, simulation.bearer)
    assert found is not None
    assert simulation.asked[-1].path == f"/api/v{version}/menus/muneris-demo%3Acph01%3A1"
    (combo,) = found.value.combo_meals
    apart = {each.combo_group_id: each for each in found.value.combo_groups}
    groups = combo.combo_groups or tuple(apart[ref] for ref in combo.combo_group_refs)
    assert [(each.combo_group_id, each.is_main_group) for each in groups] == [
        (711, True), (712, False), (713, False),
    ]  # fmt: skip
    assert [each.menu_item_ref for each in groups[0].menu_items] == [11001, 11003]


@source("stsgg/op-api-v1-menus-menuid-get", "seen")
async def test_we_read_items_condiments_prices_and_what_guests_are_shown(simulation: Simulation) -> None:
    found = await simulation.client.configuration.get_menu(simulation.connection, simulation.bearer)
    assert found is not None
    items = {each.menu_item_id: each for each in found.value.menu_items}
    (steak,) = items[11002].definitions
    assert [
        (each.condiment_group_ref, each.minimum_count, each.maximum_count)
        for each in steak.condiment_group_rules
    ] == [(502, 1, 1), (501, 0, 2)]
    assert steak.consumer_content is not None
    assert steak.consumer_content.consumer_name == {"en-US": "Grilled steak", "da-DK": "Grillet bøf"}
    assert [each.url for each in steak.consumer_content.images] == [
        "https://images.nordickitchens.example/11002.jpg"
    ]
    beer = items[12002].definitions[0]
    assert [(each.price_sequence, each.price, each.level) for each in beer.prices] == [
        (1, Decimal("48.00"), 1), (2, Decimal("33.00"), 2),
    ]  # fmt: skip
    assert items[11005].definitions[1].prices[0].price == Decimal("49.00")
    assert [each.condiment_item_refs for each in found.value.condiment_groups][1] == (52011, 52012, 52013)
    assert found.value.family_groups[1].name == {"en-US": "Drinks", "da-DK": "Drikkevarer"}
