"""The Organization API: organizations, locations, revenue centers, and the search for what is near."""

import pytest
from tests.simphony import Simulation
from tests.simphony_caller import Caller, set_oddity

from muneris.simphony.organization import Location, Organization, RevenueCenter

source = pytest.mark.source

ORG = "/api/v1/organizations"
LOCATIONS = f"{ORG}/muneris-demo/locations"
CENTERS = f"{LOCATIONS}/cph01/revenueCenters"
MENU: dict[str, object] = {"menuItems": []}


@source("stsgg/op-…-revenuecenters-get", "seen")
@pytest.mark.parametrize(
    ("path", "name"), [(ORG, "organization"), (LOCATIONS, "location"), (CENTERS, "revenueCenter")]
)
async def test_lists_come_in_three_wrappings(call: Caller, path: str, name: str) -> None:
    named = (await call("GET", path)).body
    assert {key: named[key] for key in ("limit", "offset", "count")} == {"limit": 1, "offset": 0, "count": 1}
    await set_oddity(call, listWrapper="items")
    assert (await call("GET", path)).body["items"] == named[name]
    await set_oddity(call, listWrapper="array")
    assert (await call("GET", path)).body == named[name]


@source("collection", "stsgg/api-organization-api")
async def test_lists_are_paged_from_an_offset(call: Caller) -> None:
    for rvc in (2, 3):
        await call("PUT", f"/sim/menus/muneris-demo/cph01/{rvc}", body=MENU)

    async def refs(query: str) -> list[int]:
        return [each["rvcRef"] for each in (await call("GET", f"{CENTERS}?{query}")).body["revenueCenter"]]

    assert await refs("") == await refs("limit=1") == [1, 2, 3]
    assert await refs("offset=1&limit=1") == [2]
    assert (await call("GET", f"{CENTERS}?offset=x")).status == 400


@source("seen")
async def test_location_tells_its_currency_zone_and_place(call: Caller) -> None:
    location = (await call("GET", f"{LOCATIONS}/CPH01")).body
    assert (location["currency"], location["timezone"]["ianaName"], location["languages"]) == (
        "DKK", "Europe/Copenhagen", ["en-US", "da-DK"],
    )  # fmt: skip
    assert location["geoLocation"] == {"latitude": 55.6798, "longitude": 12.591}
    assert (location["address"]["country"], location["posPlatform"]["name"]) == ("DK", "Simphony")


@source("stsgg/op-…-revenuecenters-get")
async def test_revenue_center_tells_its_order_types_channels_and_tables(call: Caller) -> None:
    center = (await call("GET", f"{CENTERS}/1")).body
    assert [each["orderTypeRef"] for each in center["orderTypes"]] == [1, 2, 3]
    assert center["orderTypes"][0]["suggestedTips"] == [5, 10, 15]
    assert (center["orderChannels"][0]["isDefault"], center["tables"][-1]) == (True, "20")
    assert (center["rvcRef"], center["name"]) == (1, "Revenue center 1")


@source("stsgg/status_codes")
@pytest.mark.parametrize(
    "path", [f"{ORG}/none", f"{ORG}/none/locations", f"{LOCATIONS}/none", f"{CENTERS}/9"]
)
async def test_what_does_not_exist_is_not_found(call: Caller, path: str) -> None:
    refused = await call("GET", path)
    assert (refused.status, refused.body["title"], refused.body["status"]) == (404, "Not found", 404)


@source("collection", "stsgg/api-organization-api")
async def test_search_finds_what_is_near(call: Caller) -> None:
    near = {"latitude": "55.68", "longitude": "12.60"}
    far = {"latitude": "55.40", "longitude": "10.40"}
    path = "/api/v1/search/locations"
    assert [each["locRef"] for each in (await call("GET", path, params=near)).body["location"]] == ["cph01"]
    assert (await call("GET", path, params=far)).body["location"] == []
    wide = {**far, "radius": "200000"}
    assert (await call("GET", path, params=wide)).body["count"] == 1
    assert (await call("GET", path, params={**wide, "orgShortName": "other"})).body["count"] == 0
    centers = await call("GET", "/api/v1/search/revenueCenters", params={**near, "locRef": "CPH01"})
    assert [each["rvcRef"] for each in centers.body["revenueCenter"]] == [1]


@source("stsgg/api-organization-api", "stsgg/op-basepath-search-revenuecenters-get")
@pytest.mark.parametrize(
    "query",
    [{}, {"latitude": "x", "longitude": "1"}, {"latitude": "1", "longitude": "1", "radius": "5000001"}],
)
async def test_search_needs_a_point_and_a_radius_in_bounds(call: Caller, query: dict[str, str]) -> None:
    assert (await call("GET", "/api/v1/search/locations", params=query)).status == 400


