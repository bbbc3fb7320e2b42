"""Calls an ASGI app in this process, as a server would, without a socket."""

import json as json_text
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

type Message = MutableMapping[str, Any]
type App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


@dataclass(frozen=True)
class Response:
    """What the app answered; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - whatever the app answered
        """The body's value."""
        return json_text.loads(self.body)

    @property
    def code(self) -> str | None:
        """The problem's code, or None: the answer is no problem document."""
        if self.headers.get("content-type") != "application/problem+json":
            return None
        code: str = self.json()["code"]
        return code


async def call(
    app: App,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    json: object = None,
    body: bytes = b"",
) -> Response:
    """One request, `path` with its query; `json` replaces `body`."""
    if json is not None:
        body = json_text.dumps(json).encode()
    sent = {"content-type": "application/json"} if body else {}
    sent |= {name.lower(): value for name, value in (headers or {}).items()}
    received: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        received.append(message)

    await app(_scope(method, path, sent), receive, send)
    return _response(received)


def _scope(method: str, path: str, headers: Mapping[str, str]) -> Message:
    bare, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(bare),
        "raw_path": bare.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
    }


def _response(messages: list[Message]) -> Response:
    start = next(each for each in messages if each["type"] == "http.response.start")
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
    body = b"".join(each.get("body", b"") for each in messages if each["type"] == "http.response.body")
    return Response(start["status"], headers, body)
