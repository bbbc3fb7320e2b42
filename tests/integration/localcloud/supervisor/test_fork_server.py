import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

from localcloud.azurite.process import accepts
from localcloud.layout import LOOPBACK
from localcloud.supervisor import messages
from localcloud.supervisor.forked_service import ForkedService
from localcloud.supervisor.forks import Forks
from localcloud.supervisor.service import Service

type Ports = Callable[[int], list[int]]
type UntilGone = Callable[[list[int]], Awaitable[None]]


class SampleConfig(BaseModel, frozen=True):
    port: int


def sample(forks: Forks, name: str, port: int, folder: Path, *, grace_seconds: float = 5) -> ForkedService:
    return ForkedService(
        forks,
        target=f"sample_services:{name}",
        config=SampleConfig(port=port),
        port=port,
        log=folder / f"{name}.log",
        environment={"SAMPLE": "a setting"},
        grace_seconds=grace_seconds,
    )


async def ask(port: int) -> str:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.decode()


async def test_a_service_runs_in_a_session_of_its_own(forks: Forks, ports: Ports, tmp_path: Path) -> None:
    (port,) = ports(1)
    service = sample(forks, "listen", port, tmp_path)
    await service.start()
    assert await ask(port) == f"{service.pid} {service.pid} a setting"
    await service.stop()
    assert service.pid is None
    assert not await accepts(port)


@pytest.mark.skipif(not Path("/proc/self/comm").exists(), reason="the kernel names processes on Linux alone")
async def test_a_service_is_named_as_its_log(forks: Forks, ports: Ports, tmp_path: Path) -> None:
    (port,) = ports(1)
    service = sample(forks, "listen", port, tmp_path)
    await service.start()
    assert Path(f"/proc/{service.pid}/comm").read_text() == "listen\n"  # noqa: ASYNC240 - the kernel's, not a disk's
    await service.stop()


async def run(forks: Forks, target: str, folder: Path) -> int | None:
    fork = forks.fork(target, SampleConfig(port=0), {}, folder / "service.log")
    async with asyncio.timeout(20):
        await fork.exited.wait()
    return fork.code


async def test_exit_codes_are_reported(forks: Forks, tmp_path: Path) -> None:
    assert await run(forks, "sample_services:crash", tmp_path) == 3
    assert await run(forks, "sample_services:fail", tmp_path) == 1
    assert "ValueError: a bug" in (tmp_path / "service.log").read_text()


async def test_a_service_that_does_not_exist_fails_with_the_reason_in_its_log(
    forks: Forks, tmp_path: Path
) -> None:
    assert await run(forks, "no_such_module:serve", tmp_path) == 1
    assert "No module named 'no_such_module'" in (tmp_path / "service.log").read_text()


async def test_a_service_that_is_told_to_end_ends_well(forks: Forks, ports: Ports, tmp_path: Path) -> None:
    (port,) = ports(1)
    fork = forks.fork("sample_services:listen", SampleConfig(port=port), {}, tmp_path / "log")
    async with asyncio.timeout(20):
        while not await accepts(port):  # noqa: ASYNC110 - another process sets no event of ours
            await asyncio.sleep(0.05)
        await fork.stop(grace_seconds=20)
    assert fork.code == 0


async def test_a_service_that_does_not_end_is_killed(forks: Forks, ports: Ports, tmp_path: Path) -> None:
    (port,) = ports(1)
    service = sample(forks, "refuse_to_end", port, tmp_path, grace_seconds=0.2)
    await service.start()
    async with asyncio.timeout(20):
        await service.stop()
    assert (tmp_path / "refuse_to_end.log").read_text() == "not yet\n"
    assert not await accepts(port)


async def test_a_service_that_ends_at_once_is_refused(forks: Forks, ports: Ports, tmp_path: Path) -> None:
    (port,) = ports(1)
    with pytest.raises(RuntimeError, match=r"it ended at once with exit code 3: see .*crash\.log"):
        await sample(forks, "crash", port, tmp_path).start()


async def test_a_killed_service_comes_back(forks: Forks, ports: Ports, tmp_path: Path) -> None:
    (port,) = ports(1)
    service = Service("sample", sample(forks, "listen", port, tmp_path))
    await service.start()
    first = service.pid
    service.process.kill()
    async with asyncio.timeout(20):
        while service.restarts == 0 or not await accepts(port):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
    assert service.pid != first
    assert service.restarts == 1
    await service.stop()


async def test_services_end_with_the_fork_server(
    forks: Forks, ports: Ports, tmp_path: Path, until_gone: UntilGone
) -> None:
    (port,) = ports(1)
    service = sample(forks, "refuse_to_end", port, tmp_path)
    await service.start()
    assert forks.pid
    assert service.pid
    child = service.pid
    os.kill(forks.pid, signal.SIGKILL)
    async with asyncio.timeout(20):
        await forks.ended.wait()
    await until_gone([child])
    assert service.pid is None


_SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from pydantic import BaseModel
from localcloud.supervisor.forked_service import ForkedService
from localcloud.supervisor.forks import Forks

class SampleConfig(BaseModel):
    port: int

async def main():
    forks = Forks(preloaded=())
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    await forks.start(folder / "fork_server.log")
    config = SampleConfig(port=port)
    service = ForkedService(
        forks, target="sample_services:refuse_to_end", config=config, port=port, log=folder / "log"
    )
    await service.start()
    print(forks.pid, service.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.usefixtures("sample_services")
async def test_nothing_is_left_of_a_supervisor_that_was_killed(
    ports: Ports, tmp_path: Path, until_gone: UntilGone
) -> None:
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SUPERVISOR, str(tmp_path), str(ports(1)[0]), stdout=asyncio.subprocess.PIPE
    )
    assert supervisor.stdout
    pids = [int(pid) for pid in (await supervisor.stdout.readline()).split()]
    supervisor.kill()
    await supervisor.wait()
    await until_gone(pids)
    assert len(pids) == 2


@pytest.mark.usefixtures("sample_services")
async def test_a_fork_server_with_many_processes_ends_without_a_word(ports: Ports, tmp_path: Path) -> None:
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "localcloud.supervisor.fork_server"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert server.stdin
    assert server.stdout
    assert server.stderr
    for number, port in enumerate(ports(12)):
        config = SampleConfig(port=port).model_dump_json()
        log = str(tmp_path / "log")
        command = messages.Fork(id=number, target="sample_services:listen", config=config, log=log)
        server.stdin.write(messages.to_line(command))
    for _ in range(12):
        await server.stdout.readline()
    server.stdin.close()
    async with asyncio.timeout(20):
        assert await server.stderr.read() == b""
        assert await server.wait() == 0
