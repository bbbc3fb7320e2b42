"""Config's calls to Simphony, over HTTP."""

from functools import cached_property

import aiohttp

from muneris.core.clock import Clock
from muneris.simphony.client import SimphonyClient, open_session
from muneris.simphony.errors import ReadFailedError
from muneris.simphony.menu import SimphonyMenu
from muneris.simphony.model import Account, Connection, Location, RevenueCenter, Tokens
from muneris.simphony.sign_in import SignIn


class SimphonyCalls:
    """Calls with one session, opened by the first of them: a session belongs to the running loop."""

    def __init__(self, clock: Clock, *, allow_local: bool) -> None:
        self._clock = clock
        self._allow_local = allow_local

    async def sign_in(self, account: Account, password: str) -> Tokens:
        """Tokens for an account's password."""
        signing_in = SignIn(self._session, self._clock, allow_local=self._allow_local)
        return await signing_in.sign_in(account, password)

    async def get_location(self, connection: Connection, bearer: str) -> Location:
        """The location a connection names."""
        return await self._client.get_location(connection, bearer)

    async def get_revenue_center(self, connection: Connection, bearer: str) -> RevenueCenter:
        """The revenue center a connection names."""
        return await self._client.get_revenue_center(connection, bearer)

    async def get_menu(self, connection: Connection, bearer: str) -> SimphonyMenu:
        """The revenue center's menu."""
        version = await self._client.get_menu(connection, bearer)
        if version is None:  # only an answer to a request with an entity tag
            raise ReadFailedError("Simphony answered that a menu never read has not changed")
        return version.menu

    async def close(self) -> None:
        """Close the session, if one was opened."""
        if "_session" in self.__dict__:
            await self._session.close()

    @cached_property
    def _session(self) -> aiohttp.ClientSession:
        return open_session()

    @cached_property
    def _client(self) -> SimphonyClient:
        return SimphonyClient(self._session, allow_local=self._allow_local)
