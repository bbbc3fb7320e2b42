"""One HTTP/1.1 connection: a request as the bytes that it is, then its answer, then the next."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple, cast

import httptools


class AnswerLostError(Exception):
    """A request may have reached the service; there is no complete answer."""


class Answer(NamedTuple):
    """A complete answer; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection(asyncio.Protocol):
    """Carries one request at a time. `is_usable`: it may carry another one."""

    def __init__(self) -> None:
        self.is_usable = False
        self.idle_since = 0.0
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._answer: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport

    async def send(self, request: bytes) -> Answer:
        """The answer to a request.

        Raises:
            AnswerLostError: there is no complete answer.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._answer = answer
        self._transport.write(request)
        try:
            return await answer
        except BaseException:
            self.close()  # who gave up on an answer must not leave it to the next one
            raise
        finally:
            self._answer = None
            self.idle_since = loop.time()

    def close(self) -> None:
        """Close it at once, whatever is under way."""
        self.is_usable = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection (`asyncio.Protocol`)."""
        self._transport = cast("asyncio.Transport", transport)  # of a stream, as its type cannot say
        self.is_usable = True

    def data_received(self, data: bytes) -> None:
        """Take in a part of an answer (`asyncio.Protocol`)."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._lose(type(error).__name__)
            return
        if self._answer is None:
            self.close()  # nobody asked

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits (`asyncio.Protocol`)."""
        self.is_usable = False
        self._lose(type(exc or EOFError()).__name__)

    def eof_received(self) -> None:
        """Take no further request: the service closes the connection (`asyncio.Protocol`)."""
        self.is_usable = False

    def on_message_begin(self) -> None:
        """Begin an answer (`httptools`)."""
        if self._answer is None or self._answer.done():
            self.is_usable = False  # nobody asked
        self._headers, self._body = {}, []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header (`httptools`)."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """Take a part of the body (`httptools`)."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Answer who waits (`httptools`)."""
        if self._answer is None or self._answer.done():
            self.is_usable = False  # nobody asked
            return
        if not self._parser.should_keep_alive():
            self.is_usable = False
        self._answer.set_result(Answer(self._parser.get_status_code(), self._headers, b"".join(self._body)))

    def _lose(self, why: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(AnswerLostError(why))
        if self.is_usable:
            self.close()
