"""Oracle's identity provider in memory: strict rotation, and a record of what it was sent and said."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.faults import Faults

from muneris.core.clock import Clock
from muneris.simphony.errors import SignInFailedError, SignInFailure
from muneris.simphony.model import Account, Tokens

PASSWORD = "a password"
_ANSWER_SECONDS = 30.0


@dataclass
class Oracle:
    """Signs in with one password, and takes each refresh token once.

    `sent` is when each refresh token was sent, `received` when its successor came back to whoever sent it.
    """

    now: Callable[[], datetime]
    life: timedelta = timedelta(days=10)
    password: str = PASSWORD
    sent: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    received: dict[str, datetime] = field(default_factory=dict)
    sign_ins: int = 0
    refreshes: int = 0
    good: set[str] = field(default_factory=set)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def sign_in(self, account: Account, password: str) -> Tokens:
        if password != self.password:
            raise SignInFailedError(SignInFailure.WRONG_CREDENTIALS)
        self.sign_ins += 1
        return self._issue(account)

    def refresh(self, account: Account, tokens: Tokens) -> Tokens:
        if tokens.refresh_token not in self.good:
            raise SignInFailedError(SignInFailure.REFRESH_REFUSED)
        self.good.discard(tokens.refresh_token)
        self.refreshes += 1
        return self._issue(account)

    def sent_too_late(self) -> list[str]:
        """Refresh tokens that were sent again although their successor had been received."""
        return [
            token
            for token, received in self.received.items()
            if any(sent > received for sent in self.sent[token])
        ]

    def lost(self) -> set[str]:
        """The accounts of which a successor was given that nobody ever received."""
        used_up = self.sent.keys() - self.received.keys() - self.good
        return {token.rpartition("-")[0] for token in used_up}

    def _issue(self, account: Account) -> Tokens:
        name = f"{account.username}-{next(self._numbers)}"
        self.good.add(name)
        return Tokens(id_token=f"id {name}", refresh_token=name, expires_at=self.now() + self.life)


@dataclass(frozen=True)
class CalledOracle:
    """Oracle as one process calls it."""

    oracle: Oracle
    faults: Faults
    clock: Clock

    async def sign_in(self, account: Account, password: str) -> Tokens:
        async def call() -> Tokens:
            return self.oracle.sign_in(account, password)

        return await self._around(call)

    async def refresh(self, account: Account, tokens: Tokens) -> Tokens:
        async def call() -> Tokens:
            return self.oracle.refresh(account, tokens)

        self.oracle.sent[tokens.refresh_token].append(self.oracle.now())
        answer = await self._around(call)
        self.oracle.received[tokens.refresh_token] = self.oracle.now()
        return answer

    async def _around(self, call: Callable[[], Awaitable[Tokens]]) -> Tokens:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await self.faults.around(call, _unreachable, _lost)
        except TimeoutError:
            raise _lost() from None


def _unreachable() -> Exception:
    return SignInFailedError(SignInFailure.UNREACHABLE)


def _lost() -> Exception:
    return SignInFailedError(SignInFailure.ANSWER_LOST)
