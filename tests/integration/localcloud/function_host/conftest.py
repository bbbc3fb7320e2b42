"""Function hosts of the sample app, each with queues of its own."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from azure.storage.queue.aio import QueueServiceClient
from tests.integration.localcloud.function_host.harness import APPS, HostProcess, Recorder

from localcloud.azurite import StorageAddress
from localcloud.function_host import FunctionHostConfig

type StartHost = Callable[..., Awaitable[HostProcess]]
NEVER = "0 0 0 1 1 *"


@pytest_asyncio.fixture
async def recorder(ports: Callable[[int], list[int]]) -> AsyncIterator[Recorder]:
    recorder = Recorder(ports(1)[0])
    await recorder.start()
    yield recorder
    await recorder.stop()


def _settings(azurite: StorageAddress, recorder_url: str) -> dict[str, str]:
    own = uuid.uuid4().hex[:12]
    return {
        "AzureWebJobsStorage": azurite.connection_string,
        "MUNERIS_STORAGE": azurite.connection_string,
        "AzureFunctionsWebHost__hostid": f"host{own}",
        "FUNCTION_HOST_KEY": "the-key",
        "RECORDER": recorder_url,
        "WORK_QUEUE": f"work{own}",
        "RESULT_QUEUE": f"result{own}",
        "TICK_SCHEDULE": NEVER,
        "HOST_NAME": "first",
    }


def _config(settings: dict[str, str], port: int, app: str = "sample", **values: float) -> FunctionHostConfig:
    fixed = {"app": app, "app_dir": APPS / app, "region": "api1", "port": port, "settings": settings}
    return FunctionHostConfig.model_validate({"stop_grace_seconds": 1, **fixed, **values})


@pytest.fixture
def settings(azurite: StorageAddress, recorder: Recorder) -> dict[str, str]:
    return _settings(azurite, recorder.url)


@pytest_asyncio.fixture
async def start_host(
    settings: dict[str, str], ports: Callable[[int], list[int]], tmp_path: Path
) -> AsyncIterator[StartHost]:
    started: list[HostProcess] = []

    async def start(
        changes: dict[str, str] | None = None, *, app: str = "sample", ready: bool = True, **values: float
    ) -> HostProcess:
        host = HostProcess(_config(settings | (changes or {}), ports(1)[0], app, **values), tmp_path)
        started.append(host)
        if ready:
            await host.wait_until_ready()
        return host

    yield start
    for host in started:
        if host.process.poll() is None:
            await host.kill()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http_host(
    azurite: StorageAddress, ports: Callable[[int], list[int]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[HostProcess]:
    """One host for the tests of a module that only send it requests."""
    port, nobody = ports(2)
    settings = _settings(azurite, f"http://127.0.0.1:{nobody}")
    host = HostProcess(_config(settings, port), tmp_path_factory.mktemp("host"))
    await host.wait_until_ready()
    yield host
    await host.stop()


@pytest_asyncio.fixture
async def storage(azurite: StorageAddress) -> AsyncIterator[QueueServiceClient]:
    async with QueueServiceClient.from_connection_string(azurite.connection_string) as service:
        yield service
