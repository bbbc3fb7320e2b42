"""The clients of one app: made when first used, once per process."""

import secrets
from functools import cached_property

from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableClient, TableServiceClient
from azure.eventgrid.aio import EventGridPublisherClient
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueServiceClient

from muneris.cloud.documents import Documents
from muneris.cloud.documents.azure import AzureDocuments
from muneris.cloud.events import Publisher
from muneris.cloud.events.azure import AzurePublisher
from muneris.cloud.http import Authenticate, PublicKeys
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.settings import CloudSettings
from muneris.cloud.tables import Table
from muneris.cloud.tables.azure import AzureTable
from muneris.cloud.tables.retried import RetriedTable
from muneris.core.clock import Clock, SystemClock
from muneris.core.operational import OperationalError

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
        self.clock: Clock = SystemClock()

    def table(self, name: str) -> Table:
        """One of the region's tables."""
        return _retried(self._table_service.get_table_client(name))

    def peer_table(self, connection_string: str, name: str) -> Table:
        """A table of another region."""
        return _retried(_table_service(connection_string).get_table_client(name))

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

    async def queues_answer(self) -> bool:
        """Whether the region's queue service works.

        Raises:
            OperationalError: it does not.
        """
        try:
            await self._queue_service.get_service_properties()
        except (HttpResponseError, ServiceRequestError, ServiceResponseError) as error:
            raise OperationalError(str(error)) from error
        return True

    @cached_property
    def read_models(self) -> Documents:
        """The documents that concerns publish for each other."""
        service = BlobServiceClient.from_connection_string(
            self._settings.storage.get_secret_value(), transport=_transport(), retry_total=0
        )
        return AzureDocuments(service.get_container_client(READ_MODELS), reads=_QUICK, writes=RetryPolicy())

    @cached_property
    def publisher(self) -> Publisher:
        """The region's Event Grid topic."""
        client = EventGridPublisherClient(
            self._settings.events_endpoint,
            AzureKeyCredential(self._settings.events_key.get_secret_value()),
            transport=_transport(),
            retry_total=0,
        )
        return AzurePublisher(client, f"/muneris/{self._settings.region}/{self._app}", _ONCE_MORE)

    @cached_property
    def _queue_service(self) -> QueueServiceClient:
        return QueueServiceClient.from_connection_string(
            self._settings.storage.get_secret_value(), transport=_transport(), retry_total=0
        )

    @cached_property
    def _table_service(self) -> TableServiceClient:
        return _table_service(self._settings.storage.get_secret_value())


def _table_service(connection_string: str) -> TableServiceClient:
    return TableServiceClient.from_connection_string(connection_string, transport=_transport(), retry_total=0)


def _transport() -> AioHttpTransport:
    # Otherwise it looks for proxies and ~/.netrc in a thread, on every request.
    return AioHttpTransport(use_env_settings=False)


def _retried(client: TableClient) -> Table:
    return RetriedTable(AzureTable(client), RetryPolicy(), lambda: secrets.token_hex(6))
