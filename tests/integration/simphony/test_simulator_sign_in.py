"""What the simulated identity provider does of its own choice, and its accounts and tokens under `/sim`."""

from tests.simphony_caller import Caller, set_oddity
from tests.simphony_sign_in import (
    CODE_NOT_FOUND,
    authorize,
    code_of,
    enter,
    redeem,
    refresh,
    register,
    signed_in,
)


async def test_unknown_client_is_refused_where_accounts_are_known(call: Caller) -> None:
    await register(call)
    assert (await authorize(call, client_id="other")).status == 200
    await set_oddity(call, anyAccount=False)
    refused = await authorize(call, client_id="other")
    assert (refused.status, refused.body) == (
        400, {"status": 400, "message": "INVALID_CLIENT", "code": "VALIDATION_ERRORS"},
    )  # fmt: skip
    assert (await authorize(call)).status == 200


async def test_account_that_nobody_registered_is_refused_where_accounts_are_known(call: Caller) -> None:
    await set_oddity(call, anyAccount=False)
    assert (await enter(call)).body["code"] == "AUTHENTICATION_INVALID"


async def test_five_wrong_passwords_lock_an_account_for_half_an_hour(call: Caller) -> None:
    await register(call)
    for _ in range(5):
        await enter(call, password="guess")
    assert (await enter(call)).status == 401
    call.simulation.clock.advance(30 * 60)
    assert (await enter(call)).status == 200


async def test_code_is_good_for_its_client(call: Caller) -> None:
    wrong = await redeem(call, code_of(await enter(call)), client_id="other")
    assert (wrong.status, wrong.body) == (401, CODE_NOT_FOUND)


async def test_code_is_good_for_ten_minutes(call: Caller) -> None:
    codes = [code_of(await enter(call)) for _ in range(2)]
    call.simulation.clock.advance(599)
    assert (await redeem(call, codes[0])).status == 200
    call.simulation.clock.advance(1)
    assert (await redeem(call, codes[1])).status == 401


async def test_refresh_token_is_good_for_its_client(call: Caller) -> None:
    token = (await signed_in(call))["refresh_token"]
    assert (await refresh(call, token, "other")).status == 401
    assert (await refresh(call, token)).status == 200


async def test_used_refresh_token_may_work_for_a_while(call: Caller) -> None:
    await set_oddity(call, refreshGraceSeconds=60)
    token = (await signed_in(call))["refresh_token"]
    assert [(await refresh(call, token)).status for _ in range(2)] == [200, 200]
    call.simulation.clock.advance(60)
    assert (await refresh(call, token)).status == 401


async def test_revoked_chain_needs_a_new_sign_in(call: Caller) -> None:
    tokens = await signed_in(call)
    revoked = await call("POST", "/sim/tokens/revoke", body={"org": "ACME", "username": "api"})
    assert revoked.status == 204
    assert (await refresh(call, tokens["refresh_token"])).status == 401
    bearer = {"Authorization": f"Bearer {tokens['id_token']}"}
    assert (await call("GET", "/api/v1/organizations", headers=bearer)).status == 200
    assert (await refresh(call, (await signed_in(call))["refresh_token"])).status == 200


async def test_accounts_are_listed_without_passwords(call: Caller) -> None:
    await register(call, locations=["cph01"])
    seen = await call("GET", "/sim/accounts")
    assert seen.body["items"] == [
        {
            "org": "acme", "username": "api", "clientId": "client=", "locations": ["cph01"],
            "passwordSetAt": "2030-05-04T10:02:11Z",
        }
    ]  # fmt: skip
    assert [(await call("DELETE", "/sim/accounts/ACME/api")).status for _ in range(2)] == [204, 404]
