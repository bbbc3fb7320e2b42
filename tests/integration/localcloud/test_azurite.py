from collections.abc import Callable

from azure.storage.queue.aio import QueueServiceClient

from localcloud.azurite import StorageAddress


async def test_serves_the_azure_sdk(azurite: StorageAddress, unique: Callable[[str], str]) -> None:
    name = unique("queue")
    async with QueueServiceClient.from_connection_string(azurite.connection_string) as service:
        await service.create_queue(name)
        await service.get_queue_client(name).send_message("hello")
        received = [message.content async for message in service.get_queue_client(name).receive_messages()]
    assert received == ["hello"]
