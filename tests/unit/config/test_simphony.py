from datetime import timedelta

import pytest
from tests.tenants import AT, PROPERTY, SIMPHONY, TenantRegion, bearer, soup

from muneris.config.read_models import menu_read_model, property_read_model
from muneris.inventory.availability import Availability, ItemAvailability, availability_document
from muneris.simphony.configuration import Versioned
from muneris.simphony.errors import ReadFailedError, TokenRejectedError
from muneris.simphony.menu import SimphonyMenu
from muneris.simphony.model import Connection


@pytest.fixture
async def region() -> TenantRegion:
    region = TenantRegion()
    await region.add_property()
    return region


async def status(region: TenantRegion) -> str:
    found = await property_read_model(region.documents).find("NOR-CPH01")
    assert found is not None
    return found.status


async def change(region: TenantRegion, **settings: str) -> None:
    etag = (await region.send("GET", AT)).headers["etag"]
    answer = await region.send("PUT", AT, PROPERTY | settings, headers={"If-Match": etag})
    assert answer.status == 200


async def test_a_connection_that_works_is_kept_without_its_password(region: TenantRegion) -> None:
    answer = await region.send("PUT", f"{AT}/simphony", SIMPHONY | {"keep_password": False})
    assert (answer.status, answer.json()) == (
        200,
        {
            "token": {"ok": True, "detail": "Signed in."},
            "location": {"ok": True, "detail": "Copenhagen (DKK)"},
            "revenue_center": {"ok": True, "detail": "Restaurant"},
        },
    )
    assert await region.config.keys("NOR-CPH01") == ["property", "simphony"]
    for row in (await region.config.page("NOR-CPH01")).rows:
        assert "a password" not in row.text("Document")
    published = await property_read_model(region.documents).find("NOR-CPH01")
    assert published is not None
    assert published.simphony is not None
    assert published.simphony.order_type_refs == {"dine_in": 1}
    tokens = await region.stored_tokens.get_token(published.simphony.account, fresh=True)
    assert tokens.id_token == "id of api"
    assert await status(region) == "pending"


@pytest.mark.parametrize(
    ("call", "failed"),
    [
        ("sign_in", ["token", "location", "revenue_center"]),
        ("get_location", ["location"]),
        ("get_revenue_center", ["revenue_center"]),
    ],
)
async def test_what_fails_is_named_and_nothing_is_kept(
    region: TenantRegion, call: str, failed: list[str]
) -> None:
    region.simphony.errors[call] = ReadFailedError("404 Not found", 404)
    answer = await region.send("PUT", f"{AT}/simphony", SIMPHONY)
    assert (answer.status, answer.code) == (422, "simphony_check_failed")
    findings = {name: answer.json()[name]["ok"] for name in ("token", "location", "revenue_center")}
    assert [name for name, ok in findings.items() if not ok] == failed
    assert await region.config.keys("NOR-CPH01") == ["property"]


async def test_a_wrong_password_is_named_and_not_repeated(region: TenantRegion) -> None:
    answer = await region.send("PUT", f"{AT}/simphony", SIMPHONY | {"password": "hunter2"})
    assert (answer.status, answer.code) == (422, "simphony_check_failed")
    assert answer.json()["token"] == {"ok": False, "detail": "wrong_credentials"}
    assert b"hunter2" not in answer.body


async def test_a_property_that_is_not_here_is_not_connected(region: TenantRegion) -> None:
    answer = await region.send("PUT", "/v1/config/properties/NOR-XYZ/simphony", SIMPHONY)
    assert (answer.status, answer.code) == (404, "property_not_found")


async def test_a_property_is_configured_with_its_first_menu(region: TenantRegion) -> None:
    await region.connect()
    answer = await region.send("POST", f"{AT}/menu/refresh")
    assert answer.status == 202
    menu = await menu_read_model(region.documents).find("NOR-CPH01")
    assert menu is not None
    assert answer.json() == {"version": menu.version}
    assert await status(region) == "configured"
    assert region.simphony.bearers[-1] == "id of api"


async def test_a_menu_needs_a_connection(region: TenantRegion) -> None:
    answer = await region.send("POST", f"{AT}/menu/refresh")
    assert (answer.status, answer.code) == (409, "simphony_not_connected")


