"""Simphony is asked to tell us of changed menus."""

import logging
from typing import Protocol

from muneris.cloud.agenda import Agenda
from muneris.config.property import Property
from muneris.config.store import PropertyStore
from muneris.core.operational import OperationalError
from muneris.simphony.bearers import TokenSource, with_token
from muneris.simphony.errors import SimphonyError
from muneris.simphony.model import Connection
from muneris.simphony.notifications import CONFIGURATION, Subscription, WebhookKey

_log = logging.getLogger(__name__)


class Notifies(Protocol):
    """Simphony, as far as it notifies; every call raises `SimphonyError`."""

    async def register(self, connection: Connection, bearer: str, key: WebhookKey) -> None:
        """Have the account's notifications signed with a key."""
        ...

    async def get_subscriptions(self, connection: Connection, bearer: str) -> tuple[Subscription, ...]:
        """The account's subscriptions."""
        ...

    async def subscribe(self, connection: Connection, bearer: str, wanted: Subscription) -> Subscription:
        """Subscribe."""
        ...

    async def unsubscribe(self, connection: Connection, bearer: str, subscription_id: str) -> None:
        """End a subscription."""
        ...


class Subscriptions:
    """Keeps one subscription for each connected property.

    `callback` is our address up to the property code, `secret` what the accounts' keys come from.
    """

    def __init__(
        self,
        store: PropertyStore,
        connected: Agenda,
        simphony: Notifies,
        tokens: TokenSource,
        callback: str,
        secret: bytes,
    ) -> None:
        self._store = store
        self._connected = connected
        self._simphony = simphony
        self._tokens = tokens
        self._callback = callback.rstrip("/")
        self._secret = secret

    async def renew_all(self) -> None:
        """See to every property's subscription; the failure of one stops no other."""
        for entry in await self._connected.entries():
            await self.try_to_renew(entry.key)

    async def try_to_renew(self, code: str) -> None:
        """As `renew`; what fails is left to the next time, because menus are polled all the same."""
        try:
            await self.renew(code)
        except (SimphonyError, OperationalError) as error:
            _log.warning("%s is not subscribed to notifications: %s", code, error)

    async def renew(self, code: str) -> None:
        """See to one property's subscription: one as it should be, and no other that leads to us.

        Raises:
            SimphonyError: Simphony did not do it.
            OperationalError: storage did not answer.
        """
        stored = await self._store.find(code)
        if stored is None or stored.property.simphony is None:
            return
        wanted = self._wanted(stored.property, stored.property.simphony)

        async def renew(connection: Connection, bearer: str) -> None:
            key = WebhookKey.of_account(self._secret, connection.account)
            await self._simphony.register(connection, bearer, key)
            await self._subscribe(connection, bearer, wanted)

        await with_token(self._tokens, stored.property.simphony, renew)

    async def _subscribe(self, connection: Connection, bearer: str, wanted: Subscription) -> None:
        found = await self._simphony.get_subscriptions(connection, bearer)
        ours = [each for each in found if each.callback_uri == wanted.callback_uri]
        right = [each for each in ours if each.is_for(wanted)]
        if not right:
            await self._simphony.subscribe(connection, bearer, wanted)
        for stale in (each for each in ours if each not in right[:1]):
            await self._simphony.unsubscribe(connection, bearer, stale.subscription_id)

    def _wanted(self, known: Property, connection: Connection) -> Subscription:
        return Subscription(
            callback_uri=f"{self._callback}/v1/config/webhooks/simphony/{known.code}",
            message_type=CONFIGURATION,
            org_short_name=connection.org_short_name,
            loc_ref=connection.loc_ref,
            rvc_ref=connection.rvc_ref,
        )
