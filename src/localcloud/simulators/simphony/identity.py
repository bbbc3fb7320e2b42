"""The identity provider: authorization code with PKCE for an API account (STS Gen2 guide, Authenticate).

Its errors have a shape of their own: `{status, message, code}`.
"""

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from aiohttp import web

from localcloud.simulators.simphony.accounts import Accounts, SignInVerdict, Subject
from localcloud.simulators.simphony.grants import GrantRefusedError, Grants
from localcloud.simulators.simphony.oddities import Installation
from localcloud.simulators.simphony.problems import Handler
from localcloud.simulators.simphony.wire import Json, answer

REDIRECT_URI = "apiaccount://callback"
CODE_LIFETIME = timedelta(minutes=10)
"""RFC 6749, section 4.1.2; Oracle publishes none."""
_ISSUER = "/oidc-provider/v1"
_PATH = f"{_ISSUER}/oauth2"
_REMEMBERED = (
    "client_id", "code_challenge", "code_challenge_method", "redirect_uri", "response_type", "state",
)  # fmt: skip
_OPTIONAL = "state"
_SCOPE = "openid"
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

    challenge: str
    subject: Subject
    issued_at: datetime


def s256(verifier: str) -> str:
    """The code challenge of a verifier (RFC 7636, section 4.2)."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class IdentityProvider:
    """Signs API accounts in, step by step."""

    def __init__(
        self, now: Callable[[], datetime], accounts: Accounts, grants: Grants, installation: Installation
    ) -> None:
        self._now = now
        self._accounts = accounts
        self._grants = grants
        self._installation = installation
        self._codes: dict[str, _Authorization] = {}

    def routes(self) -> list[web.RouteDef]:
        """Discovery, and the three steps of signing in."""
        return [
            web.get(f"{_ISSUER}/.well-known/openid-configuration", self._discover),
            web.get(f"{_PATH}/authorize", self._answering(self._authorize)),
            web.post(f"{_PATH}/signin", self._answering(self._sign_in)),
            web.post(f"{_PATH}/token", self._answering(self._token)),
        ]

    async def _discover(self, request: web.Request) -> web.Response:
        base = f"{request.scheme}://{request.host}"
        return answer(
            {
                "issuer": f"{base}{_ISSUER}",
                "authorization_endpoint": f"{base}{_PATH}/authorize",
                "token_endpoint": f"{base}{_PATH}/token",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": [_SCOPE],
            }
        )

    def _answering(self, step: Callable[[web.Request, Mapping[str, str]], web.Response]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            form = {name: str(value) for name, value in (await request.post()).items()}
            try:
                return step(request, form)
            except IdentityError as error:
                self._grants.counts["refused"] += 1
                return error.response()

        return handle

    def _authorize(self, request: web.Request, _form: Mapping[str, str]) -> web.Response:
        query = request.query
        if not self._accounts.knows_client(query.get("client_id", "")):
            raise IdentityError(400, "INVALID_CLIENT", "VALIDATION_ERRORS")
        expected = {
            "response_type": "code",
            "scope": _SCOPE,
            "redirect_uri": REDIRECT_URI,
            "code_challenge_method": "S256",
        }
        wrong = [name for name, value in expected.items() if query.get(name) != value]
        if wrong or not query.get("code_challenge"):
            raise IdentityError(400, f"INVALID_REQUEST: {wrong or 'code_challenge'}", "VALIDATION_ERRORS")
        self._grants.counts["authorized"] += 1
        response = web.Response(status=self._installation.has.authorize_status)
        if response.status != 200:  # noqa: PLR2004 - a redirect nobody is to follow
            response.headers["Location"] = REDIRECT_URI
        for name in _REMEMBERED:
            if name in query:
                response.headers.add("Set-Cookie", f"{name}={query[name]}; Path=/; HttpOnly")
        return response

    def _sign_in(self, request: web.Request, form: Mapping[str, str]) -> web.Response:
        cookies = _cookies(request)
        if not all(cookies.get(name) for name in _REMEMBERED if name != _OPTIONAL):
            raise IdentityError(400, "The cookies of authorize are missing", "VALIDATION_ERRORS")
        subject = Subject(form.get("orgname", "").lower(), form.get("username", ""), cookies["client_id"])
        match self._accounts.judge(subject, form.get("password", "")):
            case SignInVerdict.ACCEPTED:
                return self._accept(subject, cookies["code_challenge"])
            case SignInVerdict.EXPIRED:
                return self._signed_in("expired", f"?token={secrets.token_urlsafe(24)}")
            case SignInVerdict.LOCKED:
                raise IdentityError(401, "The account is locked", "AUTHENTICATION_INVALID")
            case SignInVerdict.REFUSED:
                raise IdentityError(401, "Invalid credentials", "AUTHENTICATION_INVALID")

    def _accept(self, subject: Subject, challenge: str) -> web.Response:
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Authorization(challenge, subject, self._now())
        self._grants.counts["signed_in"] += 1
        return self._signed_in("redirect", f"?code={code}")

    def _signed_in(self, next_operation: str, query: str) -> web.Response:
        oddities = self._installation.has
        return answer(
            {
                "success": "true" if oddities.sign_in_success == "text" else True,
                "nextOp": next_operation,
                "redirectUrl": query if oddities.redirect_url == "query" else REDIRECT_URI + query,
            }
        )

    def _token(self, _request: web.Request, form: Mapping[str, str]) -> web.Response:
        grants = {"authorization_code": self._redeem_code, "refresh_token": self._refresh}
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            raise IdentityError(400, "UNSUPPORTED_GRANT_TYPE", "VALIDATION_ERRORS")
        if (form.get("scope"), form.get("redirect_uri")) != (_SCOPE, REDIRECT_URI):
            raise IdentityError(400, "INVALID_REQUEST: scope and redirect_uri", "VALIDATION_ERRORS")
        return answer(grant(form.get("client_id", ""), form))

    def _redeem_code(self, client_id: str, form: Mapping[str, str]) -> Json:
        authorization = self._codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "")
        if (
            authorization is None
            or self._now() >= authorization.issued_at + CODE_LIFETIME
            or authorization.subject.client_id != client_id
            or not _VERIFIER.fullmatch(verifier)
            or s256(verifier) != authorization.challenge
        ):
            raise IdentityError(401, "AUTHENTICATION_CODE_NOT_FOUND", "RECORD_NOT_FOUND")
        return self._grants.begin(authorization.subject)

    def _refresh(self, client_id: str, form: Mapping[str, str]) -> Json:
        try:
            return self._grants.refresh(client_id, form.get("refresh_token", ""))
        except GrantRefusedError as error:
            raise IdentityError(401, "REFRESH_TOKEN_NOT_FOUND", "RECORD_NOT_FOUND") from error


def _cookies(request: web.Request) -> dict[str, str]:
    """Cookies taken verbatim: a client id may end in `=`, which a strict parser would drop."""
    pairs = (each.strip().partition("=") for each in request.headers.get("Cookie", "").split(";"))
    return {name: value for name, _, value in pairs}
