import asyncio

import pytest

from localcloud.supervisor.service import Service, State


class FakeProcess:
    """Runs until `crash` or `stop`; refuses to start while `broken`."""

    def __init__(self) -> None:
        self.pid: int | None = None
        self.broken = False
        self.starts = 0
        self.started: asyncio.Queue[int] = asyncio.Queue()
        self._ended = asyncio.Event()

    async def start(self) -> None:
        self.starts += 1
        if self.broken:
            raise RuntimeError("it ended at once")
        self.pid = self.starts
        self.started.put_nowait(self.pid)
        self._ended = asyncio.Event()

    async def wait(self) -> None:
        await self._ended.wait()

    async def stop(self) -> None:
        self.crash()

    def crash(self) -> None:
        self.pid = None
        self._ended.set()


class FakeSleep:
    """Records each delay, and returns from it when it is told to."""

    def __init__(self) -> None:
        self.delays: asyncio.Queue[float] = asyncio.Queue()
        self.over = asyncio.Semaphore(0)

    async def __call__(self, seconds: float) -> None:
        self.delays.put_nowait(seconds)
        await self.over.acquire()


class Fixture:
    def __init__(self) -> None:
        self.now = 0.0
        self.sleep = FakeSleep()
        self.process = FakeProcess()
        self.service = Service("service", self.process, clock=lambda: self.now, sleep=self.sleep)


@pytest.fixture
async def fixture() -> Fixture:
    return Fixture()


async def test_a_service_that_crashes_is_started_again_after_a_growing_delay(fixture: Fixture) -> None:
    service, process, sleep = fixture.service, fixture.process, fixture.sleep
    await service.start()
    assert (await process.started.get(), service.restarts) == (1, 0)

    process.broken = True
    process.crash()
    assert await sleep.delays.get() == 0.2
    assert service.state is State.RESTARTING
    sleep.over.release()
    assert await sleep.delays.get() == 0.4
    process.broken = False
    sleep.over.release()
    assert await process.started.get() == 3
    assert (service.state, service.pid, service.restarts) == (State.RUNNING, 3, 2)
    await service.stop()


async def test_a_stopped_service_stays_stopped(fixture: Fixture) -> None:
    service, process = fixture.service, fixture.process
    await service.start()
    await service.stop()
    assert (service.state, service.pid, process.starts, service.restarts) == (State.STOPPED, None, 1, 0)
    assert fixture.sleep.delays.empty()

    await service.start()
    assert (service.state, service.pid, service.restarts) == (State.RUNNING, 2, 0)
    await service.stop()


async def test_a_service_is_stopped_while_it_waits_to_restart(fixture: Fixture) -> None:
    await fixture.service.start()
    fixture.process.crash()
    await fixture.sleep.delays.get()
    await fixture.service.stop()
    assert (fixture.service.state, fixture.process.starts) == (State.STOPPED, 1)


async def test_a_first_start_that_fails_is_reported_and_not_repeated(fixture: Fixture) -> None:
    fixture.process.broken = True
    with pytest.raises(RuntimeError, match="ended at once"):
        await fixture.service.start()
    assert (fixture.service.state, fixture.process.starts) == (State.STOPPED, 1)


async def test_starting_a_running_service_changes_nothing(fixture: Fixture) -> None:
    await fixture.service.start()
    await fixture.service.start()
    assert fixture.process.starts == 1
    await fixture.service.stop()