async def test_an_empty_menu_is_refused_and_the_old_one_stays(region: TenantRegion) -> None:
    await region.connect()
    await region.send("POST", f"{AT}/menu/refresh")
    before = await region.documents.find("NOR-CPH01/menu.json")
    region.simphony.menu = SimphonyMenu(menu_id="m")
    answer = await region.send("POST", f"{AT}/menu/refresh")
    assert (answer.status, answer.code) == (409, "menu_empty")
    assert await region.documents.find("NOR-CPH01/menu.json") == before


async def test_while_simphony_is_away_the_menu_stays(region: TenantRegion) -> None:
    await region.connect()
    await region.send("POST", f"{AT}/menu/refresh")
    region.simphony.errors["get_menu"] = ReadFailedError("no connection")
    answer = await region.send("POST", f"{AT}/menu/refresh")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "simphony_unavailable", "30")
    assert (await region.send("GET", f"{AT}/menu")).status == 200


async def test_a_rejected_token_that_is_still_the_stored_one_is_not_sent_again(region: TenantRegion) -> None:
    await region.connect()
    region.simphony.bearers.clear()
    region.simphony.errors["get_menu"] = TokenRejectedError("401")
    answer = await region.send("POST", f"{AT}/menu/refresh")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "token_rejected", "30")
    assert region.simphony.bearers == ["id of api"]


@pytest.mark.parametrize(("asked", "language"), [({}, "en-US"), ({"language": "da-DK"}, "da-DK")])
async def test_checks_are_in_the_language_of_the_connection(
    region: TenantRegion, asked: dict[str, str], language: str
) -> None:
    assert (await region.send("PUT", f"{AT}/simphony", SIMPHONY | asked)).status == 200
    known = await property_read_model(region.documents).find("NOR-CPH01")
    assert known is not None
    assert known.simphony is not None
    assert known.simphony.language == language


@pytest.mark.parametrize("language", ["", "Danish", "da_DK", "da-DK\r\nX: y"])
async def test_a_language_that_is_no_tag_is_refused(region: TenantRegion, language: str) -> None:
    answer = await region.send("PUT", f"{AT}/simphony", SIMPHONY | {"language": language})
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [each["field"] for each in answer.json()["errors"]] == ["language"]
    assert await region.config.keys("NOR-CPH01") == ["property"]


async def test_another_revenue_center_needs_its_own_menu(region: TenantRegion) -> None:
    await region.connect()
    await region.send("POST", f"{AT}/menu/refresh")
    await region.send("PUT", f"{AT}/simphony", SIMPHONY | {"loc_ref": "CPH01", "employee_ref": 1})
    assert await status(region) == "configured"
    await region.send("PUT", f"{AT}/simphony", SIMPHONY | {"loc_ref": "cph02"})
    assert await status(region) == "pending"


async def test_another_currency_needs_its_own_menu(region: TenantRegion) -> None:
    await region.connect()
    await region.send("POST", f"{AT}/menu/refresh")
    await change(region, currency="SEK")
    assert await status(region) == "pending"
    await region.send("POST", f"{AT}/menu/refresh")
    assert await status(region) == "configured"
    assert (await region.send("GET", f"{AT}/menu")).json()["currency"] == "SEK"


async def test_another_name_keeps_the_menu(region: TenantRegion) -> None:
    await region.connect()
    await region.send("POST", f"{AT}/menu/refresh")
    await change(region, name="Nyhavn 2")
    assert await status(region) == "configured"


@pytest.mark.parametrize("already_configured", [False, True])
async def test_a_menu_in_the_currency_of_before_configures_nothing(
    region: TenantRegion,
    already_configured: bool,  # noqa: FBT001 - a parameter of the table above
) -> None:
    await region.connect()
    get_menu = region.simphony.get_menu

    async def overtaken(
        connection: Connection, bearer: str, *, held: Versioned[SimphonyMenu] | None = None
    ) -> Versioned[SimphonyMenu] | None:
        region.simphony.get_menu = get_menu  # type: ignore[method-assign] # once only
        await change(region, currency="SEK")
        if already_configured:
            await region.send("POST", f"{AT}/menu/refresh")
        return await get_menu(connection, bearer, held=held)

    region.simphony.get_menu = overtaken  # type: ignore[method-assign] # the race
    await region.send("POST", f"{AT}/menu/refresh")
    assert await status(region) == "pending"


