import asyncio

import pytest
from tests.tenants import AT, COMPANY, PROPERTY, REGIONS, SIMPHONY, TenantRegion, bearer

from muneris.cloud.tables import Row
from muneris.config.ordering import Ordering
from muneris.config.property import Property
from muneris.directory import record_home
from muneris.directory.accounts import choose_account

ORDERING = {
    "opening_hours": {},
    "lead_minutes": 0,
    "furthest_days": 14,
    "capacity": {},
    "expire_after_minutes": None,
    "pre_check_ms": None,
    "price_levels": {},
}
ANSWER = {**PROPERTY, "ordering": ORDERING, "code": "NOR-CPH01", "status": "pending", "simphony": None}
DOCUMENT = "NOR-CPH01/property.json"
LIST = "/v1/config/companies/NOR/properties"


@pytest.fixture
def region() -> TenantRegion:
    return TenantRegion()


async def test_a_new_property_is_created_published_and_known_everywhere(region: TenantRegion) -> None:
    await region.add_company()
    answer = await region.send("PUT", AT, PROPERTY)
    assert (answer.status, answer.json()) == (201, ANSWER)
    assert await region.documents.json(DOCUMENT) == ANSWER
    for directory in region.directories.values():
        row = await directory.find("NOR-CPH01", "home")
        assert row is not None
        assert row.text("Region") == "api1"
    assert await region.config.keys("NOR-CPH01") == ["property"]


async def test_a_new_property_gets_an_account_which_its_home_alone_knows() -> None:
    region = TenantRegion(accounts=("b", "c"))
    await region.add_property()
    rows = [await directory.find("NOR-CPH01", "home") for directory in region.directories.values()]
    account = choose_account("NOR-CPH01", ("b", "c"))
    assert [row.text("Account") for row in rows if row is not None] == [account, "", ""]
    etag = (await region.send("GET", AT)).headers["etag"]
    changed = PROPERTY | {"name": "Nyhavn 2"}
    assert (await region.send("PUT", AT, changed, headers={"If-Match": etag})).status == 200
    await region.outbox.sweep()
    assert [await each.find("NOR-CPH01", "home") for each in region.directories.values()] == rows


async def test_the_same_property_again_changes_nothing(region: TenantRegion) -> None:
    await region.add_property()
    before = await region.config.find("NOR-CPH01", "property")
    for headers in ({}, {"If-Match": '"old"'}):
        answer = await region.send("PUT", AT, PROPERTY, headers=headers)
        assert (answer.status, answer.json()) == (200, ANSWER)
    assert await region.config.find("NOR-CPH01", "property") == before


async def test_a_change_names_the_version_it_changes(region: TenantRegion) -> None:
    await region.add_property()
    etag = (await region.send("GET", AT)).headers["etag"]
    changed = PROPERTY | {"name": "Nyhavn 2"}
    for headers, refusal in [
        ({}, (428, "precondition_required")),
        ({"If-Match": '"x"'}, (412, "changed_meanwhile")),
    ]:
        answer = await region.send("PUT", AT, changed, headers=headers)
        assert (answer.status, answer.code) == refusal
        assert (await region.send("GET", AT)).json()["name"] == "Nyhavn"
    answer = await region.send("PUT", AT, changed, headers={"If-Match": etag})
    assert (answer.status, answer.json()["name"]) == (200, "Nyhavn 2")
    assert answer.headers["etag"] != etag
    document = await region.documents.json(DOCUMENT)
    assert document is not None
    assert document["name"] == "Nyhavn 2"
    again = await region.send("PUT", AT, PROPERTY, headers={"If-Match": etag})
    assert (again.status, again.code) == (412, "changed_meanwhile")


