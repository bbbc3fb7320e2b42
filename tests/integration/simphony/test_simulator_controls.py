"""What tests and people tell the simulator, and what it tells them."""

from collections.abc import Callable

import aiohttp
from tests.serving import running
from tests.simphony_caller import DETECT, QUERY, Caller, check, opened, set_up

from localcloud.azurite.process import accepts
from localcloud.simulators.simphony import SimphonyConfig, serve

LOCATIONS = "/api/v1/organizations/muneris-demo/locations"
CENTERS = f"{LOCATIONS}/cph01/revenueCenters"
MENU = "/api/v1/menus/muneris-demo:cph01:1"
COLLECTIONS = [
    "tenders/collection",
    "taxes",
    "discounts/collection",
    "serviceCharges/collection",
    "barcodes/collection",
]


async def test_every_check_is_shown_whatever_became_of_it(call: Caller) -> None:
    refs = [await opened(call, number) for number in (1, 2)]
    await opened(call, 3, tenders=[{"tenderId": 61}])
    await call("POST", f"/sim/checks/{refs[0]}/close")
    await call("DELETE", f"/api/v1/checks/{refs[1]}")
    shown = (await call("GET", "/sim/checks")).body["items"]
    assert [(each["header"]["checkNumber"], each["header"]["status"]) for each in shown] == [
        (1001, "closed"), (1002, "voided"), (1003, "closed"),
    ]  # fmt: skip
    assert shown[0]["header"]["idempotencyId"] == f"{1:032x}"


async def test_check_is_closed_once_at_the_till(call: Caller) -> None:
    ref = await opened(call)
    assert [(await call("POST", f"/sim/checks/{each}/close")).status for each in (ref, ref, "x")] == [
        204, 400, 404,
    ]  # fmt: skip


async def test_menu_makes_its_revenue_center_exist(call: Caller) -> None:
    menu = {
        "menuItems": [
            {
                "menuItemId": 7,
                "name": {"en-US": "Soup"},
                "definitions": [{"definitionSequence": 1, "prices": [{"priceSequence": 1, "price": 0.10}]}],
            }
        ]
    }
    place = {"orgShortName": "acme", "locRef": "Store01", "rvcRef": 3}
    soup = check(1, **place) | {"menuItems": [{"menuItemId": 7, "quantity": 3}]}
    assert (await call("POST", "/api/v1/checks", body=soup)).status == 404
    assert (await call("PUT", "/sim/menus/ACME/store01/3", body=menu)).status == 200
    assert (await call("POST", "/api/v1/checks", body=soup)).body["totals"]["subtotal"] == 0.30
    assert (await call("GET", "/api/v1/organizations/acme/locations/store01/revenueCenters/3")).status == 200
    refused = await call("PUT", "/sim/menus/acme/store01/3", body={"menuItems": [{}]})
    assert (refused.status, refused.body["instance"]) == (400, "required_value_missing")


async def test_reset_forgets_checks_and_faults(call: Caller) -> None:
    await call("POST", "/api/v1/checks", body=check(), headers=DETECT)
    await call("POST", "/sim/faults", body={"kind": "refuse", "path_prefix": "/api"})
    assert (await call("GET", "/api/v1/organizations")).status == 503
    assert (await call("POST", "/sim/reset")).status == 204
    assert (await call("GET", "/sim/checks")).body == {"items": []}
    again = await call("POST", "/api/v1/checks", body=check(), headers=DETECT)
    assert "isCachedResponse" not in again.body["header"]


async def test_setup_of_a_place_is_answered(call: Caller) -> None:
    await set_up(call, place={"currency": "EUR", "name": "Bar", "tables": ["A1"]})
    assert (await call("GET", f"{LOCATIONS}/cph01")).body["currency"] == "EUR"
    center = (await call("GET", f"{CENTERS}/1")).body
    assert (center["name"], center["tables"], len(center["orderTypes"])) == ("Bar", ["A1"], 3)


async def test_misspelled_setup_is_refused(call: Caller) -> None:
    refused = await call("PATCH", "/sim/setups/muneris-demo/cph01/1", body={"plaice": {}})
    assert refused.status == 400
    assert (await call("PATCH", "/sim/oddities", body={"bearer": "none"})).status == 400


async def test_changed_collection_has_another_tag_and_others_keep_theirs(call: Caller) -> None:
    before = {path: (await call("GET", f"/api/v1/{path}", params=QUERY)).headers for path in COLLECTIONS}
    call.simulation.clock.advance(10)
    await set_up(call, terms={"tenders": [{"tenderId": 5, "name": "Card"}]})
    after = {path: (await call("GET", f"/api/v1/{path}", params=QUERY)).headers for path in COLLECTIONS}
    changed = {path for path in COLLECTIONS if after[path]["ETag"] != before[path]["ETag"]}
    assert changed == {"tenders/collection"}
    path = "tenders/collection"
    assert after[path]["Last-Modified"] != before[path]["Last-Modified"]


async def test_tags_belong_to_one_revenue_center(call: Caller) -> None:
    await call("PUT", "/sim/menus/muneris-demo/cph01/2", body=(await call("GET", MENU)).body)
    elsewhere = {"Simphony-RvcRef": "2"}
    first = await call("GET", MENU)
    other = await call("GET", MENU[:-1] + "2", headers=elsewhere)
    assert first.headers["ETag"] != other.headers["ETag"]


async def test_full_demo_menu_has_combos_price_levels_and_two_languages(call: Caller) -> None:
    menu = (await call("GET", MENU)).body
    items = {each["menuItemId"]: each for each in menu["menuItems"]}
    beer = items[12002]["definitions"][0]["prices"]
    assert [(each["priceSequence"], each["price"], each["level"]) for each in beer] == [
        (1, 48.00, 1), (2, 33.00, 2),
    ]  # fmt: skip
    assert items[11002]["definitions"][0]["condimentGroupRules"][0]["minimumCount"] == 1
    (combo,) = menu["comboMeals"]
    assert [(each["isMainGroup"], len(each["menuItems"])) for each in combo["comboGroups"]] == [
        (True, 2), (False, 2), (False, 3),
    ]  # fmt: skip
    assert items[combo["menuItemRef"]]["name"] == {"en-US": "Lunch meal", "da-DK": "Frokostmenu"}


async def test_serves_until_it_is_cancelled(ports: Callable[[int], list[int]]) -> None:
    port = ports(1)[0]
    async with (
        running(serve(SimphonyConfig(port=port)), port),
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/sim/checks") as response,
    ):
        assert await response.json() == {"items": []}
    assert not await accepts(port)
