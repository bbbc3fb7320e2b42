"""What every test may use: one storage emulator a test process, and names no other test uses."""

import socket
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import settings

from localcloud.azurite import Azurite, StorageAddress

settings.register_profile("muneris", deadline=None)  # a shared machine halves its speed now and then
settings.load_profile("muneris")

FURTHER_ACCOUNT = "further"


def free_ports(count: int) -> list[int]:
    """Loopback ports that nothing listens on."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@pytest.fixture(scope="session")
def ports() -> Callable[[int], list[int]]:
    return free_ports


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def azurite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StorageAddress]:
    """A real Azurite on disk, shared by the tests of this process: use `unique` names in it."""
    folder: Path = tmp_path_factory.mktemp("azurite")
    address = StorageAddress(*free_ports(3))
    emulator = Azurite(address, folder / "data", folder / "azurite.log", [FURTHER_ACCOUNT])
    await emulator.start()
    yield emulator.address
    await emulator.stop()


@pytest.fixture(scope="session")
def further_account(azurite: StorageAddress) -> StorageAddress:
    """Another account of the same Azurite."""
    return replace(azurite, account=FURTHER_ACCOUNT)


@pytest.fixture
def unique() -> Callable[[str], str]:
    """A name of its own for a table, queue or container: letters and digits, lower case."""
    return lambda prefix: f"{prefix}{uuid.uuid4().hex[:12]}"
