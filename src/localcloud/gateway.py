"""A region's gateway: one address in front of its function apps."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus

from aiohttp import hdrs, web
from pydantic import BaseModel

from localcloud.http_server import EVERY_PATH, serve_app
from localcloud.problem import problem
from localcloud.reverse_proxy import ReverseProxy, UpstreamUnreachableError, end_to_end
from localcloud.trace_context import HEADER as TRACEPARENT
from localcloud.trace_context import TraceContext

REGION_HEADER = "Muneris-Region"
_FORWARDED_HOST = "X-Forwarded-Host"
_RETRY_AFTER_SECONDS = 1

type Refuse = Callable[..., web.Response]

_log = logging.getLogger(__name__)
_TRACE = web.RequestKey("trace", TraceContext)


class GatewayConfig(BaseModel, frozen=True):
    """One region's gateway.

    `routes` maps a path prefix of whole segments (`/v1/orders`) to the address of the function app
    behind it; the longest prefix wins. `max_body` is in bytes, `answer_seconds` how long an app may take.
    """

    region: str
    port: int
    routes: dict[str, str]
    max_body: int = 1024 * 1024
    answer_seconds: float = 30


async def serve(config: GatewayConfig) -> None:
    """Serve until cancelled."""
    async with ReverseProxy(answer_seconds=config.answer_seconds) as proxy:
        app = web.Application(client_max_size=config.max_body)
        app.router.add_route("*", EVERY_PATH, Gateway(config, proxy).answer)
        app.on_response_prepare.append(partial(_stamp, config.region))
        await serve_app(app, config.port, as_proxy=True)


class Gateway:
    """Finds the function app of a request and passes the request on; what it refuses, it answers itself."""

    def __init__(self, config: GatewayConfig, proxy: ReverseProxy) -> None:
        self._config = config
        self._proxy = proxy

    async def answer(self, request: web.Request) -> web.Response:
        """The function app's answer, or a problem document: 404, 413, 500 or 503."""
        trace = request[_TRACE] = TraceContext.of(request.headers.get(TRACEPARENT))
        refuse: Refuse = partial(problem, instance=request.path, correlation_id=trace.trace_id)
        upstream = find_route(self._config.routes, request.rel_url.raw_path)
        if upstream is None:
            return refuse(HTTPStatus.NOT_FOUND, "not_found", f"Nothing is served at {request.path}.")
        try:
            body = await request.read() if request.body_exists else None
            answer = await self._proxy.forward(request, upstream, headers=_headers(request, trace), body=body)
        except web.HTTPRequestEntityTooLarge:
            detail = f"Send at most {self._config.max_body} bytes."
            return refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request_too_large", detail)
        except UpstreamUnreachableError as error:
            _log.warning("%s %s: %s", request.method, request.rel_url.raw_path, error)
            return _unavailable(refuse)
        return _explained(answer, refuse) if _is_bare_failure(request, answer) else answer


def find_route(routes: Mapping[str, str], path: str) -> str | None:
    """The address behind the longest prefix of a path, by whole segments."""
    prefix = path
    while prefix and prefix not in routes:
        prefix = prefix.rpartition("/")[0]
    return routes.get(prefix)


def _is_bare_failure(request: web.Request, answer: web.Response) -> bool:
    """Whether the function host failed itself, without a word: its function raised or took too long."""
    is_failure = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return is_failure and not answer.body and request.method != hdrs.METH_HEAD


def _explained(answer: web.Response, refuse: Refuse) -> web.Response:
    if answer.status != HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unavailable(refuse)
    return refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "Our mistake.")


def _unavailable(refuse: Refuse) -> web.Response:
    return refuse(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "service_unavailable",
        "No answer now: send the request again later, with the same Idempotency-Key.",
        headers={hdrs.RETRY_AFTER: str(_RETRY_AFTER_SECONDS)},
    )


def _headers(request: web.Request, trace: TraceContext) -> Mapping[str, str]:
    headers = end_to_end(request.headers)
    headers[_FORWARDED_HOST] = request.host
    headers[TRACEPARENT] = trace.traceparent
    headers.popall(hdrs.HOST, None)
    return headers


async def _stamp(region: str, request: web.Request, response: web.StreamResponse) -> None:
    response.headers[REGION_HEADER] = region
    if _TRACE in request:
        response.headers.setdefault(TRACEPARENT, request[_TRACE].traceparent)
