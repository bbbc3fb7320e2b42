"""The steps of signing in to the simulated identity provider, each by hand."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.simphony_caller import Caller, Seen

OAUTH = "/oidc-provider/v1/oauth2"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CALLBACK = "apiaccount://callback"
CREDENTIALS = {"username": "api", "password": "secret", "orgname": "acme"}
AUTHORIZE = {
    "response_type": "code", "client_id": "client=", "scope": "openid", "redirect_uri": CALLBACK,
    "code_challenge": CHALLENGE, "code_challenge_method": "S256",
}  # fmt: skip
CODE_NOT_FOUND = {"status": 401, "message": "AUTHENTICATION_CODE_NOT_FOUND", "code": "RECORD_NOT_FOUND"}


async def authorize(call: Caller, **changes: str) -> Seen:
    query = {name: value for name, value in {**AUTHORIZE, **changes}.items() if value}
    return await call("GET", f"{OAUTH}/authorize", params=query, allow_redirects=False)


async def enter(call: Caller, cookies: dict[str, str] | None = None, **changes: str) -> Seen:
    """The answer of the second step, with the cookies of the first."""
    pairs = {"state": "", **AUTHORIZE} if cookies is None else cookies
    header = "; ".join(f"{name}={value}" for name, value in pairs.items() if name != "scope")
    return await call("POST", f"{OAUTH}/signin", headers={"Cookie": header}, data={**CREDENTIALS, **changes})


def code_of(seen: Seen) -> str:
    assert seen.body["nextOp"] == "redirect", seen.body
    return str(parse_qs(urlsplit(seen.body["redirectUrl"]).query)["code"][0])


async def redeem(call: Caller, code: str, verifier: str = VERIFIER, client_id: str = "client=") -> Seen:
    form = {
        "grant_type": "authorization_code", "client_id": client_id, "code": code, "code_verifier": verifier,
        "scope": "openid", "redirect_uri": CALLBACK,
    }  # fmt: skip
    return await call("POST", f"{OAUTH}/token", data=form)


async def refresh(call: Caller, token: str, client_id: str = "client=") -> Seen:
    form = {
        "grant_type": "refresh_token", "client_id": client_id, "refresh_token": token, "scope": "openid",
        "redirect_uri": CALLBACK,
    }  # fmt: skip
    return await call("POST", f"{OAUTH}/token", data=form)


async def signed_in(call: Caller) -> dict[str, Any]:
    seen = await redeem(call, code_of(await enter(call)))
    assert seen.status == 200
    tokens: dict[str, Any] = seen.body
    return tokens


async def register(call: Caller, **account: object) -> None:
    body = {"clientId": "client=", "password": "secret", **account}
    assert (await call("PUT", "/sim/accounts/acme/api", body=body)).status == 204
