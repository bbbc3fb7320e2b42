"""HTTP as bytes: what a client sends, and answers that no server library would give."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


async def read_message(reader: asyncio.StreamReader) -> bytes:
    """One HTTP request or answer; chunked ones end with their last chunk."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    if length is not None:
        return head + await reader.readexactly(int(length[1]))
    if b"chunked" in head.lower():
        return head + await reader.readuntil(b"0\r\n\r\n")
    return head


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    """A complete answer: `200 OK`."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers)
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + body


class Cut(bytes):
    """What is sent of an answer before the connection is closed."""

    __slots__ = ()


class RawServer:
    """Gives prepared answers in turn, whatever is asked, and keeps what was asked."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self._answers = list(answers)
        self.requests: list[bytes] = []
        self.connections = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        given = b""
        try:
            while not isinstance(given, Cut):
                self.requests.append(await read_message(reader))
                given = self._answers.pop(0)
                writer.write(given)
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass  # the client left
        finally:
            writer.close()


@asynccontextmanager
async def raw_server(*answers: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """A server on loopback, with its `url`."""
    raw = RawServer(answers)
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0, ssl=tls)
    raw.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        try:
            yield raw
        finally:
            server.close_clients()
