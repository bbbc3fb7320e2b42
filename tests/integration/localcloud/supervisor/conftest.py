import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from localcloud.supervisor.forks import Forks


@pytest.fixture
def sample_services(monkeypatch: pytest.MonkeyPatch) -> str:
    """The module of sample services, which a fork server can now import."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    return "sample_services"


@pytest.fixture
async def forks(sample_services: str, tmp_path: Path) -> AsyncIterator[Forks]:
    """A fork server that loads nothing before, so that it starts at once."""
    assert sample_services
    forks = Forks(preloaded=())
    await forks.start(tmp_path / "fork_server.log")
    yield forks
    await forks.close()


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that waits for its parent to notice its end does not."""
    state = subprocess.run(  # noqa: S603 - our own arguments
        ["ps", "-o", "stat=", "-p", str(pid)],  # noqa: S607 - wherever the system keeps it
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - another process sets no event of ours
            await asyncio.sleep(0.05)


@pytest.fixture
def until_gone() -> Callable[[list[int]], object]:
    """Waits until none of some processes runs."""
    return lambda pids: until(lambda: not any(map(is_alive, pids)))
