"""The wire between real clients and a real storage emulator."""

from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest_asyncio
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueServiceClient
from benchmarks.operations import Service
from benchmarks.wire import Wire, counted

from localcloud.azurite import StorageAddress
from localcloud.layout import url

type Wired = tuple[Wire, StorageAddress]


@pytest_asyncio.fixture
async def wired(azurite: StorageAddress, ports: Callable[[int], list[int]]) -> AsyncIterator[Wired]:
    """A wire to the emulator, and where it listens."""
    blob, queue, table = ports(3)
    services: dict[Service, tuple[int, int]] = {
        "blob": (blob, azurite.blob_port),
        "queue": (queue, azurite.queue_port),
        "table": (table, azurite.table_port),
    }
    async with counted(services) as wire:
        yield wire, StorageAddress(blob, queue, table)


async def test_rows_are_written_and_read_through_it_as_without_it(
    wired: Wired, unique: Callable[[str], str]
) -> None:
    wire, address = wired
    name = unique("orders")
    async with TableServiceClient.from_connection_string(
        address.connection_string, transport=AioHttpTransport(use_env_settings=False)
    ) as service:
        table = await service.create_table(name)
        before = wire.counts()
        rows = [{"PartitionKey": "a|b", "RowKey": f"order|{number}", "N": number} for number in range(3)]
        await table.submit_transaction([("create", row) for row in rows])
        assert (await table.get_entity("a|b", "order|1"))["N"] == 1
        assert len([row async for row in table.query_entities("PartitionKey eq 'a|b'")]) == 3
    assert wire.counts() - before == {
        f"{name}: transactions": 1,
        f"{name}: rows written": 3,
        f"{name}: point reads": 1,
        f"{name}: queries": 1,
        f"{name}: rows read by queries": 3,
    }


async def test_messages_pass_and_are_counted(wired: Wired, unique: Callable[[str], str]) -> None:
    wire, address = wired
    name = unique("inbox")
    async with QueueServiceClient.from_connection_string(
        address.connection_string, transport=AioHttpTransport(use_env_settings=False)
    ) as service:
        queue = await service.create_queue(name)
        before = wire.counts()
        await queue.send_message("hello")
        message = await queue.receive_message()
        assert message is not None
        assert message.content == "hello"
        await queue.delete_message(message)
        assert await queue.receive_message() is None
    assert wire.counts() - before == {
        f"{name}: puts": 1,
        f"{name}: receives": 1,
        f"{name}: deletes": 1,
        f"{name}: empty receives": 1,
    }


async def test_a_service_that_does_not_run_is_a_bad_gateway_and_not_counted(
    ports: Callable[[int], list[int]],
) -> None:
    listening, nobody = ports(2)
    async with counted({"events": (listening, nobody)}) as wire, aiohttp.ClientSession() as session:
        async with session.post(f"{url(listening)}/topics/muneris/api/events", json=[{}]) as answer:
            assert answer.status == 502
        assert wire.counts() == {}
