"""Function hosts of the sample app, each with queues of its own."""

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


@pytest.fixture
def settings(azurite: StorageAddress, unique: Callable[[str], str], recorder: Recorder) -> dict[str, str]:
    return {
        "AzureWebJobsStorage": azurite.connection_string,
        "MUNERIS_STORAGE": azurite.connection_string,
        "AzureFunctionsWebHost__hostid": unique("host"),
        "FUNCTION_HOST_KEY": "the-key",
        "RECORDER": recorder.url,
        "WORK_QUEUE": unique("work"),
        "RESULT_QUEUE": unique("result"),
        "TICK_SCHEDULE": NEVER,
        "HOST_NAME": "first",
    }


@pytest_asyncio.fixture
async def start_host(
    settings: dict[str, str], ports: Callable[[int], list[int]], tmp_path: Path
) -> AsyncIterator[StartHost]:
    started: list[HostProcess] = []

    async def start(
        changes: dict[str, str] | None = None, *, app: str = "sample", ready: bool = True, **config: float
    ) -> HostProcess:
        host = HostProcess(
            FunctionHostConfig.model_validate(
                {
                    "app": app,
                    "app_dir": APPS / app,
                    "region": "api1",
                    "port": ports(1)[0],
                    "settings": settings | (changes or {}),
                    "stop_grace_seconds": 1,
                    **config,
                }
            ),
            tmp_path,
        )
        started.append(host)
        if ready:
            await host.wait_until_ready()
        return host

    yield start
    for host in started:
        if host.process.poll() is None:
            await host.kill()


@pytest_asyncio.fixture
async def storage(azurite: StorageAddress) -> AsyncIterator[QueueServiceClient]:
    async with QueueServiceClient.from_connection_string(azurite.connection_string) as service:
        yield service