async def test_how_it_takes_orders_is_set_and_published(region: TenantRegion) -> None:
    await region.add_property()
    etag = (await region.send("GET", AT)).headers["etag"]
    ordering = {
        "opening_hours": {
            "fri": [{"from": "11:30", "to": "15:00"}, {"from": "18:00", "to": "02:00"}],
            "sat": [],
        },
        "lead_minutes": 20,
        "furthest_days": 3,
        "capacity": {"pickup": {"in_progress": 20, "per_window": None, "window_minutes": 15}},
        "expire_after_minutes": 45,
        "pre_check_ms": 1500,
        "price_levels": {"2": {"fri": [{"from": "16:00", "to": "18:00"}]}},
    }
    changed = PROPERTY | {"ordering": ordering}
    answer = await region.send("PUT", AT, changed, headers={"If-Match": etag})
    assert (answer.status, answer.json()) == (200, ANSWER | {"ordering": ordering})
    assert (await region.send("GET", AT)).json() == ANSWER | {"ordering": ordering}
    assert await region.documents.json(DOCUMENT) == ANSWER | {"ordering": ordering}
    again = await region.send("PUT", AT, changed)
    assert (again.status, again.headers["etag"]) == (200, answer.headers["etag"])
    sooner = PROPERTY | {"ordering": ordering | {"lead_minutes": 10}}
    assert (await region.send("PUT", AT, sooner)).code == "precondition_required"


@pytest.mark.parametrize(
    ("ordering", "field"),
    [
        ({"opening_hours": {"someday": []}}, "opening_hours"),
        ({"opening_hours": {"mon": [{"from": "24:00", "to": "02:00"}]}}, "opening_hours.mon.0.from"),
        ({"opening_hours": {"mon": [{"from": "9:00", "to": "17:00"}]}}, "opening_hours.mon.0.from"),
        ({"opening_hours": {"mon": [{"from": "09:00"}]}}, "opening_hours.mon.0.to"),
        ({"lead_minutes": -1}, "lead_minutes"),
        ({"furthest_days": 366}, "furthest_days"),
        ({"capacity": {"pickup": {"in_progress": 0}}}, "capacity.pickup.in_progress"),
        ({"capacity": {"pickup": {"per_window": 201}}}, "capacity.pickup.per_window"),
        ({"capacity": {"pickup": {"window_minutes": 4}}}, "capacity.pickup.window_minutes"),
        ({"capacity": {"drone": {}}}, "capacity"),
        ({"expire_after_minutes": 0}, "expire_after_minutes"),
        ({"price_levels": {"9": {}}}, "price_levels"),
        ({"price_levels": {"two": {}}}, "price_levels"),
        ({"price_levels": {"2": {"someday": []}}}, "price_levels.2"),
        ({"price_levels": {"2": {"mon": [{"from": "09:00"}]}}}, "price_levels.2.mon.0.to"),
    ],
)
async def test_what_no_property_can_keep_to_is_refused(
    region: TenantRegion, ordering: dict[str, object], field: str
) -> None:
    await region.add_property()
    before = await region.config.find("NOR-CPH01", "property")
    answer = await region.send("PUT", AT, PROPERTY | {"ordering": ordering})
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [each["field"].startswith(f"ordering.{field}") for each in answer.json()["errors"]] == [True]
    assert await region.config.find("NOR-CPH01", "property") == before


def test_a_property_published_before_ordering_could_be_set_takes_orders_as_ever() -> None:
    old = {name: value for name, value in ANSWER.items() if name != "ordering"}
    assert Property.model_validate(old).ordering == Ordering()


async def test_a_property_that_is_not_there_cannot_be_changed(region: TenantRegion) -> None:
    await region.add_company()
    answer = await region.send("PUT", AT, PROPERTY, headers={"If-Match": "*"})
    assert (answer.status, answer.code) == (412, "changed_meanwhile")
    assert await region.config.keys("NOR-CPH01") == []


async def test_the_company_comes_first(region: TenantRegion) -> None:
    answer = await region.send("PUT", AT, PROPERTY)
    assert (answer.status, answer.code) == (404, "company_not_found")
    await region.send("POST", "/v1/auth/companies", COMPANY)
    answer = await region.send("PUT", AT, PROPERTY)
    assert (answer.status, answer.code) == (409, "company_not_active")
    assert await region.config.keys("NOR-CPH01") == []


@pytest.mark.parametrize(
    ("code", "refusal"), [("NOR", "company_in_another_region"), ("NOR-CPH01", "property_in_another_region")]
)
async def test_what_lives_elsewhere_is_sent_there(region: TenantRegion, code: str, refusal: str) -> None:
    await record_home(region.directories["api1"], code, "api2", 1)
    answer = await region.send("PUT", AT, PROPERTY)
    assert (answer.status, answer.code) == (421, refusal)
    assert answer.json()["home_endpoint"] == REGIONS["api2"]
    assert await region.config.keys("NOR-CPH01") == []


