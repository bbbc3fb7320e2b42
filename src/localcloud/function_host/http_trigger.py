"""Answers HTTP requests with the functions that have an HTTP trigger."""

import asyncio
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiohttp import hdrs, web

from localcloud.function_host.bindings import RETURN, Function, HttpTrigger
from localcloud.function_host.invocation import Invoker
from localcloud.function_host.payloads import HttpRequest, HttpResponse, Outcome
from localcloud.function_host.routes import in_order_of_precedence, parse_route

_CONNECTION_HEADERS = {"connection", "transfer-encoding", "content-length", "keep-alive"}
"""Between this server and its client; a function has no say in them."""


@dataclass(frozen=True)
class FunctionKey:
    """The key that functions of level `function` and `admin` ask for; without one nobody has access."""

    value: str | None

    def is_given_by(self, request: web.Request) -> bool:
        """Whether a request carries the key, as `x-functions-key` or as `code` in its query."""
        given = request.headers.get("x-functions-key") or request.query.get("code", "")
        return self.value is not None and hmac.compare_digest(given.encode(), self.value.encode())


class HttpTriggers:
    """The HTTP functions of one app."""

    def __init__(
        self,
        functions: Iterable[Function[HttpTrigger]],
        invoker: Invoker,
        *,
        route_prefix: str,
        key: FunctionKey,
        timeout_seconds: float,
    ) -> None:
        self._routes = in_order_of_precedence(
            (parse_route(f"{route_prefix}/{function.trigger.route}"), function) for function in functions
        )
        self._invoker = invoker
        self._key = key
        self._timeout = timeout_seconds

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request: 404 without a route, 401 without the key, 500 if the function fails.

        A function that takes too long runs on, and its client gets 504, as Azure's front end answers.
        """
        found = self._find(request.method, request.path)
        if found is None:
            return web.Response(status=404)
        function, params = found
        if function.trigger.auth_level != "anonymous" and not self._key.is_given_by(request):
            return web.Response(status=401)
        try:
            async with asyncio.timeout(self._timeout):
                outcome = await self._invoke(function, params, request)
        except TimeoutError:
            return web.Response(status=504)
        return _response(
            outcome, returns_http=RETURN not in function.outputs, is_head=request.method == "HEAD"
        )

    async def _invoke(
        self, function: Function[HttpTrigger], params: Mapping[str, str], request: web.Request
    ) -> Outcome:
        value = await _request(request, params)
        trace_parent = request.headers.get("traceparent", "")
        return await self._invoker.invoke(function, value, trace_parent=trace_parent)

    def _find(self, method: str, path: str) -> tuple[Function[HttpTrigger], dict[str, str]] | None:
        for route, function in self._routes:
            if function.trigger.methods and method not in function.trigger.methods:
                continue
            params = route.match(path)
            if params is not None:
                return function, params
        return None


async def _request(request: web.Request, params: Mapping[str, str]) -> HttpRequest:
    """Values of repeated headers and query parameters are joined by commas, as the Functions host does."""
    return HttpRequest(
        method=request.method,
        url=f"{request.scheme}://{request.host}{request.path_qs}",
        headers=_joined((name.lower(), value) for name, value in request.headers.items()),
        query=_joined(request.query.items()),
        params=params,
        body=await request.read(),
    )


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _response(outcome: Outcome, *, returns_http: bool, is_head: bool) -> web.Response:
    if outcome.error is not None:
        return web.Response(status=500)
    match outcome.returned:
        case HttpResponse() as answer:
            return _http_response(answer, is_head=is_head)
        case str(text) if returns_http:
            return web.Response(text=text)
        case _:
            return web.Response(status=204)


def _http_response(answer: HttpResponse, *, is_head: bool) -> web.Response:
    kept = _CONNECTION_HEADERS - {"content-length"} if is_head else _CONNECTION_HEADERS
    response = web.Response(status=answer.status, body=answer.body)
    response.headers.popall(hdrs.CONTENT_TYPE, None)
    for name, value in answer.headers:
        if name.lower() not in kept:
            response.headers.add(name, value)
    return response
