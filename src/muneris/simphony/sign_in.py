"""Signing in to Oracle's identity provider: authorization code with PKCE, for an API account.

STS Gen2 guide, Authenticate; Configuration and Content API guide, topics 40 to 42. Cookies are carried by
hand, redirects are never followed, and no body is ever logged: an answer can hold a password-reset token.
"""

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple, Self

import aiohttp
from pydantic import BaseModel, model_validator
from yarl import URL

from muneris.core.clock import Clock
from muneris.core.ids import Random
from muneris.simphony.errors import SignInFailedError, SignInFailure
from muneris.simphony.hosts import allowed_url
from muneris.simphony.model import Account, Tokens
from muneris.simphony.node import LenientFlag, LenientNumber, LenientText, Node

REDIRECT_URI = "apiaccount://callback"
TIMEOUT_SECONDS = 30.0

_CONNECT_TIMEOUT_SECONDS = 10.0
_PATH = ("oidc-provider", "v1", "oauth2")
_OK, _BAD_REQUEST, _UNAUTHORIZED = 200, 400, 401
_REFUSED = (_BAD_REQUEST, _UNAUTHORIZED)
_AUTHORIZED = (_OK, 302, 303)  # all three are seen in the field
_NAMES_OF_ERRORS = {"code", "error", "status", "title"}
_SHORTEST_LIFE, _LONGEST_LIFE = timedelta(days=1), timedelta(days=28)
"""Of a bearer that was seen ("ccapi": 86400), and of a refresh token ("Location Based API Requirements")."""


class _Answer(NamedTuple):
    status: int
    cookies: Mapping[str, str]
    body: bytes


class _SignedIn(Node):
    """The answer of `signin`; `success` is a boolean or its text. The status 200 alone means nothing."""

    success: LenientFlag = False
    next_op: LenientText = ""
    redirect_url: LenientText = ""

    @property
    def code(self) -> str:
        """The authorization code, decoded; empty if there is none."""
        try:
            return URL(self.redirect_url).query.get("code", "")
        except ValueError:
            return ""


class _Issued(Node):
    """The answer of `token`; `expires_in` is a number or its text, in seconds.

    Which of the two bearers is sent is the connection's to say: either will do here. What else is missing or
    odd must not cost the refresh token that came with it.
    """

    id_token: LenientText = ""
    access_token: LenientText = ""
    refresh_token: LenientText = ""
    expires_in: LenientNumber = None

    @model_validator(mode="after")
    def _has_a_bearer(self) -> Self:
        if not (self.id_token or self.access_token):
            raise ValueError("neither an id_token nor an access_token")
        return self

    @property
    def lives(self) -> timedelta:
        """How long the bearers live; the shortest that was seen, if that is not said, or cannot be."""
        seconds = self.expires_in or 0
        is_possible = 0 < seconds <= _LONGEST_LIFE.total_seconds()
        return timedelta(seconds=seconds) if is_possible else _SHORTEST_LIFE


