"""What a region's processes ask of storage and Event Grid, counted where it passes."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from http import HTTPStatus

from aiohttp import web

from benchmarks.operations import Answer, Request, Service, label, operations_of
from localcloud.http_server import EVERY_PATH, listening
from localcloud.layout import url
from localcloud.reverse_proxy import ReverseProxy, UpstreamUnreachableError, end_to_end

_ANSWER_SECONDS = 60
_LARGEST_REQUEST = 8 * 1024 * 1024  # a transaction is below 4 MiB


class Wire:
    """Passes every request on to its service, and counts it."""

    def __init__(self, proxy: ReverseProxy) -> None:
        self._proxy = proxy
        self._counts: Counter[str] = Counter()

    def counts(self) -> Counter[str]:
        """How often each kind of operation has passed so far."""
        return self._counts.copy()

    async def answer(self, service: Service, upstream: str, request: web.Request) -> web.Response:
        """The service's own answer; 502 if it does not run."""
        body = await request.read() if request.body_exists else None
        headers = end_to_end(request.headers)
        try:
            response = await self._proxy.forward(request, upstream, headers=headers, body=body)
        except UpstreamUnreachableError:
            return web.Response(status=HTTPStatus.BAD_GATEWAY)
        asked = Request(request.method, request.path, request.query, body or b"")
        said = Answer(response.status, response.body if isinstance(response.body, bytes) else b"")
        for each in operations_of(service, asked, said):
            self._counts[label(each)] += each.times
        return response


@asynccontextmanager
async def counted(ports: Mapping[Service, tuple[int, int]]) -> AsyncIterator[Wire]:
    """A wire that listens, for each service, on the first port and passes on to the second."""
    async with AsyncExitStack() as servers:
        wire = Wire(await servers.enter_async_context(ReverseProxy(answer_seconds=_ANSWER_SECONDS)))
        for service, (port, upstream) in ports.items():
            app = web.Application(client_max_size=_LARGEST_REQUEST)
            app.router.add_route("*", EVERY_PATH, partial(wire.answer, service, url(upstream)))
            await servers.enter_async_context(listening(app, port, as_proxy=True))
        yield wire
