"""A service of ours in a forked process."""

import asyncio
import signal
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from localcloud.azurite.process import accepts
from localcloud.supervisor.forks import Fork, Forks

_POLL_SECONDS = 0.05
_START_SECONDS = 60.0
_GRACE_SECONDS = 5.0


class ForkedService:
    """Runs `target` ("module:serve") with its config; ready when its port accepts connections."""

    def __init__(  # noqa: PLR0913 - each is a fact of the process, named at every call
        self,
        forks: Forks,
        *,
        target: str,
        config: BaseModel,
        port: int,
        log: Path,
        environment: Mapping[str, str] | None = None,
        start_seconds: float = _START_SECONDS,
        grace_seconds: float = _GRACE_SECONDS,
    ) -> None:
        self._forks = forks
        self._target = target
        self._config = config
        self._port = port
        self._log = log
        self._environment = environment or {}
        self._start_seconds = start_seconds
        self._grace_seconds = grace_seconds
        self._fork: Fork | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._fork.pid if self._fork and self._fork.running else None

    async def start(self) -> None:
        """Fork it and return when it accepts connections.

        Raises:
            RuntimeError: it ended at once; the message names its log.
            TimeoutError: it did not accept connections in time.
        """
        self._fork = self._forks.fork(self._target, self._config, self._environment, self._log)
        try:
            async with asyncio.timeout(self._start_seconds):
                await self._wait_until_it_accepts(self._fork)
        except TimeoutError:
            raise TimeoutError(
                f"no connection on port {self._port} within {self._start_seconds:.0f} s: see {self._log}"
            ) from None

    async def _wait_until_it_accepts(self, fork: Fork) -> None:
        while fork.pid is None or not await accepts(self._port):
            if not fork.running:
                raise RuntimeError(f"it ended at once with exit code {fork.code}: see {self._log}")
            await asyncio.sleep(_POLL_SECONDS)

    async def wait(self) -> None:
        """Wait until it has ended."""
        if self._fork:
            await self._fork.exited.wait()

    async def stop(self) -> None:
        """End it, by force when it does not end in time; nothing to do if it has ended."""
        if self._fork and self._fork.running:
            await self._fork.stop(self._grace_seconds)

    def kill(self) -> None:
        """End it as a crash would."""
        if self._fork:
            self._fork.send_signal(signal.SIGKILL)
