import asyncio
import json

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.asgi import Response
from tests.tenants import REGIONS, TenantRegion, bearer

from muneris.cloud.http import PublicKeys
from muneris.directory import record_home

REFRESH = "/v1/auth/sessions/refresh"


@pytest.fixture
async def region() -> TenantRegion:
    region = TenantRegion()
    await record_home(region.directories["api1"], "NOR-CPH01", "api1", 1)
    return region


async def refresh(region: TenantRegion, refresh_token: str) -> Response:
    return await region.send("POST", REFRESH, {"refresh_token": refresh_token}, anonymous=True)


async def claims(region: TenantRegion, access_token: str) -> dict[str, object]:
    keys = (await region.send("GET", "/v1/auth/jwks", anonymous=True)).json()
    return jwt.decode(access_token, KeySet.import_key_set(keys), algorithms=["ES256"]).claims


async def test_a_session_is_of_one_property_and_one_hour(region: TenantRegion) -> None:
    tokens = await region.start_guest()
    assert tokens["expires_in"] == 3600
    said = await claims(region, tokens["access_token"])
    now = int(region.clock.now().timestamp())
    assert (said["iss"], said["aud"], said["scope"]) == ("api1", "muneris", "guest")
    assert (said["property"], said["iat"], said["exp"]) == ("NOR-CPH01", now, now + 3600)
    assert said["jti"] != (await claims(region, (await region.start_guest())["access_token"]))["jti"]


async def test_the_token_is_accepted_by_whoever_verifies(region: TenantRegion) -> None:
    tokens = await region.start_guest()
    caller = await region.authenticate().identify(f"Bearer {tokens['access_token']}")
    assert (caller.scope, caller.property_code) == ("guest", "NOR-CPH01")


async def test_every_guest_is_another(region: TenantRegion) -> None:
    subjects = [(await claims(region, (await region.start_guest())["access_token"]))["sub"] for _ in range(3)]
    assert len(set(subjects)) == 3


async def test_the_public_key_is_there_before_the_first_token(region: TenantRegion) -> None:
    await region.start_guest()
    rows = (await region.settings.page("region")).rows
    assert [set(json.loads(row.text("Jwk"))) & {"kty", "d"} for row in rows] == [{"kty"}]
    key_id = rows[0].key.removeprefix("keys|")
    assert await PublicKeys(region.settings).find(key_id) is not None


async def test_without_a_published_key_no_token_leaves(region: TenantRegion) -> None:
    region.settings.faults.down()
    answer = await region.send(
        "POST", "/v1/auth/guest-sessions", {"property_code": "NOR-CPH01"}, anonymous=True
    )
    assert (answer.status, answer.code) == (503, "service_unavailable")


async def test_an_unknown_property_has_no_guests(region: TenantRegion) -> None:
    for code in ("NOR-XYZ", "nonsense"):
        answer = await region.send("POST", "/v1/auth/guest-sessions", {"property_code": code}, anonymous=True)
        assert (answer.status, answer.code) == (404, "property_not_found")
    assert await region.sessions.keys("NOR-XYZ") == []


async def test_guests_of_another_region_are_sent_there(region: TenantRegion) -> None:
    await record_home(region.directories["api1"], "SUN-BER01", "api2", 1)
    answer = await region.send(
        "POST", "/v1/auth/guest-sessions", {"property_code": "SUN-BER01"}, anonymous=True
    )
    assert (answer.status, answer.code) == (421, "property_in_another_region")
    assert answer.json()["home_endpoint"] == REGIONS["api2"]


async def test_a_refresh_rotates_and_keeps_the_subject(region: TenantRegion) -> None:
    tokens = first = await region.start_guest()
    for _ in range(3):
        region.clock.advance(minutes=30)
        answer = await refresh(region, tokens["refresh_token"])
        assert answer.status == 200
        tokens = answer.json()
    assert tokens["refresh_token"] != first["refresh_token"]
    now, then = await claims(region, tokens["access_token"]), await claims(region, first["access_token"])
    assert (now["sub"], now["property"]) == (then["sub"], then["property"])


async def test_a_reused_token_ends_the_session(region: TenantRegion) -> None:
    first = await region.start_guest()
    second = (await refresh(region, first["refresh_token"])).json()
    for token in (first, second):
        answer = await refresh(region, token["refresh_token"])
        assert (answer.status, answer.code) == (401, "unauthenticated")
    assert await region.sessions.keys("NOR-CPH01") == []


async def test_of_two_refreshes_at_once_one_at_most_goes_on(region: TenantRegion) -> None:
    tokens = await region.start_guest()
    answers = await asyncio.gather(*(refresh(region, tokens["refresh_token"]) for _ in range(2)))
    assert sorted(each.status for each in answers) == [200, 401]
    assert await region.sessions.keys("NOR-CPH01") == []


async def test_a_session_lasts_24_hours(region: TenantRegion) -> None:
    tokens = await region.start_guest()
    region.clock.advance(hours=23, minutes=30)
    answer = await refresh(region, tokens["refresh_token"])
    assert (answer.status, answer.json()["expires_in"]) == (200, 1800)
    region.clock.advance(minutes=30)
    answer = await refresh(region, answer.json()["refresh_token"])
    assert (answer.status, answer.code) == (401, "unauthenticated")


@pytest.mark.parametrize("token", ["", "x", "NOR-CPH01.a.b", "NOR-CPH01." + "a" * 22 + "." + "b" * 43])
async def test_what_is_no_refresh_token_is_refused(region: TenantRegion, token: str) -> None:
    answer = await refresh(region, token)
    assert (answer.status, answer.code) == (401, "unauthenticated")


async def test_a_session_of_another_region_is_sent_there(region: TenantRegion) -> None:
    await record_home(region.directories["api1"], "SUN-BER01", "api3", 1)
    answer = await refresh(region, "SUN-BER01." + "a" * 22 + "." + "b" * 43)
    assert (answer.status, answer.code) == (401, "session_of_another_region")
    assert answer.json()["home_endpoint"] == REGIONS["api3"]


async def test_a_session_can_be_ended(region: TenantRegion) -> None:
    tokens, other = await region.start_guest(), await region.start_guest()
    for _ in range(2):
        ended = await region.send(
            "DELETE", "/v1/auth/sessions/current", headers=bearer(tokens["access_token"])
        )
        assert (ended.status, ended.body) == (204, b"")
    assert (await refresh(region, tokens["refresh_token"])).code == "unauthenticated"
    assert (await refresh(region, other["refresh_token"])).status == 200


async def test_staff_have_no_session_to_end(region: TenantRegion) -> None:
    assert (await region.send("DELETE", "/v1/auth/sessions/current")).status == 204
    anonymous = await region.send("DELETE", "/v1/auth/sessions/current", anonymous=True)
    assert (anonymous.status, anonymous.code) == (401, "unauthenticated")


async def test_health(region: TenantRegion) -> None:
    for app in ("auth", "config"):
        answer = await region.send("GET", f"/v1/{app}/health", anonymous=True)
        assert (answer.status, answer.json()) == (200, {"app": app, "region": "api1", "status": "healthy"})
