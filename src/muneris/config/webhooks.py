"""Simphony's notifications as they arrive: verified, told once, answered at once, worked on later."""

import logging
from datetime import timedelta

from pydantic import ValidationError

from muneris.cloud.tables import RowConflictError, Table, Transaction
from muneris.config.menu_upkeep import AskedRefreshes
from muneris.config.problems import WEBHOOK_NOT_SIGNED
from muneris.config.service import Properties
from muneris.core.clock import Clock
from muneris.core.problems import MALFORMED_JSON
from muneris.simphony.model import Connection
from muneris.simphony.notifications import CONFIGURATION, Message, Webhook, WebhookKey

_log = logging.getLogger(__name__)

_KEY = "simphony-messages"
_MOST_REMEMBERED = 200
_OLDEST = timedelta(days=1)
"""Older messages are copies of old calls, or of no use any more: menus are read by a timer anyway."""


class ToldMessages:
    """The ids of the latest messages of each property, in a row of table `Config`."""

    def __init__(self, config: Table) -> None:
        self._config = config

    async def find_new(self, code: str, ids: frozenset[str]) -> frozenset[str]:
        """Those of the ids that were not told before."""
        return ids - frozenset((await self._read(code))[0])

    async def told(self, code: str, ids: frozenset[str]) -> None:
        """Remember messages, and forget the oldest."""
        while not await self._write(code, ids):
            pass  # another call wrote meanwhile

    async def _write(self, code: str, ids: frozenset[str]) -> bool:
        known, etag = await self._read(code)
        kept = [each for each in known if each not in ids] + sorted(ids)
        values = {"Ids": "\n".join(kept[-_MOST_REMEMBERED:])}
        transaction = Transaction(code)
        if etag is None:
            transaction.insert(_KEY, values)
        else:
            transaction.replace(_KEY, values, etag=etag)
        try:
            await self._config.transact(transaction)
        except RowConflictError:
            return False
        return True

    async def _read(self, code: str) -> tuple[list[str], str | None]:
        row = await self._config.find(code, _KEY)
        return ([], None) if row is None else (row.text("Ids").split("\n"), row.etag)


class Webhooks:
    """Takes Simphony's calls. `secret` is what all accounts' keys come from; None: none is registered."""

    def __init__(
        self,
        properties: Properties,
        told: ToldMessages,
        asked: AskedRefreshes,
        secret: bytes | None,
        clock: Clock,
    ) -> None:
        self._properties = properties
        self._told = told
        self._asked = asked
        self._secret = secret
        self._clock = clock

    async def receive(self, code: str, body: bytes, key_id: str, digest: str) -> None:
        """Take a call's messages; those told before, old ones and those of other places do nothing.

        Raises:
            ProblemError: `property_not_found`, `property_in_another_region`; `webhook_not_signed`, of a
                property that is not connected, too; `malformed_json`.
            OperationalError: storage did not answer. Simphony does not call again: a timer reads it then.
        """
        connection = await self._get_caller(code, body, key_id, digest)
        try:
            messages = Webhook.model_validate_json(body).messages
        except ValidationError as error:
            raise MALFORMED_JSON("A notification has messages, each with an id.") from error
        wanted = {each.id for each in messages if self._is_wanted(each, connection)}
        new = await self._told.find_new(code, frozenset(wanted))
        if new:
            _log.info("%s: Simphony tells of %d changes", code, len(new))
            await self._asked.ask(code)  # first: twice does no harm, forgotten it waits for the timer
            await self._told.told(code, new)

    async def _get_caller(self, code: str, body: bytes, key_id: str, digest: str) -> Connection:
        connection = (await self._properties.get(code)).simphony
        if connection is not None and self._secret is not None:
            key = WebhookKey.of_account(self._secret, connection.account)
            if key.has_signed(body, key_id, digest):
                return connection
        raise WEBHOOK_NOT_SIGNED("Sign the body with the key that is registered.")

    def _is_wanted(self, message: Message, connection: Connection) -> bool:
        is_old = message.is_older_than(self._clock.now() - _OLDEST)
        return message.type == CONFIGURATION and not is_old and message.concerns(connection.site)
