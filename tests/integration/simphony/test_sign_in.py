from datetime import timedelta

import pytest
from aiohttp import ClientSession
from tests.simphony import Simulation

from muneris.simphony.errors import SignInFailedError, SignInFailure
from muneris.simphony.model import Account, Tokens
from muneris.simphony.sign_in import SignIn


async def sign_in(simulation: Simulation, password: str = "password", **changes: str) -> Tokens:
    account: Account = simulation.account.model_copy(update=changes)
    return await SignIn(simulation.session, simulation.clock, allow_local=True).sign_in(account, password)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"password": ""}, SignInFailure.WRONG_CREDENTIALS),
        ({"username": ""}, SignInFailure.WRONG_CREDENTIALS),
        ({"client_id": ""}, SignInFailure.UNKNOWN_CLIENT),
        ({"auth_url": "http://127.0.0.1:1"}, SignInFailure.UNREACHABLE),
    ],
)
async def test_tells_why_it_failed(
    simulation: Simulation, changes: dict[str, str], reason: SignInFailure
) -> None:
    with pytest.raises(SignInFailedError) as failed:
        await sign_in(simulation, **changes)
    assert failed.value.reason == reason


@pytest.mark.parametrize(
    ("path", "status", "body", "reason"),
    [
        ("signin", 200, '{"success": "true", "nextOp": "expired"}', SignInFailure.PASSWORD_EXPIRED),
        (
            "signin",
            200,
            '{"success": null, "nextOp": "expired", "redirectUrl": null}',
            SignInFailure.PASSWORD_EXPIRED,
        ),
        ("signin", 200, '{"success": false}', SignInFailure.UNEXPECTED_ANSWER),
        (
            "signin",
            200,
            '{"success": true, "nextOp": "redirect", "redirectUrl": "http://[?code=a"}',
            SignInFailure.UNEXPECTED_ANSWER,
        ),
        ("signin", 200, "<html>", SignInFailure.UNEXPECTED_ANSWER),
        ("signin", 503, "{}", SignInFailure.UNEXPECTED_ANSWER),
        ("authorize", 500, "{}", SignInFailure.UNEXPECTED_ANSWER),
        ("token", 401, "{}", SignInFailure.CODE_REFUSED),
        ("token", 200, '{"refresh_token": "secret"}', SignInFailure.UNEXPECTED_ANSWER),
    ],
)
async def test_unusual_answers(
    simulation: Simulation, path: str, status: int, body: str, reason: SignInFailure
) -> None:
    prefix = f"/oidc-provider/v1/oauth2/{path}"
    await simulation.break_it(kind="status", path_prefix=prefix, status=status, body=body)
    with pytest.raises(SignInFailedError) as failed:
        await sign_in(simulation)
    assert failed.value.reason == reason
    assert "secret" not in str(failed.value)


TOKEN = "/oidc-provider/v1/oauth2/token"


async def refreshed(simulation: Simulation, status: int, body: str) -> Tokens:
    """What a refresh yields that is answered so."""
    await simulation.break_it(kind="status", path_prefix=TOKEN, status=status, body=body)
    return await simulation.signing_in.refresh(simulation.account, simulation.tokens)


@pytest.mark.parametrize(
    "expires_in",
    [
        "",
        ', "expires_in": null',
        ', "expires_in": "14d"',
        ', "expires_in": 0',
        ', "expires_in": 1924992000000',
    ],
)
async def test_an_odd_life_costs_no_refresh_token(simulation: Simulation, expires_in: str) -> None:
    tokens = await refreshed(simulation, 200, f'{{"id_token": "i", "refresh_token": "r"{expires_in}}}')
    assert (tokens.id_token, tokens.refresh_token) == ("i", "r")
    assert tokens.expires_at == simulation.clock.now() + timedelta(days=1)


async def test_what_an_answer_lacks_stays_as_it_was(simulation: Simulation) -> None:
    tokens = await refreshed(simulation, 200, '{"access_token": "a", "expires_in": "60"}')
    before = simulation.tokens
    assert (tokens.access_token, tokens.id_token) == ("a", before.id_token)
    assert tokens.refresh_token == before.refresh_token


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, '{"code": "NOT_FOUND"}', SignInFailure.REFRESH_REFUSED),
        (401, '{"error": "invalid_grant"}', SignInFailure.REFRESH_REFUSED),
        (401, '{"fault": "no such route"}', SignInFailure.UNEXPECTED_ANSWER),
        (401, "<html>a gateway's</html>", SignInFailure.UNEXPECTED_ANSWER),
        (400, "", SignInFailure.UNEXPECTED_ANSWER),
    ],
)
async def test_only_the_identity_provider_itself_refuses_a_refresh_token(
    simulation: Simulation, status: int, body: str, reason: SignInFailure
) -> None:
    with pytest.raises(SignInFailedError) as failed:
        await refreshed(simulation, status, body)
    assert failed.value.reason is reason


async def test_session_that_keeps_cookies_is_refused(simulation: Simulation) -> None:
    async with ClientSession() as session:
        with pytest.raises(TypeError, match="open_session"):
            SignIn(session, simulation.clock)
