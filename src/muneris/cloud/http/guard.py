"""The outermost layer of an app: nothing gets past it unanswered."""

import logging
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from muneris.cloud.http.correlation import correlation_id, enter
from muneris.cloud.http.problem_documents import problem_of, problem_response
from muneris.core.operational import OperationalError
from muneris.core.problems import INTERNAL_ERROR, REQUEST_TOO_LARGE, ProblemError

_log = logging.getLogger(__name__)

MAX_BODY = 256 * 1024


class Guard:
    """Pure ASGI around an API.

    It bounds the body, follows the caller's trace, stamps the region, and makes up for the Functions
    adapter: that one keeps only the last of repeated headers, and turns an exception into a bare 500 even
    after it was answered.
    """

    def __init__(self, app: ASGIApp, region: str, max_body: int = MAX_BODY) -> None:
        self._app = app
        self._region = region
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await _start(receive, send)
            return
        traceparent = enter(Headers(scope=scope).get("traceparent"))
        started = False

        async def stamped(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                ours = [(b"muneris-region", self._region.encode()), (b"traceparent", traceparent.encode())]
                message["headers"] = merged([*message["headers"], *ours])
            await send(message)

        try:
            await self._app(scope, await self._bounded(receive), stamped)
        except (ProblemError, OperationalError) as error:
            await problem_response(Request(scope), problem_of(error))(scope, receive, stamped)
        except Exception:  # noqa: BLE001 - the entry point: whatever happened, the caller gets an answer
            _log.exception("failed; correlation id %s", correlation_id())
            if not started:
                await problem_response(Request(scope), INTERNAL_ERROR("Our mistake."))(
                    scope, receive, stamped
                )

    async def _bounded(self, receive: Receive) -> Receive:
        """The whole body, which the Functions host buffers anyway, before anything looks at it."""
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._max_body:
                raise REQUEST_TOO_LARGE(f"A request has at most {self._max_body} bytes.")
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return unread.pop() if unread else await receive()

        return replay


async def _start(receive: Receive, send: Send) -> None:
    """Ready at once: the adapter's first requests race through the lifespan, so none is used."""
    await receive()
    await send({"type": "lifespan.startup.complete"})


def merged(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Headers with repeated ones joined into one (RFC 9110, section 5.3); cookies cannot be joined."""
    single: dict[bytes, bytes] = {}
    cookies: list[tuple[bytes, bytes]] = []
    for name, value in headers:
        lower = name.lower()
        if lower == b"set-cookie":
            cookies.append((lower, value))
        elif lower in single and lower in {b"muneris-region", b"traceparent"}:
            single[lower] = value
        else:
            single[lower] = single[lower] + b", " + value if lower in single else value
    return [*single.items(), *cookies]
