"""Waits until a region has nothing left to do for a property."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableClient
from azure.storage.queue.aio import QueueServiceClient

from localcloud.commands.queue_lengths import get_queue_lengths, open_queue_service

QUIET_SECONDS = 180.0
_LOOK_EVERY_SECONDS = 0.5
_ORDERS = "Orders"
_OWED = "PartitionKey eq @property and RowKey ge 'work|' and RowKey lt 'work}'"


@dataclass(frozen=True)
class _Storage:
    queues: QueueServiceClient
    orders: Sequence[TableClient]


async def wait_until_quiet(
    accounts: Sequence[str], property_code: str, seconds: float = QUIET_SECONDS
) -> list[str]:
    """Wait until all queues of a region are empty and the property's orders owe nothing.

    `accounts`: the connection strings of the region's storage accounts, the one with the queues first; the
    orders are in one of them.

    Returns:
        What is left when the time is up, in words; nothing if all is quiet.
    """
    ends_at = time.monotonic() + seconds
    async with _opened(accounts) as storage:
        left = await _find_left(storage, property_code)
        while left and time.monotonic() < ends_at:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            left = await _find_left(storage, property_code)
    return left


@asynccontextmanager
async def _opened(accounts: Sequence[str]) -> AsyncIterator[_Storage]:
    async with AsyncExitStack() as opened:
        queues = await opened.enter_async_context(open_queue_service(accounts[0]))
        tables = [await opened.enter_async_context(_open_orders(each)) for each in accounts]
        yield _Storage(queues, tables)


def _open_orders(connection_string: str) -> TableClient:
    return TableClient.from_connection_string(
        connection_string, _ORDERS, transport=AioHttpTransport(use_env_settings=False), retry_total=0
    )


async def _find_left(storage: _Storage, property_code: str) -> list[str]:
    """What is in the queues; only if that is nothing, what orders owe, which is dear to ask."""
    lengths = await get_queue_lengths(storage.queues)
    if not lengths:
        return ["the storage account does not answer"]
    waiting = [f"{length} in queue {name}" for name, length in lengths.items() if length]
    return waiting or [each for orders in storage.orders for each in await _find_owed(orders, property_code)]


async def _find_owed(orders: TableClient, property_code: str) -> list[str]:
    try:
        rows = orders.query_entities(_OWED, parameters={"property": property_code}, select=["RowKey"])
        return [f"owed: {row['RowKey']}" async for row in rows]
    except AzureError:
        return ["the storage account does not answer"]
