from collections.abc import Callable

from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueServiceClient

from localcloud.azurite import StorageAddress
from localcloud.resources import Resources, provision


async def test_creates_what_is_absent_and_keeps_what_exists(
    azurite: StorageAddress, unique: Callable[[str], str]
) -> None:
    table, queue, container = unique("Table"), unique("queue"), unique("container")
    account = azurite.connection_string
    await provision(Resources(tables=(table,), queues=(queue,), containers=(), topics=()), account)
    async with QueueServiceClient.from_connection_string(account) as queues:
        await queues.get_queue_client(queue).send_message("kept")

    everything = Resources(tables=(table,), queues=(queue,), containers=(container,), topics=())
    await provision(everything, account)
    await provision(everything, account)

    async with (
        TableServiceClient.from_connection_string(account) as tables,
        QueueServiceClient.from_connection_string(account) as queues,
        BlobServiceClient.from_connection_string(account) as blobs,
    ):
        assert table in {each.name async for each in tables.list_tables()}
        assert container in {each.name async for each in blobs.list_containers()}
        kept = [each.content async for each in queues.get_queue_client(queue).receive_messages()]
    assert kept == ["kept"]
