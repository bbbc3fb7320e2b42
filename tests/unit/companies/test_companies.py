import pytest
from tests.tenants import COMPANY, REGIONS, TenantRegion, bearer

from muneris.directory import record_home

PATH = "/v1/auth/companies"


@pytest.fixture
def region() -> TenantRegion:
    return TenantRegion()


async def register(region: TenantRegion, **changes: object) -> tuple[int, str | None]:
    answer = await region.send("POST", PATH, COMPANY | changes, anonymous=True)
    return answer.status, answer.code


async def test_a_new_company_is_pending_and_known_everywhere(region: TenantRegion) -> None:
    answer = await region.send("POST", PATH, COMPANY | {"unknown": 1}, anonymous=True)
    assert (answer.status, answer.json()) == (202, COMPANY | {"status": "pending"})
    for directory in region.directories.values():
        row = await directory.find("NOR", "home")
        assert row is not None
        assert (row.text("Region"), row.number("Version")) == ("api1", 1)


async def test_the_same_registration_again_changes_nothing(region: TenantRegion) -> None:
    assert await register(region) == (202, None)
    before = await region.config.find("NOR", "company")
    assert await register(region) == (202, None)
    assert await region.config.find("NOR", "company") == before
    await region.send("POST", f"{PATH}/NOR/activate")
    assert await register(region) == (202, None)


@pytest.mark.parametrize(
    "change", [{"name": "Another"}, {"contact_email": "other@x.example"}, {"vat_number": "X"}]
)
async def test_a_taken_code_is_refused(region: TenantRegion, change: dict[str, str]) -> None:
    await register(region)
    before = await region.config.find("NOR", "company")
    assert await register(region, **change) == (409, "company_exists")
    assert await region.config.find("NOR", "company") == before


async def test_a_code_taken_in_another_region_is_refused(region: TenantRegion) -> None:
    await record_home(region.directories["api1"], "NOR", "api2", 1)
    assert await register(region) == (409, "company_exists")
    assert await region.config.keys("NOR") == []


async def test_an_absence_that_is_remembered_gives_no_code_away(region: TenantRegion) -> None:
    assert (await region.send("POST", f"{PATH}/NOR/activate")).code == "company_not_found"
    await record_home(region.directories["api1"], "NOR", "api2", 1)
    assert await register(region) == (409, "company_exists")
    assert await region.config.keys("NOR") == []


async def test_who_lost_a_code_to_another_region_is_stopped(region: TenantRegion) -> None:
    assert await register(region) == (202, None)
    await record_home(region.directories["api1"], "NOR", "api2", 2)
    answer = await region.send("POST", f"{PATH}/NOR/activate")
    assert (answer.status, answer.code) == (421, "company_in_another_region")
    assert answer.json()["home_endpoint"] == REGIONS["api2"]
    assert await register(region) == (409, "company_exists")


async def test_another_home_region_is_told_where_to_go(region: TenantRegion) -> None:
    answer = await region.send("POST", PATH, COMPANY | {"home_region": "api2"}, anonymous=True)
    assert (answer.status, answer.code) == (421, "company_in_another_region")
    assert answer.json()["home_endpoint"] == REGIONS["api2"]
    assert await region.config.keys("NOR") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("home_region", "api9"),
        ("code", "nor"),
        ("code", "NORD"),
        ("code", "NOR\n"),
        ("name", " "),
        ("contact_email", "nobody"),
        ("vat_number", 7),
    ],
)
async def test_a_wrong_field_is_named(region: TenantRegion, field: str, value: object) -> None:
    answer = await region.send("POST", PATH, COMPANY | {field: value}, anonymous=True)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [each["field"] for each in answer.json()["errors"]] == [field]


async def test_staff_activate_as_often_as_they_like(region: TenantRegion) -> None:
    await register(region)
    for _ in range(2):
        answer = await region.send("POST", f"{PATH}/NOR/activate")
        assert (answer.status, answer.body) == (204, b"")
    assert (await region.send("POST", PATH, COMPANY)).json()["status"] == "active"


async def test_nobody_else_activates(region: TenantRegion) -> None:
    await region.add_property()
    guest = await region.start_guest()
    for headers, refusal in [
        ({}, (401, "unauthenticated")),
        (bearer(guest["access_token"]), (403, "forbidden")),
    ]:
        answer = await region.send("POST", f"{PATH}/SUN/activate", headers=headers, anonymous=True)
        assert (answer.status, answer.code) == refusal


@pytest.mark.parametrize("code", ["SUN", "sun", "a%23b"])
async def test_an_unknown_company_cannot_be_activated(region: TenantRegion, code: str) -> None:
    answer = await region.send("POST", f"{PATH}/{code}/activate")
    assert (answer.status, answer.code) == (404, "company_not_found")


async def test_while_storage_is_down_nothing_is_promised(region: TenantRegion) -> None:
    region.config.faults.down()
    assert await register(region) == (503, "service_unavailable")
