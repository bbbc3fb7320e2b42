"""API accounts: their passwords, how long those live, and what happens to who guesses at them.

An account that nobody registered signs in with any password, unless the installation knows only its own.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Self

from aiohttp import web
from pydantic import AwareDatetime, Field

from localcloud.simulators.simphony.controls import Control, read_control
from localcloud.simulators.simphony.oddities import Installation
from localcloud.simulators.simphony.problems import not_found
from localcloud.simulators.simphony.wire import answer

PASSWORD_LIFETIME = timedelta(days=60)
LOCKED_FOR = timedelta(minutes=30)
"""As seen after repeated bad passwords; Oracle publishes no figure, nor how many."""
_ATTEMPTS = 5
_PATH = "/sim/accounts"


class Subject(NamedTuple):
    """Whom a token is for."""

    org: str
    username: str
    client_id: str

    @classmethod
    def of(cls, claims: Mapping[str, str]) -> Self:
        """The subject of a token's claims."""
        return cls(claims["org"], claims["sub"], claims["client_id"])


class Account(Control):
    """A registered API account; without `locations` it sees its whole organization."""

    client_id: str
    password: str = Field(min_length=1, repr=False)
    password_set_at: AwareDatetime | None = None
    """When its password was set; None: when the account was registered."""
    locations: tuple[str, ...] | None = None

    def may_see(self, own_org: str, org: str, loc: str | None) -> bool:
        """Whether its scope holds a place."""
        names = None if self.locations is None else {name.lower() for name in self.locations}
        return org.lower() == own_org and (loc is None or names is None or loc.lower() in names)


class SignInVerdict(StrEnum):
    """What comes of a password."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LOCKED = "locked"
    EXPIRED = "expired"


class _Guard:
    """Bad passwords of one account."""

    def __init__(self) -> None:
        self.failures = 0
        self.locked_until: datetime | None = None


class Accounts:
    """The registered accounts, by organization and name."""

    def __init__(self, now: Callable[[], datetime], installation: Installation) -> None:
        self._now = now
        self._installation = installation
        self._accounts: dict[tuple[str, str], Account] = {}
        self._guards: dict[tuple[str, str], _Guard] = {}

    def clear(self) -> None:
        """Forget every account."""
        self._accounts.clear()
        self._guards.clear()

    def find(self, org: str, username: str) -> Account | None:
        """A registered account."""
        return self._accounts.get((org.lower(), username))

    def knows_client(self, client_id: str) -> bool:
        """Whether a client id is one of an account."""
        known = (each.client_id for each in self._accounts.values())
        return bool(client_id) and (self._installation.has.any_account or client_id in known)

    def judge(self, subject: Subject, password: str) -> SignInVerdict:
        """Whether a password signs an account in; a bad one counts against it."""
        account = self.find(subject.org, subject.username)
        if account is None:
            is_welcome = self._installation.has.any_account and subject.org and subject.username and password
            return SignInVerdict.ACCEPTED if is_welcome else SignInVerdict.REFUSED
        return self._judge(account, self._guards[subject.org, subject.username], subject, password)

    def _judge(self, account: Account, guard: _Guard, subject: Subject, password: str) -> SignInVerdict:
        now = self._now()
        if guard.locked_until is not None and now < guard.locked_until:
            return SignInVerdict.LOCKED
        if password != account.password or subject.client_id != account.client_id:
            guard.failures += 1
            if guard.failures >= _ATTEMPTS:
                guard.failures, guard.locked_until = 0, now + LOCKED_FOR
            return SignInVerdict.REFUSED
        guard.failures = 0
        set_at = account.password_set_at or now
        return SignInVerdict.EXPIRED if now >= set_at + PASSWORD_LIFETIME else SignInVerdict.ACCEPTED

    def routes(self) -> list[web.RouteDef]:
        """The controls."""
        one = f"{_PATH}/{{org}}/{{username}}"
        return [web.get(_PATH, self._list), web.put(one, self._put), web.delete(one, self._delete)]

    async def _list(self, _request: web.Request) -> web.Response:
        items = [
            {
                "org": org,
                "username": username,
                **account.model_dump(mode="json", by_alias=True, exclude={"password"}),
            }
            for (org, username), account in self._accounts.items()
        ]
        return answer({"items": items})

    async def _put(self, request: web.Request) -> web.Response:
        account = await read_control(Account, request)
        if account.password_set_at is None:
            account = account.model_copy(update={"password_set_at": self._now()})
        key = _key(request)
        self._accounts[key] = account
        self._guards[key] = _Guard()
        return web.Response(status=204)

    async def _delete(self, request: web.Request) -> web.Response:
        if self._accounts.pop(_key(request), None) is None:
            raise not_found(f"Account {request.match_info['username']}")
        return web.Response(status=204)


def _key(request: web.Request) -> tuple[str, str]:
    return request.match_info["org"].lower(), request.match_info["username"]