async def test_a_company_that_lost_its_code_creates_nothing(region: TenantRegion) -> None:
    await region.add_company()
    await record_home(region.directories["api1"], "NOR", "api2", 2)
    for method, path in [("PUT", AT), ("GET", LIST)]:
        answer = await region.send(method, path, PROPERTY)
        assert (answer.status, answer.code) == (421, "company_in_another_region")
        assert answer.json()["home_endpoint"] == REGIONS["api2"]
    assert await region.config.keys("NOR-CPH01") == []


async def test_an_absence_that_is_remembered_gives_no_code_away(region: TenantRegion) -> None:
    await region.add_company()
    assert (await region.send("GET", AT)).code == "property_not_found"
    await record_home(region.directories["api1"], "NOR-CPH01", "api2", 1)
    assert (await region.send("PUT", AT, PROPERTY)).code == "property_in_another_region"
    assert await region.config.keys("NOR-CPH01") == []


async def test_a_property_that_lost_its_code_is_stopped(region: TenantRegion) -> None:
    await region.add_property()
    await record_home(region.directories["api1"], "NOR-CPH01", "api2", 2)
    for method, path, body in [
        ("PUT", AT, PROPERTY),
        ("GET", AT, None),
        ("PUT", f"{AT}/simphony", SIMPHONY),
        ("POST", f"{AT}/menu/refresh", None),
    ]:
        answer = await region.send(method, path, body)
        assert (answer.status, answer.code) == (421, "property_in_another_region")
        assert answer.json()["home_endpoint"] == REGIONS["api2"]


async def test_a_property_whose_home_is_still_on_its_way_is_here(region: TenantRegion) -> None:
    await region.add_company()
    region.directories["api1"].refuses = lambda _: True
    assert (await region.send("PUT", AT, PROPERTY)).status == 201
    assert (await region.send("GET", AT)).json() == ANSWER


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("country", "DNK"),
        ("currency", "kr"),
        ("currency", "ZZZ"),
        ("currency", "XXX"),
        ("time_zone", "Europe/Atlantis"),
        ("time_zone", "../etc/passwd"),
        ("contact_email", "nobody"),
        ("address", 1),
    ],
)
async def test_a_wrong_field_is_named(region: TenantRegion, field: str, value: object) -> None:
    answer = await region.send("PUT", AT, PROPERTY | {field: value})
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [each["field"] for each in answer.json()["errors"]] == [field]


async def test_a_wrong_code_is_refused(region: TenantRegion) -> None:
    answer = await region.send("PUT", "/v1/config/properties/nor-1", PROPERTY)
    assert (answer.status, answer.code) == (422, "invalid_request")


async def test_a_read_is_conditional(region: TenantRegion) -> None:
    await region.add_property()
    answer = await region.send("GET", AT)
    etag = answer.headers["etag"]
    assert answer.status == 200
    for known in (etag, f'"other", W/{etag}', "*"):
        unchanged = await region.send("GET", AT, headers={"If-None-Match": known})
        assert (unchanged.status, unchanged.body, unchanged.headers["etag"]) == (304, b"", etag)
    assert (await region.send("GET", AT, headers={"If-None-Match": '"other"'})).status == 200


async def test_an_unknown_property_is_not_found(region: TenantRegion) -> None:
    for code in ("NOR-XYZ", "nonsense", "a%23b"):
        answer = await region.send("GET", f"/v1/config/properties/{code}")
        assert (answer.status, answer.code) == (404, "property_not_found")


async def test_a_company_lists_its_own_properties(region: TenantRegion) -> None:
    await region.add_property()
    await region.send("PUT", "/v1/config/properties/NOR-AAR01", PROPERTY | {"name": "Aarhus"})
    answer = await region.send("GET", "/v1/config/companies/NOR/properties")
    assert [each["code"] for each in answer.json()["items"]] == ["NOR-AAR01", "NOR-CPH01"]
    assert answer.json()["continuation"] is None
    for code in ("SUN", "a%23b"):
        unknown = await region.send("GET", f"/v1/config/companies/{code}/properties")
        assert (unknown.status, unknown.code) == (404, "company_not_found")


