"""The identity provider: authorization code with PKCE for an API account (STS Gen2 guide, Authenticate).

Any credentials are accepted but empty ones. Its errors have a shape of their own: `{status, message, code}`.
"""

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from aiohttp import web

from localcloud.simulators.simphony.problems import Handler
from localcloud.simulators.simphony.tokens import (
    ID_TOKEN_LIFETIME,
    REFRESH_TOKEN_LIFETIME,
    Issuer,
    TokenRefusedError,
)
from localcloud.simulators.simphony.wire import answer

REDIRECT_URI = "apiaccount://callback"
_PATH = "/oidc-provider/v1/oauth2"
_REMEMBERED = (
    "client_id", "code_challenge", "code_challenge_method", "redirect_uri", "response_type", "state",
)  # fmt: skip
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")  # RFC 7636, section 4.1


@dataclass(eq=False)
class IdentityError(Exception):
    """A sign-in step is refused."""

    status: int
    message: str
    code: str

    def response(self) -> web.Response:
        """The identity provider's error body."""
        return answer({"status": self.status, "message": self.message, "code": self.code}, self.status)


class _Authorization(NamedTuple):
    """What an authorization code stands for."""

    client_id: str
    challenge: str
    subject: Mapping[str, str]


def s256(verifier: str) -> str:
    """The code challenge of a verifier (RFC 7636, section 4.2)."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class IdentityProvider:
    """Signs API accounts in; `counts` tells how often each step succeeded or was refused."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.counts: Counter[str] = Counter()
        self._issuer = Issuer(now)
        self._codes: dict[str, _Authorization] = {}
        self._used_refresh_tokens: set[str] = set()

    def accepts(self, bearer: str) -> bool:
        """Whether a bearer is a valid id_token, the documented one."""
        try:
            self._issuer.read(bearer, "id")
        except TokenRefusedError:
            return False
        return True

    def routes(self) -> list[web.RouteDef]:
        """The three steps of signing in."""
        return [
            web.get(f"{_PATH}/authorize", self._answering(self._authorize)),
            web.post(f"{_PATH}/signin", self._answering(self._sign_in)),
            web.post(f"{_PATH}/token", self._answering(self._token)),
        ]

    def _answering(self, step: Callable[[web.Request, Mapping[str, str]], web.Response]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            form = {name: str(value) for name, value in (await request.post()).items()}
            try:
                return step(request, form)
            except IdentityError as error:
                self.counts["refused"] += 1
                return error.response()

        return handle

    def _authorize(self, request: web.Request, _form: Mapping[str, str]) -> web.Response:
        query = request.query
        if not query.get("client_id"):
            raise IdentityError(400, "INVALID_CLIENT", "VALIDATION_ERRORS")
        expected = {
            "response_type": "code",
            "scope": "openid",
            "redirect_uri": REDIRECT_URI,
            "code_challenge_method": "S256",
        }
        wrong = [name for name, value in expected.items() if query.get(name) != value]
        if wrong or not query.get("code_challenge"):
            raise IdentityError(400, f"INVALID_REQUEST: {wrong or 'code_challenge'}", "VALIDATION_ERRORS")
        self.counts["authorized"] += 1
        response = web.Response()
        for name in _REMEMBERED:
            response.headers.add("Set-Cookie", f"{name}={query.get(name, '')}; Path=/; HttpOnly")
        return response

    def _sign_in(self, request: web.Request, form: Mapping[str, str]) -> web.Response:
        cookies = _cookies(request)
        if not cookies.get("client_id") or not cookies.get("code_challenge"):
            raise IdentityError(400, "The cookies of authorize are missing", "VALIDATION_ERRORS")
        if not all(form.get(name) for name in ("username", "password", "orgname")):
            raise IdentityError(401, "Invalid credentials", "AUTHENTICATION_INVALID")
        code = secrets.token_urlsafe(24)
        subject = {"sub": form["username"], "org": form["orgname"].lower()}
        self._codes[code] = _Authorization(cookies["client_id"], cookies["code_challenge"], subject)
        self.counts["signed_in"] += 1
        return answer({"success": True, "nextOp": "redirect", "redirectUrl": f"{REDIRECT_URI}?code={code}"})

    def _token(self, _request: web.Request, form: Mapping[str, str]) -> web.Response:
        grants = {"authorization_code": self._redeem_code, "refresh_token": self._refresh}
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            raise IdentityError(400, "UNSUPPORTED_GRANT_TYPE", "VALIDATION_ERRORS")
        client_id = form.get("client_id", "")
        subject = {**grant(client_id, form), "client_id": client_id}
        return answer(
            {
                "id_token": self._issuer.issue("id", ID_TOKEN_LIFETIME, subject),
                "access_token": self._issuer.issue("access", ID_TOKEN_LIFETIME, subject),
                "refresh_token": self._issuer.issue("refresh", REFRESH_TOKEN_LIFETIME, subject),
                "token_type": "Bearer",
                "expires_in": int(ID_TOKEN_LIFETIME.total_seconds()),
            }
        )

    def _redeem_code(self, client_id: str, form: Mapping[str, str]) -> Mapping[str, str]:
        authorization = self._codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "")
        if (
            authorization is None
            or authorization.client_id != client_id
            or not _VERIFIER.fullmatch(verifier)
            or s256(verifier) != authorization.challenge
        ):
            raise IdentityError(401, "AUTHENTICATION_CODE_NOT_FOUND", "RECORD_NOT_FOUND")
        self.counts["codes_redeemed"] += 1
        return authorization.subject

    def _refresh(self, client_id: str, form: Mapping[str, str]) -> Mapping[str, str]:
        refused = IdentityError(401, "REFRESH_TOKEN_NOT_FOUND", "RECORD_NOT_FOUND")
        try:
            claims = self._issuer.read(form.get("refresh_token", ""), "refresh")
        except TokenRefusedError as error:
            raise refused from error
        if claims["client_id"] != client_id or claims["jti"] in self._used_refresh_tokens:
            raise refused
        self._used_refresh_tokens.add(claims["jti"])
        self.counts["refreshed"] += 1
        return {"sub": claims["sub"], "org": claims["org"]}


def _cookies(request: web.Request) -> dict[str, str]:
    """Cookies taken verbatim: a client id may end in `=`, which a strict parser would drop."""
    pairs = (each.strip().partition("=") for each in request.headers.get("Cookie", "").split(";"))
    return {name: value for name, _, value in pairs}
