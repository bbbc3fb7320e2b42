"""A function host in a process of its own, and a server that its functions report to."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from aiohttp import ClientSession, web

from localcloud.azurite.process import accepts
from localcloud.function_host import FunctionHostConfig

APPS = Path(__file__).parent / "apps"
_START_SECONDS = 60
_POLL_SECONDS = 0.05


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    """Poll a condition that sets no event."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - it sets no event
            await asyncio.sleep(_POLL_SECONDS)


@dataclass
class Call:
    """One report of a function; it waits until the test answers."""

    function: str
    facts: dict[str, object]
    answered: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def succeed(self) -> None:
        self.answered.set_result(200)

    def fail(self) -> None:
        self.answered.set_result(500)


class Recorder:
    """Receives the reports of functions, in order."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._calls: asyncio.Queue[Call] = asyncio.Queue()
        self._all: list[Call] = []
        app = web.Application()
        app.router.add_post("/{function}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)

    async def start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def stop(self) -> None:
        for call in self._all:
            call.answered.cancel()
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        call = Call(request.match_info["function"], await request.json())
        self._all.append(call)
        self._calls.put_nowait(call)
        return web.Response(status=await call.answered)

    async def next(self, seconds: float = 60) -> Call:
        async with asyncio.timeout(seconds):
            return await self._calls.get()

    @property
    def is_quiet(self) -> bool:
        return self._calls.empty()


class HostProcess:
    """One function host; its log is what it wrote to standard error."""

    def __init__(self, config: FunctionHostConfig, folder: Path) -> None:
        self.config = config
        self.url = f"http://127.0.0.1:{config.port}"
        self._log = folder / f"host-{config.port}.log"
        file = folder / f"host-{config.port}.json"
        file.write_text(config.model_dump_json())
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own arguments
                [sys.executable, "-m", "localcloud.function_host", str(file)], stdout=log, stderr=log
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def wait_until_ready(self) -> None:
        async def is_ready() -> bool:
            if self.process.poll() is not None:
                raise AssertionError(f"The host ended: {self.log}")
            return await accepts(self.config.port)

        await until(is_ready, _START_SECONDS)

    async def wait(self) -> int:
        async def has_ended() -> bool:
            return self.process.poll() is not None

        await until(has_ended)
        return self.process.returncode

    async def stop(self) -> int:
        self.process.terminate()
        return await self.wait()

    async def kill(self) -> None:
        self.process.kill()
        await self.wait()

    async def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        async with (
            ClientSession() as session,
            session.request(
                method,
                f"{self.url}{path}",
                data=BytesIO(body),
                headers={name.replace("_", "-"): value for name, value in headers.items()},
            ) as answer,
        ):
            return answer.status, await answer.read()
