import pytest
from tests.tenants import AT, COMPANY, PROPERTY, REGIONS, TenantRegion, bearer

from muneris.directory import record_home

ANSWER = {**PROPERTY, "code": "NOR-CPH01", "status": "pending", "simphony": None}
DOCUMENT = "NOR-CPH01/property.json"


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


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("country", "DNK"),
        ("currency", "kr"),
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


async def test_a_creation_cut_short_is_not_listed(region: TenantRegion) -> None:
    await region.add_company()
    region.config.fails = lambda writes: writes is not None and writes.partition == "NOR-CPH01"
    assert (await region.send("PUT", AT, PROPERTY)).code == "service_unavailable"
    region.config.up()
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
