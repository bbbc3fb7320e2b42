"""Clients of the storage accounts that an app's bindings name: made once each, closed together."""

from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Self

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import AioHttpTransport
from azure.storage.blob.aio import BlobServiceClient, ContainerClient
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from localcloud.function_host.app_settings import HOST_STORAGE, connection_string

_HOST_CONTAINER = "azure-webjobs-hosts"
_RETRIES = 2
_RETRY_SECONDS = 1


class Storage:
    """An asynchronous context manager; messages pass through it as they are on the wire."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings
        self._queue_services: dict[str, QueueServiceClient] = {}
        self._host_container: ContainerClient | None = None
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def queue(self, queue: str, connection: str) -> QueueClient:
        """A queue of the account that the setting `connection` names.

        Raises:
            SettingMissingError: there is no such setting.
        """
        account = connection_string(connection, self._settings)
        if account not in self._queue_services:
            service = QueueServiceClient.from_connection_string(
                account, transport=_transport(), retry_total=_RETRIES, initial_backoff=_RETRY_SECONDS
            )
            self._queue_services[account] = await self._open.enter_async_context(service)
        return self._queue_services[account].get_queue_client(
            queue, message_encode_policy=None, message_decode_policy=None
        )

    async def host_container(self) -> ContainerClient:
        """The container where the host keeps its locks and schedules (`azure-webjobs-hosts`).

        Raises:
            SettingMissingError: there is no host storage.
        """
        if self._host_container is None:
            service = BlobServiceClient.from_connection_string(
                connection_string(HOST_STORAGE, self._settings), transport=_transport(), retry_total=0
            )
            await self._open.enter_async_context(service)
            self._host_container = service.get_container_client(_HOST_CONTAINER)
        return self._host_container


def _transport() -> AioHttpTransport:
    return AioHttpTransport(use_env_settings=False)


async def send_creating_queue(queue: QueueClient, content: str) -> None:
    """Send a message; a missing queue is created, as Azure does for output bindings and poison queues."""
    try:
        await queue.send_message(content)
    except ResourceNotFoundError:
        with suppress(ResourceExistsError):  # somebody else was faster
            await queue.create_queue()
        await queue.send_message(content)