@pytest.mark.parametrize(("limit", "pages"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3]), (100, [3])])
async def test_a_list_goes_on_where_its_page_ended(
    region: TenantRegion, limit: int, pages: list[int]
) -> None:
    await region.add_company()
    codes = ["NOR-AAR01", "NOR-CPH01", "NOR-ODE01"]
    for code in reversed(codes):
        assert (await region.send("PUT", f"/v1/config/properties/{code}", PROPERTY)).status == 201
    listed = []
    path: str | None = f"{LIST}?limit={limit}"
    while path is not None:
        page = (await region.send("GET", path)).json()
        listed.append(page["items"])
        following = page["continuation"]
        path = f"{LIST}?limit={limit}&continuation={following}" if following else None
    assert [len(items) for items in listed] == pages
    assert [item for items in listed for item in items] == [{**ANSWER, "code": code} for code in codes]


async def test_a_list_is_read_at_once(region: TenantRegion) -> None:
    await region.add_property()
    await region.send("PUT", "/v1/config/properties/NOR-AAR01", PROPERTY)
    both, find = asyncio.Barrier(2), region.config.find

    async def together(partition: str, key: str) -> Row | None:
        if key == "property":
            await both.wait()
        return await find(partition, key)

    region.config.find = together  # type: ignore[method-assign] # one after the other never ends
    async with asyncio.timeout(5):
        assert len((await region.send("GET", LIST)).json()["items"]) == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("continuation=", "continuation"),
        ("continuation=NOR-CPH01", "continuation"),
        ("continuation=%C3%A6", "continuation"),
        ("continuation=Tk9S", "continuation"),
    ],
)
async def test_a_page_that_is_none_is_refused(region: TenantRegion, query: str, field: str) -> None:
    await region.add_property()
    answer = await region.send("GET", f"{LIST}?{query}")
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [each["field"] for each in answer.json()["errors"]] == [field]


async def test_a_creation_cut_short_is_not_listed(region: TenantRegion) -> None:
    await region.add_company()
    region.config.refuses = lambda transaction: transaction.partition == "NOR-CPH01"
    assert (await region.send("PUT", AT, PROPERTY)).code == "service_unavailable"
    region.config.refuses = lambda _: False
    assert (await region.send("GET", "/v1/config/companies/NOR/properties")).json()["items"] == []
    assert (await region.send("PUT", AT, PROPERTY)).status == 201


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", AT),
        ("GET", AT),
        ("PUT", f"{AT}/simphony"),
        ("POST", f"{AT}/menu/refresh"),
        ("GET", "/v1/config/companies/NOR/properties"),
    ],
)
async def test_only_staff_may(region: TenantRegion, method: str, path: str) -> None:
    await region.add_property()
    guest = await region.start_guest()
    for headers, refusal in [
        ({}, (401, "unauthenticated")),
        (bearer(guest["access_token"]), (403, "forbidden")),
    ]:
        answer = await region.send(method, path, headers=headers, anonymous=True)
        assert (answer.status, answer.code) == refusal


async def test_what_could_not_be_published_is_published_by_the_sweep(region: TenantRegion) -> None:
    await region.add_company()
    region.documents.is_down = True
    assert (await region.send("PUT", AT, PROPERTY)).status == 201
    assert await region.config.keys("NOR-CPH01") == ["property", "work|publish"]
    await region.publishing.sweep()
    assert await region.documents.json(DOCUMENT) is None
    region.documents.is_down = False
    await region.publishing.sweep()
    assert await region.documents.json(DOCUMENT) is not None
    assert await region.config.keys("NOR-CPH01") == ["property"]


async def test_a_publisher_that_was_overtaken_publishes_the_newer_state(region: TenantRegion) -> None:
    await region.add_property()
    put, changed = region.documents.put, PROPERTY | {"name": "Newer"}
    etag = (await region.send("GET", AT)).headers["etag"]

    async def overtaken(name: str, body: bytes) -> str:
        region.documents.put = put  # type: ignore[method-assign] # once only
        assert (await region.send("PUT", AT, changed, headers={"If-Match": etag})).status == 200
        return await put(name, body)

    region.documents.put = overtaken  # type: ignore[method-assign] # the race
    await region.publishing.publish("NOR-CPH01")
    document = await region.documents.json(DOCUMENT)
    assert document is not None
    assert document["name"] == "Newer"