@source("stsgg/api-organization-api", "stsgg/api-configuration-api")
@pytest.mark.parametrize("path", ["search/locations", "search/revenueCenters", "barcodes/collection"])
async def test_some_calls_are_for_the_cloud_only(call: Caller, path: str) -> None:
    await set_oddity(call, isOnPremises=True)
    assert (await call("GET", f"/api/v1/{path}")).status == 501


@source("collection", "stsgg/op-…-revenuecenters-get", "seen")
@pytest.mark.parametrize("wrapper", ["named", "items", "array"])
async def test_we_read_every_list_in_every_wrapping(
    simulation: Simulation, call: Caller, wrapper: str
) -> None:
    await set_oddity(call, listWrapper=wrapper)
    api, at, bearer = simulation.client.organization, simulation.connection, simulation.bearer
    assert await api.get_organizations(at, bearer) == (await api.get_organization(at, bearer),)
    assert await api.get_locations(at, bearer) == (await api.get_location(at, bearer),)
    assert await api.get_revenue_centers(at, bearer) == (await api.get_revenue_center(at, bearer),)


@source("collection")
async def test_we_name_a_place_in_the_path(simulation: Simulation) -> None:
    api, at, bearer = simulation.client.organization, simulation.connection, simulation.bearer
    simulation.asked.clear()
    organization = await api.get_organization(at, bearer)
    location = await api.get_location(at, bearer)
    center = await api.get_revenue_center(at, bearer)
    assert [each.path for each in simulation.asked] == [
        f"{ORG}/muneris-demo", f"{LOCATIONS}/cph01", f"{CENTERS}/1",
    ]  # fmt: skip
    assert organization == Organization(org_short_name="muneris-demo", name="muneris-demo")
    assert (type(location), location.loc_ref, location.time_zone) == (Location, "cph01", "Europe/Copenhagen")
    assert (location.currency, location.platform) == ("DKK", "Simphony")
    assert (type(center), center.rvc_ref, center.tables[0]) == (RevenueCenter, 1, "1")
    assert [each.order_type_ref for each in center.order_types] == [1, 2, 3]
    assert [each.is_default for each in center.order_channels] == [True]


@source("seen")
async def test_location_has_these_fields(call: Caller) -> None:
    location = (await call("GET", f"{LOCATIONS}/cph01")).body
    assert location.keys() == {
        "orgShortName", "locRef", "name", "currency", "phoneNumber", "languages", "timezone", "address",
        "geoLocation", "posPlatform",
    }  # fmt: skip
    assert location["timezone"].keys() == {"ianaName", "windowsName", "tzIndex"}
    assert location["address"].keys() == {
        "line1", "line2", "floor", "locality", "region", "postalCode", "country", "notes",
    }  # fmt: skip
    assert location["geoLocation"].keys() == {"latitude", "longitude"}
    assert location["posPlatform"].keys() == {"name", "version"}


@source("stsgg/op-…-revenuecenters-get")
async def test_revenue_center_has_these_fields(call: Caller) -> None:
    center = (await call("GET", f"{CENTERS}/1")).body
    assert center.keys() == {
        "orgShortName", "locRef", "rvcRef", "name", "consumerName", "address", "geoLocation", "extensions",
        "orderTypes", "orderChannels", "tables",
    }  # fmt: skip
    assert {frozenset(each) for each in center["orderTypes"]} == {
        frozenset({"orderTypeRef", "name", "serviceLevelTime", "suggestedTips"})
    }
    assert {frozenset(each) for each in center["orderChannels"]} == {
        frozenset({"orderChannelId", "name", "isDefault", "serviceLevelTime"})
    }


@source("stsgg/op-basepath-search-revenuecenters-get")
async def test_search_finds_five_unless_it_is_told_up_to_a_hundred(call: Caller) -> None:
    for rvc in range(2, 8):
        await call("PUT", f"/sim/menus/muneris-demo/cph01/{rvc}", body=MENU)
    near = {"latitude": "55.68", "longitude": "12.60"}
    path = "/api/v1/search/revenueCenters"

    async def count(**query: str) -> int:
        found: int = (await call("GET", path, params=near | query)).body["count"]
        return found

    assert (await count(), await count(count="6"), await count(count="100")) == (5, 6, 7)
    assert (await call("GET", path, params={**near, "count": "101"})).status == 400
    assert (await count(radius="1"), await count(radius="5000000")) == (0, 5)
