"""Signing in: how the identity provider answers, and that our sign-in copes with it."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs

import pytest
from tests.simphony import Simulation, new_check, open_simulation
from tests.simphony_caller import Caller, set_oddity
from tests.simphony_sign_in import (
    AUTHORIZE,
    CALLBACK,
    CODE_NOT_FOUND,
    OAUTH,
    VERIFIER,
    authorize,
    code_of,
    enter,
    redeem,
    refresh,
    register,
    signed_in,
)

from muneris.simphony.errors import SignInFailedError, SignInFailure
from muneris.simphony.hosts import allowed_url
from muneris.simphony.model import Tokens

source = pytest.mark.source


@source("stsgg/authenticate")
async def test_discovery_names_the_steps(call: Caller) -> None:
    found = (await call("GET", "/oidc-provider/v1/.well-known/openid-configuration")).body
    url = call.simulation.url
    assert (found["authorization_endpoint"], found["token_endpoint"]) == (
        f"{url}{OAUTH}/authorize", f"{url}{OAUTH}/token",
    )  # fmt: skip
    assert found["grant_types_supported"] == ["authorization_code", "refresh_token"]


@source("ccapi/topic_40", "seen")
async def test_authorize_remembers_the_request_in_cookies(call: Caller) -> None:
    seen = await authorize(call, state="s1")
    cookies = dict(each.partition(";")[0].partition("=")[::2] for each in seen.headers.getall("Set-Cookie"))  # type: ignore[attr-defined]  # aiohttp's headers are a multidict
    assert cookies == {name: value for name, value in AUTHORIZE.items() if name != "scope"} | {"state": "s1"}


@source("stsgg/authorize")
@pytest.mark.parametrize(
    "changes",
    [
        {"response_type": "token"},
        {"scope": ""},
        {"redirect_uri": "https://example.com"},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
    ],
)
async def test_authorize_takes_one_kind_of_request(call: Caller, changes: dict[str, str]) -> None:
    refused = await authorize(call, **changes)
    assert (refused.status, refused.body["code"]) == (400, "VALIDATION_ERRORS")


@source("seen")
@pytest.mark.parametrize("status", [200, 302, 303])
async def test_authorize_may_answer_with_a_redirect(call: Caller, status: int) -> None:
    await set_oddity(call, authorizeStatus=status)
    seen = await authorize(call)
    assert (seen.status, seen.headers.get("Location")) == (status, None if status == 200 else CALLBACK)


@source("ccapi/topic_40", "ccapi/topic_41")
@pytest.mark.parametrize("lost", ["client_id", "code_challenge", "redirect_uri", "response_type"])
async def test_every_cookie_must_come_back(call: Caller, lost: str) -> None:
    refused = await enter(call, {name: value for name, value in AUTHORIZE.items() if name != lost})
    assert (refused.status, refused.body["code"]) == (400, "VALIDATION_ERRORS")


@source("ccapi/topic_41")
async def test_wrong_password_is_refused(call: Caller) -> None:
    await register(call)
    refused = await enter(call, password="guess")
    assert (refused.status, refused.body["status"], refused.body["code"]) == (
        401, 401, "AUTHENTICATION_INVALID",
    )  # fmt: skip
    assert (await enter(call)).body["nextOp"] == "redirect"


@source("seen")
async def test_password_expires_after_60_days(call: Caller) -> None:
    await register(call)
    call.simulation.clock.advance(60 * 86400 - 1)
    assert (await enter(call)).body["nextOp"] == "redirect"
    call.simulation.clock.advance(1)
    expired = await enter(call)
    assert (expired.status, expired.body["nextOp"]) == (200, "expired")
    assert "code=" not in expired.body["redirectUrl"]


@source("seen")
async def test_unbroken_chain_of_refreshes_outlives_the_password(call: Caller) -> None:
    await register(call)
    tokens = await signed_in(call)
    for _ in range(9):
        call.simulation.clock.advance(7 * 86400)
        tokens = (await refresh(call, tokens["refresh_token"])).body
    assert (await enter(call)).body["nextOp"] == "expired"
    assert (await refresh(call, tokens["refresh_token"])).status == 200


@source("stsgg/authorize", "ccapi/topic_42")
async def test_code_is_good_for_one_verifier(call: Caller) -> None:
    wrong = await redeem(call, code_of(await enter(call)), "w" * 43)
    assert (wrong.status, wrong.body) == (401, CODE_NOT_FOUND)


@source("ccapi/topic_42")
async def test_code_is_good_once(call: Caller) -> None:
    code = code_of(await enter(call))
    assert [(await redeem(call, code)).status for _ in range(2)] == [200, 401]


@source("stsgg/authorize")
@pytest.mark.parametrize("length", [42, 129])
async def test_verifier_has_43_to_128_characters(call: Caller, length: int) -> None:
    verifier = "v" * length
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    code = code_of(await enter(call, {**AUTHORIZE, "code_challenge": challenge}))
    assert (await redeem(call, code, verifier)).status == 401


@source("stsgg/6_location_based_api_requirements")
async def test_tokens_live_14_and_28_days(call: Caller) -> None:
    tokens = await signed_in(call)
    bearer = {"Authorization": f"Bearer {tokens['id_token']}"}
    assert (tokens["expires_in"], tokens["token_type"]) == (1_209_600, "Bearer")
    call.simulation.clock.advance(14 * 86400 - 1)
    assert (await call("GET", "/api/v1/organizations", headers=bearer)).status == 200
    call.simulation.clock.advance(1)
    assert (await call("GET", "/api/v1/organizations", headers=bearer)).status == 401
    call.simulation.clock.advance(14 * 86400)
    assert (await refresh(call, tokens["refresh_token"])).status == 401


@source("seen")
async def test_refresh_token_rotates(call: Caller) -> None:
    first = await signed_in(call)
    second = await refresh(call, first["refresh_token"])
    assert (second.status, second.body["refresh_token"] != first["refresh_token"]) == (200, True)
    assert (await refresh(call, first["refresh_token"])).body["code"] == "RECORD_NOT_FOUND"
    assert (await refresh(call, second.body["refresh_token"])).status == 200
    granted = (await call("GET", "/sim/tokens")).body
    assert granted["counts"] == {
        "authorized": 1, "signed_in": 2, "codes_redeemed": 2, "refreshed": 2, "refused": 1,
    }  # fmt: skip
    assert [(each["org"], each["refreshed"], each["reused"]) for each in granted["items"]] == [
        ("muneris-demo", 0, 0), ("acme", 2, 1),
    ]  # fmt: skip


@source("seen")
@pytest.mark.parametrize(("mode", "again"), [("reuse", True), ("omit", False)])
async def test_refresh_token_may_stay_the_same(call: Caller, mode: str, again: bool) -> None:  # noqa: FBT001 - a case
    await set_oddity(call, refreshTokens=mode)
    token = (await signed_in(call))["refresh_token"]
    second = (await refresh(call, token)).body
    assert second.get("refresh_token") == (token if again else None)
    assert (await refresh(call, token)).status == 200


@source("stsgg/authenticate")
async def test_unknown_grant_is_refused(call: Caller) -> None:
    seen = await call("POST", f"{OAUTH}/token", data={"grant_type": "client_credentials"})
    assert (seen.status, seen.body["message"]) == (400, "UNSUPPORTED_GRANT_TYPE")


@source("stsgg/authenticate", "seen")
@pytest.mark.parametrize(
    ("bearer", "statuses"),
    [("id_token", [200, 401]), ("access_token", [401, 200]), ("either", [200, 200])],
)
async def test_which_token_is_the_bearer_can_be_set(call: Caller, bearer: str, statuses: list[int]) -> None:
    await set_oddity(call, bearer=bearer)
    tokens = await signed_in(call)
    for name, status in zip(("id_token", "access_token"), statuses, strict=True):
        headers = {"Authorization": f"Bearer {tokens[name]}"}
        assert (await call("GET", "/api/v1/organizations", headers=headers)).status == status
    headers = {"Authorization": f"Bearer {tokens['refresh_token']}"}
    assert (await call("GET", "/api/v1/organizations", headers=headers)).status == 401


def form_of(body: bytes) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(body.decode(), keep_blank_values=True).items()}


async def signed_in_again(simulation: Simulation, password: str = "password") -> Tokens:
    """New tokens; what was asked before is forgotten."""
    simulation.asked.clear()
    return await simulation.signing_in.sign_in(simulation.account, password)


async def failure(simulation: Simulation, password: str = "password") -> SignInFailedError:
    with pytest.raises(SignInFailedError) as failed:
        await signed_in_again(simulation, password)
    return failed.value


@source("stsgg/authenticate", "stsgg/authorize")
async def test_api_account_signs_in_with_a_code_and_the_verifier_of_its_challenge(
    simulation: Simulation,
) -> None:
    tokens = await signed_in_again(simulation)
    first, _, last = simulation.asked
    assert [(each.method, each.path) for each in simulation.asked] == [
        ("GET", f"{OAUTH}/authorize"), ("POST", f"{OAUTH}/signin"), ("POST", f"{OAUTH}/token"),
    ]  # fmt: skip
    verifier = form_of(last.body)["code_verifier"]
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode()
    assert first.query == {
        "response_type": "code", "client_id": "client=", "scope": "openid", "redirect_uri": CALLBACK,
        "code_challenge": challenge.rstrip("="), "code_challenge_method": "S256",
    }  # fmt: skip
    assert 43 <= len(verifier) <= 128
    assert verifier == tokens.code_verifier


@source("ccapi/topic_40", "seen")
async def test_our_cookies_go_back_as_they_came_with_the_equals_sign_of_a_client_id(
    simulation: Simulation,
) -> None:
    await signed_in_again(simulation)
    first, second, _ = simulation.asked
    assert dict(each.split("=", 1) for each in second.headers["Cookie"].split("; ")) == {
        name: value for name, value in first.query.items() if name != "scope"
    }


@source("ccapi/topic_40")
async def test_state_is_optional(call: Caller) -> None:
    assert (await authorize(call)).status == (await authorize(call, state="s1")).status == 200


@source("seen")
@pytest.mark.parametrize("status", [302, 303])
async def test_we_follow_no_redirect(simulation: Simulation, call: Caller, status: int) -> None:
    await set_oddity(call, authorizeStatus=status)
    assert (await signed_in_again(simulation)).id_token
    assert len(simulation.asked) == 3


@source("ccapi/topic_41")
async def test_we_send_name_password_and_organization_in_a_form(simulation: Simulation) -> None:
    await signed_in_again(simulation, "päss&word=")
    second = simulation.asked[1]
    assert second.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert form_of(second.body) == {"username": "api", "password": "päss&word=", "orgname": "muneris-demo"}


@source("ccapi/topic_41", "seen")
@pytest.mark.parametrize("success", ["boolean", "text"])
@pytest.mark.parametrize("redirect", ["whole", "query"])
async def test_success_is_a_boolean_or_its_text_and_the_code_is_in_an_address_or_its_query(
    simulation: Simulation, call: Caller, success: str, redirect: str
) -> None:
    await set_oddity(call, signInSuccess=success, redirectUrl=redirect)
    entered = (await enter(call)).body
    assert entered["success"] is True if success == "boolean" else entered["success"] == "true"
    assert entered["redirectUrl"].startswith(f"{CALLBACK}?code=" if redirect == "whole" else "?code=")
    assert (await signed_in_again(simulation)).id_token


@source("ccapi/topic_41")
async def test_we_decode_the_code(simulation: Simulation) -> None:
    said = '{"success": true, "nextOp": "redirect", "redirectUrl": "apiaccount://callback?code=a%2Fb%3D"}'
    await simulation.break_it(kind="status", path_prefix=f"{OAUTH}/signin", status=200, body=said)
    assert (await failure(simulation)).reason is SignInFailure.CODE_REFUSED
    assert form_of(simulation.asked[-1].body)["code"] == "a/b="


@source("ccapi/topic_41", "seen")
@pytest.mark.parametrize(
    ("days", "password", "reason"),
    [
        (0, "guess", SignInFailure.WRONG_CREDENTIALS),
        (60, "password", SignInFailure.PASSWORD_EXPIRED),
    ],
)
async def test_we_tell_a_wrong_password_from_one_that_expired(
    simulation: Simulation, call: Caller, days: int, password: str, reason: SignInFailure
) -> None:
    account = {"clientId": simulation.account.client_id, "password": "password"}
    await call("PUT", "/sim/accounts/muneris-demo/api", body=account)
    simulation.clock.advance(days * 86400)
    assert (await failure(simulation, password)).reason is reason


@source("seen")
async def test_reset_token_of_an_expired_password_is_in_no_error_of_ours(simulation: Simulation) -> None:
    said = '{"success": true, "nextOp": "expired", "redirectUrl": "?token=reset-me"}'
    await simulation.break_it(kind="status", path_prefix=f"{OAUTH}/signin", status=200, body=said)
    failed = await failure(simulation)
    assert (failed.reason, "reset-me" in repr(failed)) == (SignInFailure.PASSWORD_EXPIRED, False)
    assert failed.__cause__ is failed.__context__ is None


@source("ccapi/topic_42", "seen")
async def test_we_send_what_each_grant_needs(simulation: Simulation) -> None:
    tokens = await signed_in_again(simulation)
    newer = await simulation.signing_in.refresh(simulation.account, tokens)
    of_code, of_refresh = (form_of(each.body) for each in simulation.asked[-2:])
    common = {"client_id": "client=", "scope": "openid", "redirect_uri": CALLBACK}
    common["code_verifier"] = tokens.code_verifier
    assert of_code == {"grant_type": "authorization_code", "code": of_code["code"], **common}
    assert of_refresh == {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token, **common}
    assert newer.id_token != tokens.id_token


@source("ccapi/topic_42")
@pytest.mark.parametrize("lost", ["grant_type", "client_id", "scope", "redirect_uri"])
@pytest.mark.parametrize("grant", ["authorization_code", "refresh_token"])
async def test_grant_without_one_of_its_fields_is_refused(call: Caller, grant: str, lost: str) -> None:
    code, token = code_of(await enter(call)), (await signed_in(call))["refresh_token"]
    form = {
        "grant_type": grant, "client_id": "client=", "scope": "openid", "redirect_uri": CALLBACK,
        "code": code, "code_verifier": VERIFIER, "refresh_token": token,
    }  # fmt: skip
    del form[lost]
    assert (await call("POST", f"{OAUTH}/token", data=form)).status in {400, 401}


@source("stsgg/authenticate", "ccapi/topic_42", "seen")
async def test_tokens_come_together_with_their_type(call: Caller) -> None:
    tokens = await signed_in(call)
    assert tokens.keys() == {"id_token", "access_token", "refresh_token", "token_type", "expires_in"}
    assert tokens["token_type"] == "Bearer"
    assert all(tokens[name].count(".") == 2 for name in ("id_token", "access_token"))


@source("stsgg/6_location_based_api_requirements", "seen")
@pytest.mark.parametrize("seconds", [1_209_600, 864_000, 86_400])
@pytest.mark.parametrize("spelling", ["number", "text"])
async def test_bearer_lives_as_long_as_it_says_in_a_number_or_its_text(
    simulation: Simulation, call: Caller, seconds: int, spelling: str
) -> None:
    await set_oddity(call, tokenSeconds=seconds, expiresIn=spelling)
    said = (await signed_in(call))["expires_in"]
    assert said == (seconds if spelling == "number" else str(seconds))
    tokens = await signed_in_again(simulation)
    assert (tokens.expires_at - simulation.clock.now()).total_seconds() == seconds


@source("seen")
@pytest.mark.parametrize("mode", ["rotate", "reuse", "omit"])
async def test_our_chain_goes_on_however_refresh_tokens_are_given(
    simulation: Simulation, call: Caller, mode: str
) -> None:
    await set_oddity(call, refreshTokens=mode)
    second = await simulation.signing_in.refresh(simulation.account, simulation.tokens)
    third = await simulation.signing_in.refresh(simulation.account, second)
    assert (third.refresh_token != simulation.tokens.refresh_token) == (mode == "rotate")
    assert third.id_token != simulation.tokens.id_token


@source("seen")
async def test_old_refresh_token_signs_us_in_no_more(simulation: Simulation) -> None:
    await simulation.signing_in.refresh(simulation.account, simulation.tokens)
    with pytest.raises(SignInFailedError) as failed:
        await simulation.signing_in.refresh(simulation.account, simulation.tokens)
    assert failed.value.reason is SignInFailure.REFRESH_REFUSED


@source("stsgg/authenticate", "seen")
@pytest.mark.parametrize("bearer", ["id_token", "access_token"])
async def test_we_send_the_token_that_the_connection_names(
    simulation: Simulation, call: Caller, bearer: str
) -> None:
    await set_oddity(call, bearer=bearer)
    at = simulation.connection.model_copy(update={"bearer": bearer})
    await simulation.client.post_check(at, simulation.tokens.bearer_for(at), new_check())
    sent = simulation.asked[-1].headers["Authorization"]
    assert sent == f"Bearer {getattr(simulation.tokens, bearer)}"


@source("stsgg/1_2_services_url_and_authentication_endpoints")
async def test_who_signed_in_at_one_host_calls_another(simulation: Simulation) -> None:
    async with open_simulation() as api:
        at = simulation.connection.model_copy(update={"api_url": api.url})
        await api.client.organization.get_location(at, simulation.bearer)
        assert api.asked[-1].path == "/api/v1/organizations/muneris-demo/locations/cph01"


@source("seen")
@pytest.mark.parametrize(
    "host",
    [
        "ors-idm.mte2.oraclerestaurants.com", "mte2-sts.oraclecloud.com",
        "mte3-omra-idm.oracleindustry.com", "mte3-sts.oraclecloud.com",
        "mte4-ohra-idm.oracleindustry.com", "mte4-sts.oraclecloud.com",
        "mte5-omra-idm.oracleindustry.com", "mte5-sts.oraclemicros.com",
        "ors-idm.mtu1.oraclerestaurants.com", "mtu1-sts.oraclecloud.com",
    ],
)  # fmt: skip
def test_hosts_of_the_known_environments_are_called(host: str) -> None:
    assert allowed_url(f"https://{host}", allow_local=False).host == host
