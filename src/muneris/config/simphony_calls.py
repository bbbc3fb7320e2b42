"""Config's calls to Simphony, over HTTP."""

from functools import cached_property

import aiohttp

from muneris.core.clock import Clock
from muneris.simphony.client import SimphonyClient, open_session
from muneris.simphony.configuration import Taxes, UnavailableItems, Versioned
from muneris.simphony.menu import SimphonyMenu
from muneris.simphony.model import Account, Connection, Tokens
from muneris.simphony.notifications import Subscription, WebhookKey
from muneris.simphony.organization import Location, RevenueCenter
from muneris.simphony.sign_in import SignIn
from muneris.simphony.transport import READ_AGAIN


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
        return await self._client.organization.get_location(connection, bearer)

    async def get_revenue_center(self, connection: Connection, bearer: str) -> RevenueCenter:
        """The revenue center a connection names."""
        return await self._client.organization.get_revenue_center(connection, bearer)

    async def get_menu(
        self, connection: Connection, bearer: str, *, held: Versioned[SimphonyMenu] | None = None
    ) -> Versioned[SimphonyMenu] | None:
        """The revenue center's menu, unless it still is the one that is held."""
        return await self._client.configuration.get_menu(connection, bearer, held=held)

    async def get_unavailable(
        self, connection: Connection, bearer: str, *, held: Versioned[UnavailableItems] | None = None
    ) -> Versioned[UnavailableItems] | None:
        """What it cannot sell now, as the menu."""
        return await self._client.configuration.get_unavailable(connection, bearer, held=held)

    async def get_taxes(
        self, connection: Connection, bearer: str, *, held: Versioned[Taxes] | None = None
    ) -> Versioned[Taxes] | None:
        """Its taxes, as the menu."""
        return await self._client.configuration.get_taxes(connection, bearer, held=held)

    async def register(self, connection: Connection, bearer: str, key: WebhookKey) -> None:
        """Have the account's notifications signed with a key."""
        await self._client.notifications.register(connection, bearer, key)

    async def get_subscriptions(self, connection: Connection, bearer: str) -> tuple[Subscription, ...]:
        """The account's subscriptions."""
        return await self._client.notifications.get_subscriptions(connection, bearer)

    async def subscribe(self, connection: Connection, bearer: str, wanted: Subscription) -> Subscription:
        """Subscribe."""
        return await self._client.notifications.subscribe(connection, bearer, wanted)

    async def unsubscribe(self, connection: Connection, bearer: str, subscription_id: str) -> None:
        """End a subscription."""
        await self._client.notifications.unsubscribe(connection, bearer, subscription_id)

    async def close(self) -> None:
        """Close the session, if one was opened."""
        if "_session" in self.__dict__:
            await self._session.close()

    @cached_property
    def _session(self) -> aiohttp.ClientSession:
        return open_session()

    @cached_property
    def _client(self) -> SimphonyClient:
        return SimphonyClient(self._session, allow_local=self._allow_local, reads=READ_AGAIN)
