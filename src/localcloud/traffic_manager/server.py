"""Serves the profile: DNS, the pages about it, and HTTP forwarded to the chosen region."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from http import HTTPStatus

import aiohttp
from aiohttp import hdrs, web

from localcloud.http_server import EVERY_PATH, serve_app
from localcloud.layout import LOOPBACK
from localcloud.problem import problem
from localcloud.reverse_proxy import ReverseProxy, UpstreamUnreachableError, end_to_end
from localcloud.trace_context import HEADER as TRACEPARENT
from localcloud.trace_context import TraceContext
from localcloud.traffic_manager import pages
from localcloud.traffic_manager.config import TrafficManagerConfig
from localcloud.traffic_manager.dns import DnsServer
from localcloud.traffic_manager.prober import Prober
from localcloud.traffic_manager.profile import Profile

_ANSWER_SECONDS = 60  # longer than a gateway takes: its own answer is the better one
_REFRESH_SECONDS = 2
_RETRY_AFTER_SECONDS = 1

_log = logging.getLogger(__name__)


async def serve(config: TrafficManagerConfig) -> None:
    """Serve until cancelled."""
    tolerated_failures = config.probe.tolerated_failures
    profile = Profile(config.endpoints, method=config.method, tolerated_failures=tolerated_failures)
    connector = aiohttp.TCPConnector(force_close=True)  # a probe also shows that connections are accepted
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        ReverseProxy(answer_seconds=_ANSWER_SECONDS) as proxy,
        _answering_dns(DnsServer(config, profile), config.port),
        asyncio.TaskGroup() as probing,
    ):
        probing.create_task(Prober(profile, config.probe, session).run())
        await serve_app(TrafficManager(config, profile, proxy).app(), config.port, as_proxy=True)


@contextlib.asynccontextmanager
async def _answering_dns(server: DnsServer, port: int) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=(LOOPBACK, port))
    try:
        yield
    finally:
        transport.close()


class TrafficManager:
    """The HTTP side: its own pages, and everything else as the chosen region answers it.

    DNS would send a caller to one region until its answer expires; so a request whose region does not
    answer is refused, never sent to another.
    """

    def __init__(self, config: TrafficManagerConfig, profile: Profile, proxy: ReverseProxy) -> None:
        self._config = config
        self._profile = profile
        self._proxy = proxy

    def app(self) -> web.Application:
        """The HTTP side as an application."""
        app = web.Application()
        app.router.add_get("/traffic-manager", self.page)
        app.router.add_get("/traffic-manager.json", self.state)
        app.router.add_route("*", EVERY_PATH, self.forward)
        return app

    async def page(self, _: web.Request) -> web.Response:
        """The profile's state for people."""
        html = pages.page(pages.state(self._config, self._profile), _REFRESH_SECONDS)
        return web.Response(text=html, content_type="text/html")

    async def state(self, _: web.Request) -> web.Response:
        """The profile's state for programs."""
        return web.json_response(pages.document(pages.state(self._config, self._profile)))

    async def forward(self, request: web.Request) -> web.Response:
        """The chosen region's answer, or a problem document: 503."""
        chosen = self._profile.chosen()
        if chosen is None:
            return _refuse(request, "Every endpoint is disabled: enable one.")
        headers = end_to_end(request.headers)
        body = request.content if request.body_exists else None
        try:
            return await self._proxy.forward(request, chosen.url, headers=headers, body=body)
        except UpstreamUnreachableError as error:
            _log.warning("%s %s to %s: %s", request.method, request.path, chosen.name, error)
            return _refuse(request, f"Region {chosen.name} does not answer: send the request again later.")


def _refuse(request: web.Request, detail: str) -> web.Response:
    trace = TraceContext.of(request.headers.get(TRACEPARENT))
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "service_unavailable",
        detail,
        instance=request.path,
        correlation_id=trace.trace_id,
        headers={hdrs.RETRY_AFTER: str(_RETRY_AFTER_SECONDS)},
    )
