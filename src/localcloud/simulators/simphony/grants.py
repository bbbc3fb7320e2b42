"""What an account was granted: chains of tokens, each refresh a link (STS Gen2 guide, Authenticate)."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from localcloud.simulators.simphony.accounts import Subject
from localcloud.simulators.simphony.controls import Control, read_control
from localcloud.simulators.simphony.oddities import Installation
from localcloud.simulators.simphony.tokens import Issuer, TokenRefusedError
from localcloud.simulators.simphony.wire import Json, answer

_PATH = "/sim/tokens"


class GrantRefusedError(Exception):
    """A refresh token is not good, or no longer."""


class Revocation(Control):
    """Whose tokens of which uses end, as after an upgrade of Reporting and Analytics."""

    org: str
    username: str
    uses: tuple[str, ...] = ("refresh",)


@dataclass
class _Granted:
    """What became of one account's tokens."""

    subject: Subject
    signed_in: int = 0
    refreshed: int = 0
    reused: int = 0
    """How often a refresh token came again after it had been used."""
    expires_at: datetime | None = None


class Grants:
    """Issues tokens; `counts` tells how often each step of signing in succeeded or was refused."""

    def __init__(self, now: Callable[[], datetime], issuer: Issuer, installation: Installation) -> None:
        self.counts: Counter[str] = Counter()
        self._now = now
        self._issuer = issuer
        self._installation = installation
        self._first_used_at: dict[str, datetime] = {}
        self._granted: dict[Subject, _Granted] = {}

    def begin(self, subject: Subject) -> Json:
        """The tokens of an account that just signed in."""
        self.counts["codes_redeemed"] += 1
        self._of(subject).signed_in += 1
        claims = _claims(subject)
        refresh_token = self._issuer.issue("refresh", self._installation.has.refresh_token_seconds, claims)
        return self._issued(subject, {"refresh_token": refresh_token})

    def refresh(self, client_id: str, token: str) -> Json:
        """The tokens that a refresh token is exchanged for.

        Raises:
            GrantRefusedError: it is not that client's, expired, revoked, or was used before.
        """
        try:
            claims = self._issuer.read(token, "refresh")
        except TokenRefusedError as error:
            raise GrantRefusedError from error
        subject = Subject.of(claims)
        if subject.client_id != client_id or not self._may_use(subject, claims["jti"]):
            raise GrantRefusedError
        self.counts["refreshed"] += 1
        self._of(subject).refreshed += 1
        return self._issued(subject, self._next(subject, token))

    def _may_use(self, subject: Subject, token_id: str) -> bool:
        oddities, now = self._installation.has, self._now()
        if oddities.refresh_tokens != "rotate":
            return True
        if token_id not in self._first_used_at:
            self._first_used_at[token_id] = now
            return True
        first_used_at = self._first_used_at[token_id]
        self._of(subject).reused += 1
        return now < first_used_at + timedelta(seconds=oddities.refresh_grace_seconds)

    def _next(self, subject: Subject, token: str) -> Mapping[str, Json]:
        match self._installation.has.refresh_tokens:
            case "omit":
                return {}
            case "reuse":
                return {"refresh_token": token}
            case "rotate":
                seconds = self._installation.has.refresh_token_seconds
                return {"refresh_token": self._issuer.issue("refresh", seconds, _claims(subject))}

    def _issued(self, subject: Subject, refresh_token: Mapping[str, Json]) -> Json:
        oddities, claims = self._installation.has, _claims(subject)
        self._of(subject).expires_at = self._now() + timedelta(seconds=oddities.token_seconds)
        expires_in = oddities.token_seconds
        return {
            "id_token": self._issuer.issue("id", oddities.token_seconds, claims),
            "access_token": self._issuer.issue("access", oddities.token_seconds, claims),
            **refresh_token,
            "token_type": "Bearer",
            "expires_in": str(expires_in) if oddities.expires_in == "text" else expires_in,
        }

    def _of(self, subject: Subject) -> _Granted:
        return self._granted.setdefault(subject, _Granted(subject))

    def routes(self) -> list[web.RouteDef]:
        """The controls: what was granted, and its revocation."""
        return [web.get(_PATH, self._list), web.post(f"{_PATH}/revoke", self._revoke)]

    async def _list(self, _request: web.Request) -> web.Response:
        items = [_document(each) for each in self._granted.values()]
        return answer({"counts": dict(self.counts), "items": items})

    async def _revoke(self, request: web.Request) -> web.Response:
        revocation = await read_control(Revocation, request)
        subject = {"org": revocation.org.lower(), "sub": revocation.username}
        for use in revocation.uses:
            self._issuer.revoke(use, subject)
        return web.Response(status=204)


def _claims(subject: Subject) -> dict[str, str]:
    return {"org": subject.org, "sub": subject.username, "client_id": subject.client_id}


def _document(granted: _Granted) -> Json:
    return {
        "org": granted.subject.org,
        "username": granted.subject.username,
        "clientId": granted.subject.client_id,
        "signedIn": granted.signed_in,
        "refreshed": granted.refreshed,
        "reused": granted.reused,
        "expiresAt": granted.expires_at.isoformat() if granted.expires_at else None,
    }
