"""How many messages wait in each queue of a region."""

import asyncio

from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import AioHttpTransport
from azure.storage.queue.aio import QueueServiceClient


async def get_queue_lengths(service: QueueServiceClient) -> dict[str, int]:
    """Messages by queue, roughly; empty while the storage account does not answer."""
    try:
        names = [queue.name async for queue in service.list_queues()]
        lengths = await asyncio.gather(*(_get_length(service, name) for name in names))
    except AzureError:
        return {}
    return dict(zip(names, lengths, strict=True))


async def _get_length(service: QueueServiceClient, name: str) -> int:
    properties = await service.get_queue_client(name).get_queue_properties()
    return properties.approximate_message_count or 0


def open_queue_service(connection_string: str) -> QueueServiceClient:
    """A client that asks once and never waits to ask again: the next look is soon."""
    return QueueServiceClient.from_connection_string(
        connection_string, transport=AioHttpTransport(use_env_settings=False), retry_total=0
    )
