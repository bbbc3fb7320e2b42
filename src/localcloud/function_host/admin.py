"""The host's own endpoints under `/admin` (Functions host, HostController and FunctionsController)."""

import asyncio
from collections.abc import Mapping, Sequence

from aiohttp import web

from localcloud.function_host import worker
from localcloud.function_host.http_trigger import FunctionKey
from localcloud.function_host.timer_trigger import TimerListener


class Admin:
    """Whether the host runs, what it runs, and timers by hand; without a configured key, open."""

    def __init__(
        self, host_id: str, functions: Sequence[str], timers: Mapping[str, TimerListener], key: FunctionKey
    ) -> None:
        self._host_id = host_id
        self._functions = functions
        self._timers = timers
        self._key = key
        self._running: set[asyncio.Task[None]] = set()

    @property
    def routes(self) -> list[web.RouteDef]:
        """What to serve before the functions' own routes."""
        return [
            web.get("/admin/host/ping", self._ping),
            web.get("/admin/host/status", self._status),
            web.post("/admin/functions/{name}", self._run),
        ]

    async def _ping(self, _request: web.Request) -> web.Response:
        return web.Response(status=200)

    async def _status(self, request: web.Request) -> web.Response:
        self._authorize(request)
        return web.json_response(
            {
                "state": "Running",
                "version": worker.VERSION,
                "id": self._host_id,
                "functions": list(self._functions),
            }
        )

    async def _run(self, request: web.Request) -> web.Response:
        """Run a timer function now; 202 at once, as Azure."""
        self._authorize(request)
        name = request.match_info["name"]
        if name not in self._functions:
            return web.Response(status=404, text=f"There is no function '{name}'.")
        if name not in self._timers:
            return web.Response(status=400, text=f"'{name}' has no timer: use its own trigger.")
        task = asyncio.create_task(self._timers[name].run_now())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return web.Response(status=202)

    def _authorize(self, request: web.Request) -> None:
        if self._key.value is not None and not self._key.is_given_by(request):
            raise web.HTTPUnauthorized
