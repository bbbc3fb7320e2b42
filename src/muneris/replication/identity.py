"""The token master's calls to Oracle's identity provider, over HTTP."""

from functools import cached_property

import aiohttp

from muneris.core.clock import Clock
from muneris.simphony.client import open_session
from muneris.simphony.model import Account, Tokens
from muneris.simphony.sign_in import SignIn


class Identity:
    """Calls with one session, opened by the first of them: a session belongs to the running loop."""

    def __init__(self, clock: Clock, *, allow_local: bool) -> None:
        self._clock = clock
        self._allow_local = allow_local

    async def sign_in(self, account: Account, password: str) -> Tokens:
        """Tokens for an account's password."""
        return await self._sign_in.sign_in(account, password)

    async def refresh(self, account: Account, tokens: Tokens) -> Tokens:
        """Newer tokens for a refresh token."""
        return await self._sign_in.refresh(account, tokens)

    async def close(self) -> None:
        """Close the session, if one was opened."""
        if "_session" in self.__dict__:
            await self._session.close()

    @cached_property
    def _session(self) -> aiohttp.ClientSession:
        return open_session()

    @cached_property
    def _sign_in(self) -> SignIn:
        return SignIn(self._session, self._clock, allow_local=self._allow_local)
