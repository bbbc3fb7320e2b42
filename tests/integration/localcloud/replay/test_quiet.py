import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueServiceClient

from localcloud.azurite import Azurite, StorageAddress
from localcloud.replay.quiet import wait_until_quiet

_QUEUES = ("orders-inbox", "orders-inbox-poison")


@pytest.fixture
async def accounts(ports: Callable[[int], list[int]], tmp_path: Path) -> AsyncIterator[list[str]]:
    """A region's storage accounts, its own: quiet means that all its queues are empty."""
    numbers = ports(3)
    main, further = StorageAddress(*numbers), StorageAddress(*numbers, account="account2")
    emulator = Azurite(main, tmp_path / "data", tmp_path / "azurite.log", [further.account])
    await emulator.start()
    connection_strings = [each.connection_string for each in (main, further)]
    async with _queues(connection_strings[0]) as queues:
        await asyncio.gather(*(queues.create_queue(name) for name in _QUEUES))
    for each in connection_strings:
        async with _tables(each) as tables:
            await tables.create_table("Orders")
    yield connection_strings
    await emulator.stop()


def _queues(connection_string: str) -> QueueServiceClient:
    transport = AioHttpTransport(use_env_settings=False)
    return QueueServiceClient.from_connection_string(connection_string, transport=transport)


def _tables(connection_string: str) -> TableServiceClient:
    transport = AioHttpTransport(use_env_settings=False)
    return TableServiceClient.from_connection_string(connection_string, transport=transport)


@pytest.mark.parametrize("of_orders", [0, 1], ids=["main account", "further account"])
async def test_quiet_is_when_nothing_waits_and_nothing_is_owed(accounts: list[str], of_orders: int) -> None:
    async with _tables(accounts[of_orders]) as tables, _queues(accounts[0]) as queues:
        orders = tables.get_table_client("Orders")
        for partition, row in (
            ("NOR-CPH01", "order|1"),
            ("NOR-CPH01", "guest|g"),
            ("NOR-X1", "work|1|1|post"),
        ):
            await orders.create_entity({"PartitionKey": partition, "RowKey": row})
        assert await wait_until_quiet(accounts, "NOR-CPH01", seconds=30) == []
        owed = {"PartitionKey": "NOR-CPH01", "RowKey": "work|1|2|post"}
        await orders.create_entity(owed)
        assert await wait_until_quiet(accounts, "NOR-CPH01", seconds=0) == ["owed: work|1|2|post"]
        poison = queues.get_queue_client("orders-inbox-poison")
        await poison.send_message("bad")
        assert await wait_until_quiet(accounts, "NOR-CPH01", seconds=0) == ["1 in queue orders-inbox-poison"]
        waiting = asyncio.create_task(wait_until_quiet(accounts, "NOR-CPH01", seconds=30))
        await poison.clear_messages()
        await orders.delete_entity(owed["PartitionKey"], owed["RowKey"])
        assert await waiting == []
        await orders.close()
        await poison.close()
