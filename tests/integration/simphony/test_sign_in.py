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
        ("token", 200, '{"id_token": "secret"}', SignInFailure.UNEXPECTED_ANSWER),
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


async def test_session_that_keeps_cookies_is_refused(simulation: Simulation) -> None:
    async with ClientSession() as session:
        with pytest.raises(TypeError, match="open_session"):
            SignIn(session, simulation.clock)
