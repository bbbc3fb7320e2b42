"""A client that costs little: on two cores, what the load takes is missing in what is measured."""

import asyncio
import re
from typing import NamedTuple, Self, cast

from localcloud.layout import LOOPBACK

_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_WITHOUT_BODY = frozenset({204, 304})
_STATUS = slice(9, 12)  # HTTP/1.1 202
_ANSWER_SECONDS = 60.0  # longer than any long poll waits


class Answer(NamedTuple):
    """A complete answer: its status, everything before its body, and its body."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """A header's value; empty if there is none."""
        found = re.search(rf"^{name}: *(.*?)\r?$", self.head.decode(), re.IGNORECASE | re.MULTILINE)
        return found[1] if found else ""


class Connection(asyncio.Protocol):
    """A kept connection that carries one request at a time, as the bytes that it is given."""

    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect to a port of this machine."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, LOOPBACK, port)
        return connection

    async def send(self, request: bytes) -> Answer:
        """Send a request; its answer.

        Raises:
            ConnectionError: the server closed the connection instead.
            TimeoutError: no answer came within a minute.
        """
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await self._answer

    def close(self) -> None:
        """Close it."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection (`asyncio.Protocol`)."""
        self._transport = cast("asyncio.Transport", transport)  # of a stream, as its type cannot say

    def data_received(self, data: bytes) -> None:
        """Take in a part of an answer (`asyncio.Protocol`)."""
        self._received += data
        head, found, body = self._received.partition(_HEAD_END)
        if not found or self._answer is None:
            return
        status, length = int(head[_STATUS]), _LENGTH.search(head)
        if status not in _WITHOUT_BODY and len(body) < (int(length[1]) if length else 0):
            return
        self._received = b""
        if not self._answer.done():
            self._answer.set_result(Answer(status, head, body))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits (`asyncio.Protocol`)."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError(f"closed by the server: {exc}"))


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a POST of JSON."""
    return (
        _head("POST", path, {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers})
        + body
    )


def get(path: str, headers: dict[str, str]) -> bytes:
    """The bytes of a GET."""
    return _head("GET", path, headers)


def _head(method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()
