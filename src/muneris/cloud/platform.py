"""The clients of one app: made when first used, once per process."""

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property, partial

from azure.core.credentials import AzureKeyCredential

from muneris.cloud.documents import Documents
from muneris.cloud.documents.azure import AzureDocuments
from muneris.cloud.events import Publisher
from muneris.cloud.events.azure import AzurePublisher, Topic
from muneris.cloud.events.shared import SharedPublisher
from muneris.cloud.http import Authenticate, PublicKeys
from muneris.cloud.queues.azure import AzureQueues
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.settings import CloudSettings
from muneris.cloud.tables import Table
from muneris.cloud.tables.azure import AzureTable
from muneris.cloud.tables.grouped import GroupedTable
from muneris.cloud.tables.retried import RetriedTable
from muneris.cloud.tables.spread import MAIN, AccountOf, SpreadTable
from muneris.cloud.wire.account import StorageAccount, storage_account
from muneris.cloud.wire.authorization import (
    EVENT_GRID_SCOPE,
    AccessKey,
    Authorization,
    BearerToken,
    managed_identity,
)
from muneris.cloud.wire.refusal import RequestRefusedError
from muneris.cloud.wire.requests import Requests
from muneris.core.clock import Clock, SystemClock

_log = logging.getLogger(__name__)

READ_MODELS = "read-models"
"""The container of what concerns publish for each other."""

_QUICK = RetryPolicy(attempts=2, attempt_seconds=1.0, deadline_seconds=2.0)
"""For reading documents: who holds an older version must not wait long before it goes on with that."""

_ONCE_MORE = RetryPolicy(attempts=2, attempt_seconds=2.0, deadline_seconds=4.0)
"""For events: whoever owes one says it again anyway, so trying ends before the first of that is due."""


class Platform:
    """A region's storage and events, as one app sees them."""

    def __init__(self, settings: CloudSettings, app: str) -> None:
        self._settings = settings
        self._app = app
        self._requests = Requests()
        self.clock: Clock = SystemClock()

    def table(self, name: str) -> Table:
        """One of the region's tables."""
        return self._table(self._account, name)

    def property_table(self, name: str, account_of: AccountOf) -> Table:
        """A table whose partitions are properties, each in the storage account that holds it."""
        accounts = {MAIN: self._account, **self._further_accounts}
        tables = {each: self._property_table(account, name) for each, account in accounts.items()}
        return SpreadTable(tables, account_of)

    def account_checks(self, name: str) -> Mapping[str, Callable[[], Awaitable[bool]]]:
        """Whether each further storage account serves a table, by its component in the region's health."""
        return {
            f"tables-{each}": partial(_serves, each, self._table(account, name))
            for each, account in self._further_accounts.items()
        }

    def peer_table(self, connection: str, name: str) -> Table:
        """A table of another region; `connection` is a connection string, or an account's name."""
        return self._table(storage_account(connection, self._settings.storage_client_id), name)

    @cached_property
    def authenticate(self) -> Authenticate:
        """Who calls this region: its own keys, and staff's."""
        settings = self._settings
        return Authenticate(
            settings.region,
            settings.regions,
            PublicKeys(self.table("Settings")),
            settings.staff_issuer,
            settings.staff_jwks,
            self.clock,
        )

    @cached_property
    def queues(self) -> AzureQueues:
        """The region's queues."""
        return AzureQueues(self._account, RetryPolicy())

    @cached_property
    def read_models(self) -> Documents:
        """The documents that concerns publish for each other."""
        return AzureDocuments(self._account, READ_MODELS, self._requests, reads=_QUICK, writes=RetryPolicy())

    @cached_property
    def publisher(self) -> Publisher:
        """The region's Event Grid topic."""
        topic = Topic(self._settings.events_endpoint, self._events_authorization)
        source = f"/muneris/{self._settings.region}/{self._app}"
        return SharedPublisher(AzurePublisher(topic, source, self._requests, _ONCE_MORE, self.clock))

    @property
    def _events_authorization(self) -> Authorization:
        key = self._settings.events_key
        if key is not None:
            return AccessKey(AzureKeyCredential(key.get_secret_value()))
        identity = managed_identity(self._settings.storage_client_id)
        return BearerToken(identity, EVENT_GRID_SCOPE, self.clock)

    @cached_property
    def _account(self) -> StorageAccount:
        return storage_account(self._settings.storage_connection, self._settings.storage_client_id)

    @cached_property
    def _further_accounts(self) -> Mapping[str, StorageAccount]:
        client_id = self._settings.storage_client_id
        return {
            name: storage_account(connection.get_secret_value(), client_id)
            for name, connection in self._settings.storage_accounts.items()
        }

    def _property_table(self, account: StorageAccount, name: str) -> Table:
        table = self._table(account, name)
        return GroupedTable(table) if self._settings.group_commit else table

    def _table(self, account: StorageAccount, name: str) -> RetriedTable:
        table = AzureTable(account, name, self._requests)
        return RetriedTable(table, RetryPolicy(), lambda: secrets.token_hex(6))


async def _serves(account: str, table: Table) -> bool:
    try:
        await table.find("health", "health")
    except RequestRefusedError as error:  # no such table, or no rights: its properties' trouble alone
        _log.warning("health: storage account %r refuses to serve us: %s", account, error)
        return False
    return True
