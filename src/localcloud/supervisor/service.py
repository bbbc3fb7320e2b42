"""One supervised service: started, restarted when it ends by itself, stopped on command."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Protocol

from localcloud.supervisor.restart import RestartDelay

_logger = logging.getLogger(__name__)


class ServiceProcess(Protocol):
    """What runs a service: one process at a time."""

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""

    async def start(self) -> None:
        """Start it and return when it accepts connections; RuntimeError or TimeoutError if it does not."""

    async def wait(self) -> None:
        """Wait until it has ended."""

    async def stop(self) -> None:
        """End it and wait for its end; nothing to do if it has ended."""


class State(StrEnum):
    """What a service is doing."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"


class Service[P: ServiceProcess]:
    """Keeps one process running, from `start` to `stop`."""

    def __init__(
        self,
        name: str,
        process: P,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = name
        self.state = State.STOPPED
        self.restarts = 0
        """How often it was started again after it had ended by itself."""
        self.process = process
        self._clock = clock
        self._sleep = sleep
        self._changing = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self.process.pid

    async def start(self) -> None:
        """Start it and keep it running; nothing to do if it is.

        Raises:
            RuntimeError: it ended at once; the message names its log.
            TimeoutError: it did not accept connections in time.
        """
        async with self._changing:
            if self._keeper:
                return
            self.state = State.STARTING
            try:
                await self.process.start()
            except BaseException:
                await self.process.stop()
                self.state = State.STOPPED
                raise
            self.state = State.RUNNING
            self._keeper = asyncio.create_task(self._keep_running(), name=self.name)

    async def stop(self) -> None:
        """End it and leave it stopped."""
        async with self._changing:
            if self._keeper:
                self._keeper.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._keeper
                self._keeper = None
            await self.process.stop()
            self.state = State.STOPPED

    async def _keep_running(self) -> None:
        delay = RestartDelay()
        started = self._clock()
        while True:
            await self.process.wait()
            seconds = delay.after(self._clock() - started)
            _logger.warning("%s has ended; it starts again in %.1f s", self.name, seconds)
            self.state = State.RESTARTING
            await self._sleep(seconds)
            started = self._clock()
            self.restarts += 1
            await self._restart()

    async def _restart(self) -> None:
        try:
            await self.process.start()
        except (OSError, RuntimeError) as error:  # a TimeoutError is an OSError
            _logger.warning("%s did not start: %s", self.name, error)
            await self.process.stop()
        else:
            self.state = State.RUNNING