def s256(verifier: str) -> str:
    """The code challenge of a verifier (RFC 7636, section 4.2)."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def new_verifier(random: Random = secrets.token_bytes) -> str:
    """A code verifier of 43 characters, the shortest allowed (RFC 7636, section 4.1)."""
    return urlsafe_b64encode(random(32)).rstrip(b"=").decode()


class SignIn:
    """Signs API accounts in; the session must keep no cookies (`client.open_session`)."""

    def __init__(self, session: aiohttp.ClientSession, clock: Clock, *, allow_local: bool = False) -> None:
        if not isinstance(session.cookie_jar, aiohttp.DummyCookieJar):
            raise TypeError("A session that keeps cookies mixes accounts: open one with open_session()")
        self._session = session
        self._clock = clock
        self._allow_local = allow_local

    async def sign_in(self, account: Account, password: str) -> Tokens:
        """Sign an account in with its password.

        Raises:
            SignInFailedError: it could not be; the reason says why.
            NotConfiguredError: the account's address is not allowed.
        """
        verifier = new_verifier()
        cookies = await self._authorize(account, s256(verifier))
        code = await self._enter_password(account, password, cookies)
        return await self._redeem(account, code, verifier)

    async def refresh(self, account: Account, tokens: Tokens) -> Tokens:
        """Newer tokens for a refresh token, which may be used up by that (rotation): keep the answer at once.

        No other call may refresh the same tokens meanwhile. An answer without a refresh token leaves the one
        sent in use, one without an id_token the id_token there was. A refusal that no identity provider
        wrote (a gateway's page) leaves unknown what became of the token.

        Raises:
            SignInFailedError: `refresh_refused`: only signing in helps; a reason that `may_have_rotated`
                leaves unknown whether the token sent is still good.
            NotConfiguredError: the account's address is not allowed.
        """
        form = {
            **_grant(account, "refresh_token"),
            "refresh_token": tokens.refresh_token,
            **({"code_verifier": tokens.code_verifier} if tokens.code_verifier else {}),
        }
        answer = await self._send("POST", self._url(account, "token"), form)
        if answer.status in _REFUSED and _is_refusal(answer.body):
            raise SignInFailedError(SignInFailure.REFRESH_REFUSED)
        return self._issued(answer, tokens.code_verifier, tokens)

    async def _authorize(self, account: Account, challenge: str) -> Mapping[str, str]:
        query = {
            "response_type": "code",
            "client_id": account.client_id,
            "scope": "openid",
            "redirect_uri": REDIRECT_URI,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        answer = await self._send("GET", self._url(account, "authorize").with_query(query))
        if answer.status == _BAD_REQUEST:
            raise SignInFailedError(SignInFailure.UNKNOWN_CLIENT)
        if answer.status not in _AUTHORIZED:
            raise _unexpected("authorize", answer)
        return answer.cookies

    async def _enter_password(self, account: Account, password: str, cookies: Mapping[str, str]) -> str:
        form = {"username": account.username, "password": password, "orgname": account.org_short_name}
        answer = await self._send("POST", self._url(account, "signin"), form, cookies)
        if answer.status == _UNAUTHORIZED:
            raise SignInFailedError(SignInFailure.WRONG_CREDENTIALS)
        signed_in = _decode(_SignedIn, "signin", answer)
        if signed_in.next_op == "expired":
            raise SignInFailedError(SignInFailure.PASSWORD_EXPIRED)
        if not signed_in.success or signed_in.next_op != "redirect" or not signed_in.code:
            raise _unexpected("signin", answer)
        return signed_in.code

    async def _redeem(self, account: Account, code: str, verifier: str) -> Tokens:
        form = {**_grant(account, "authorization_code"), "code": code, "code_verifier": verifier}
        answer = await self._send("POST", self._url(account, "token"), form)
        if answer.status == _UNAUTHORIZED:
            raise SignInFailedError(SignInFailure.CODE_REFUSED)
        return self._issued(answer, verifier)

    def _issued(self, answer: _Answer, verifier: str, before: Tokens | None = None) -> Tokens:
        issued = _decode(_Issued, "token", answer)
        return Tokens(
            id_token=issued.id_token or (before.id_token if before else ""),
            access_token=issued.access_token,
            refresh_token=issued.refresh_token or (before.refresh_token if before else ""),
            code_verifier=verifier,
            expires_at=self._clock.now() + issued.lives,
        )

    def _url(self, account: Account, step: str) -> URL:
        return allowed_url(account.auth_url, allow_local=self._allow_local).joinpath(*_PATH, step)

    async def _send(
        self,
        method: str,
        url: URL,
        form: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
    ) -> _Answer:
        headers = {"Accept": "application/json"}
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS, connect=_CONNECT_TIMEOUT_SECONDS)
        try:
            async with self._session.request(
                method, url, data=form, headers=headers, allow_redirects=False, timeout=timeout
            ) as response:
                set_cookies = response.headers.getall("Set-Cookie", [])
                return _Answer(response.status, _cookies(set_cookies), await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise SignInFailedError(SignInFailure.UNREACHABLE, type(error).__name__) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SignInFailedError(SignInFailure.ANSWER_LOST, type(error).__name__) from error


def _grant(account: Account, grant_type: str) -> dict[str, str]:
    return {
        "grant_type": grant_type,
        "client_id": account.client_id,
        "scope": "openid",
        "redirect_uri": REDIRECT_URI,
    }


def _cookies(set_cookies: list[str]) -> dict[str, str]:
    """Cookies verbatim: a client id may end in `=`, which goes back as it came."""
    pairs = (each.partition(";")[0].partition("=") for each in set_cookies)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _decode[T: BaseModel](kind: type[T], step: str, answer: _Answer) -> T:
    if answer.status != _OK:
        raise _unexpected(step, answer)
    try:
        return kind.model_validate(json.loads(answer.body))
    except ValueError:  # ValidationError is one
        raise _unexpected(step, answer) from None  # its text would quote the body


def _is_refusal(body: bytes) -> bool:
    try:
        document = json.loads(body)
    except ValueError:
        return False
    return isinstance(document, dict) and not _NAMES_OF_ERRORS.isdisjoint(document)


def _unexpected(step: str, answer: _Answer) -> SignInFailedError:
    return SignInFailedError(SignInFailure.UNEXPECTED_ANSWER, f"{step} answered {answer.status}")