async def test_a_guest_reads_the_menu_of_its_property(region: TenantRegion) -> None:
    await region.connect()
    version = (await region.send("POST", f"{AT}/menu/refresh")).json()["version"]
    guest = bearer((await region.start_guest())["access_token"])
    answer = await region.send("GET", f"{AT}/menu", headers=guest)
    assert (answer.status, answer.headers["etag"]) == (200, f'"{version}"')
    assert answer.json() == {
        "version": version,
        "currency": "DKK",
        "languages": ["en-US"],
        "groups": [{"id": 0, "name": {}, "item_ids": [7]}],
        "items": [
            {
                "menu_item_id": 7,
                "name": {"en-US": "Soup"},
                "definitions": [
                    {
                        "definition_sequence": 1,
                        "prices": [{"price_sequence": 1, "price": "89.50"}],
                        "condiment_groups": [],
                        "available": True,
                    }
                ],
                "availability": {"state": "available"},
            }
        ],
        "condiment_groups": [],
        "combos": [],
        "tax_classes": [],
    }
    unchanged = await region.send("GET", f"{AT}/menu", headers={**guest, "If-None-Match": f'"{version}"'})
    assert (unchanged.status, unchanged.body) == (304, b"")
    region.simphony.menu = soup("91")
    await region.send("POST", f"{AT}/menu/refresh")
    changed = await region.send("GET", f"{AT}/menu", headers={**guest, "If-None-Match": f'"{version}"'})
    assert changed.json()["items"][0]["definitions"][0]["prices"][0]["price"] == "91.00"


async def test_a_menu_says_what_cannot_be_made_now(region: TenantRegion) -> None:
    await region.connect()
    version = (await region.send("POST", f"{AT}/menu/refresh")).json()["version"]
    until = region.clock.now() + timedelta(minutes=10)
    restricted = {
        "unavailable": ItemAvailability(state="unavailable", until=until),
        "limited": ItemAvailability(state="limited", quantity=2, until=until),
    }
    seen = {f'"{version}"'}
    for state, stands in restricted.items():
        await publish(region, Availability(items={7: stands}))
        answer = await region.send("GET", f"{AT}/menu")
        shown: dict[str, object] = {"state": state, "until": until.isoformat().replace("+00:00", "Z")}
        shown |= {"quantity": 2} if state == "limited" else {}
        assert answer.json()["items"][0]["availability"] == shown
        assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
        assert answer.headers["etag"] not in seen
        seen.add(answer.headers["etag"])
    await publish(region, Availability(out_of_stock=(7,)))
    answer = await region.send("GET", f"{AT}/menu", headers={"If-None-Match": answer.headers["etag"]})
    assert answer.json()["items"][0]["availability"] == {"state": "unavailable"}
    await publish(region, Availability(items={7: restricted["unavailable"]}))
    region.clock.advance(minutes=10)
    answer = await region.send("GET", f"{AT}/menu")
    assert answer.json()["items"][0]["availability"] == {"state": "available"}
    assert answer.headers["etag"] == f'"{version}"'


async def publish(region: TenantRegion, availability: Availability) -> None:
    body = availability.model_dump_json().encode()
    await region.documents.put(availability_document("NOR-CPH01"), body)


@pytest.mark.parametrize(
    ("path", "signed", "refusal"),
    [
        ("NOR-CPH01", "no", (401, "unauthenticated")),
        ("NOR-AAR01", "guest", (403, "forbidden")),
        ("NOR-AAR01", "staff", (404, "property_not_found")),
        ("NOR-CPH01", "guest", (404, "menu_not_found")),
    ],
)
async def test_a_menu_that_is_not_the_callers(
    region: TenantRegion, path: str, signed: str, refusal: tuple[int, str]
) -> None:
    guest = bearer((await region.start_guest())["access_token"])
    headers = {"no": {}, "guest": guest, "staff": region.staff}[signed]
    answer = await region.send("GET", f"/v1/config/properties/{path}/menu", headers=headers, anonymous=True)
    assert (answer.status, answer.code) == refusal
