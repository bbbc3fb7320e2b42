import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueServiceClient

from localcloud.azurite import Azurite, StorageAddress


async def test_serves_the_azure_sdk(azurite: StorageAddress, unique: Callable[[str], str]) -> None:
    name = unique("queue")
    async with QueueServiceClient.from_connection_string(azurite.connection_string) as service:
        await service.create_queue(name)
        await service.get_queue_client(name).send_message("hello")
        received = [message.content async for message in service.get_queue_client(name).receive_messages()]
    assert received == ["hello"]


async def test_accounts_of_one_emulator_share_nothing(
    azurite: StorageAddress, further_account: StorageAddress, unique: Callable[[str], str]
) -> None:
    name = unique("Table")
    async with (
        TableServiceClient.from_connection_string(azurite.connection_string) as main,
        TableServiceClient.from_connection_string(further_account.connection_string) as further,
    ):
        await (await main.create_table(name)).create_entity({"PartitionKey": "p", "RowKey": "r"})
        there = await further.create_table(name)
        assert [each async for each in there.list_entities()] == []


async def test_one_that_still_loads_ends_at_once(ports: Callable[[int], list[int]], tmp_path: Path) -> None:
    emulator = Azurite(StorageAddress(*ports(3)), tmp_path / "data", tmp_path / "azurite.log")
    starting = asyncio.create_task(emulator.start())
    async with asyncio.timeout(4):  # it would save for 5 s at most
        while emulator.pid is None:  # noqa: ASYNC110 - a process sets no event of ours
            await asyncio.sleep(0)
        await emulator.stop()
    assert emulator.pid is None
    with pytest.raises(RuntimeError, match="ended at once"):
        await starting
