import asyncio
from collections.abc import AsyncIterator, Callable

import pytest_asyncio
from azure.storage.blob.aio import BlobLeaseClient, BlobServiceClient, ContainerClient

from localcloud.azurite import StorageAddress
from localcloud.function_host.singleton import BlobLease


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest_asyncio.fixture
async def container(azurite: StorageAddress, unique: Callable[[str], str]) -> AsyncIterator[ContainerClient]:
    async with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        yield service.get_container_client(unique("locks"))


async def test_creates_what_is_missing_and_is_given_back(container: ContainerClient) -> None:
    first, second = BlobLease(container, "a/lock", 15), BlobLease(container, "a/lock", 15)
    await first.acquire()
    assert first.is_held
    await first.release()
    assert not first.is_held
    await second.acquire()
    assert second.is_held


async def test_waits_for_its_holder(container: ContainerClient) -> None:
    first, second = BlobLease(container, "lock", 15), BlobLease(container, "lock", 15)
    await first.acquire()
    waiting = asyncio.create_task(second.acquire())
    await container.get_blob_client("lock").get_blob_properties()
    assert not waiting.done()
    await first.release()
    await waiting
    assert second.is_held


async def test_is_not_held_after_a_suspension(container: ContainerClient) -> None:
    clock = Clock()
    lease = BlobLease(container, "lock", 15, clock)
    await lease.acquire()
    clock.now = 14.9
    assert lease.is_held
    clock.now = 15
    assert not lease.is_held


async def test_is_lost_when_it_is_broken(container: ContainerClient) -> None:
    lease = BlobLease(container, "lock", 15)
    await lease.acquire()
    await BlobLeaseClient(container.get_blob_client("lock")).break_lease(lease_break_period=0)
    async with asyncio.timeout(15):
        await lease.keep()
    assert not lease.is_held
