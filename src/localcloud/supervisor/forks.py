"""The supervisor's side of the fork server."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel

from localcloud.supervisor import messages
from localcloud.supervisor.messages import Exited, Forked

PRELOADED = (
    "aiohttp.web",
    "azure.core.pipeline.transport",
    "azure.functions",
    "azure.storage.blob.aio",
    "azure.storage.queue.aio",
    "azure_functions_runtime",
    "croniter",
    "cryptography.hazmat.primitives.asymmetric.ec",
    "cryptography.hazmat.primitives.ciphers.aead",
    "fastapi",
    "joserfc.jwe",
    "joserfc.jwt",
    "pydantic_settings",
    "rfc8785",
)
"""Libraries only: an app that is started again must see its own code as it is then."""


class Fork:
    """One forked process; `pid` and `code` are known once it is forked and has exited."""

    def __init__(self, forks: "Forks", number: int) -> None:
        self._forks = forks
        self.id = number
        self.pid: int | None = None
        self.code: int | None = None
        self.exited = asyncio.Event()

    @property
    def running(self) -> bool:
        """Whether it has not ended, as far as has been reported."""
        return not self.exited.is_set()

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens if it has ended."""
        self._forks.send(messages.Signal(id=self.id, number=number))

    async def stop(self, grace_seconds: float) -> None:
        """Ask it to end, kill it when it has not ended in time, and wait for its end."""
        self.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace_seconds):
                await self.exited.wait()
        except TimeoutError:
            self.send_signal(signal.SIGKILL)
            await self.exited.wait()

    def receive(self, event: Forked | Exited) -> None:
        """Take in what the fork server reports of it."""
        self.pid = event.pid
        if isinstance(event, Exited):
            self.end(event.code)

    def end(self, code: int) -> None:
        """Note its end."""
        self.code = code
        self.exited.set()


class Forks:
    """A running fork server."""

    def __init__(self, preloaded: Sequence[str] = PRELOADED) -> None:
        self._preloaded = preloaded
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._forks: dict[int, Fork] = {}
        self._last_id = 0
        self.ended = asyncio.Event()
        """Set when the fork server has ended, and all its processes with it."""

    @property
    def pid(self) -> int | None:
        """The fork server's process id."""
        return self._process.pid if self._process else None

    async def start(self, log: Path) -> None:
        """Start the fork server; commands may follow at once."""
        with log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "localcloud.supervisor.fork_server",
                *self._preloaded,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for the supervisor, which stops things in order
            )
        self._reader = asyncio.create_task(self._read_events(self._process))

    def fork(self, target: str, config: BaseModel, environment: Mapping[str, str], log: Path) -> Fork:
        """Ask for a process that runs `target` ("module:serve") with its config."""
        self._last_id += 1
        fork = self._forks[self._last_id] = Fork(self, self._last_id)
        self.send(
            messages.Fork(
                id=fork.id,
                target=target,
                config=config.model_dump_json(),
                environment=dict(environment),
                log=str(log),
            )
        )
        if self.ended.is_set():
            fork.end(-signal.SIGKILL)
        return fork

    def send(self, command: messages.Fork | messages.Signal) -> None:
        """Send a command, unless the fork server has ended."""
        if self._process and self._process.stdin and not self.ended.is_set():
            self._process.stdin.write(messages.to_line(command))

    async def _read_events(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout  # noqa: S101 - it was started with a pipe
        async for line in process.stdout:
            event = messages.events.validate_json(line)
            self._forks[event.id].receive(event)
            if isinstance(event, Exited):
                del self._forks[event.id]
        await process.wait()
        self.ended.set()
        for fork in self._forks.values():
            fork.end(-signal.SIGKILL)

    async def close(self) -> None:
        """End the fork server, and with it whatever still runs in it."""
        if self._process and self._process.stdin and self._reader:
            self._process.stdin.close()
            with contextlib.suppress(ProcessLookupError):  # it has ended
                self._process.kill()  # it may still be loading libraries: that is nothing to wait for
            await self._reader
