"""HTTP requests to Azure's services: one pool of connections a process."""

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

from muneris.cloud.wire.connection import Answer, AnswerLostError, Connection

__all__ = ["Answer", "AnswerLostError", "Method", "NotSentError", "Requests"]

_CONNECTIONS = 64
"""Connections to one host; further requests wait for one, until `_CONNECT_SECONDS`."""
_CONNECT_SECONDS = 3.0
_ANSWER_SECONDS = 35.0
"""The services themselves give up after 30 s ("Setting timeouts for Table service operations")."""
_IDLE_SECONDS = 15.0
"""A connection that was not used for longer may be gone without a word: a new one costs less than a doubt."""
_PORTS = {"http": 80, "https": 443}

Method = Literal["GET", "POST"]
"""A read is sent again when the kept connection that carried it breaks; a write is never: its repeat could
meet its own effect, and nobody would know."""


class NotSentError(Exception):
    """A request surely did not reach the service."""


class Requests:
    """Sends requests as they are given: no proxy, cookie, redirect or compression interferes.

    Connections are opened by first use, because they belong to the running loop.
    """

    def __init__(self) -> None:
        self._pools: dict[str, _Pool] = {}

    async def send(
        self, method: Method, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """The answer to a request; `url` is percent-encoded.

        Raises:
            NotSentError: there was no connection.
            AnswerLostError: there is no complete answer.
        """
        scheme, _, rest = url.partition("://")
        authority, _, target = rest.partition("/")
        request = _request(method, authority, target, headers, body)
        pool = self._pools.get(authority)
        if pool is None:
            pool = self._pools[authority] = _Pool(scheme, authority)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await pool.exchange(request, repeatable=method == "GET")
        except (AnswerLostError, TimeoutError) as error:
            why = str(error) or type(error).__name__
            raise AnswerLostError(f"no answer from {authority}: {why}") from error

    async def close(self) -> None:
        """Close the connections."""
        for pool in self._pools.values():
            pool.close()
        await asyncio.sleep(0)  # transports close in the loop's next round


class _Pool:
    """Connections to one address."""

    def __init__(self, scheme: str, authority: str) -> None:
        self._authority = authority
        address = urlsplit(f"{scheme}://{authority}")
        self._host, self._port = address.hostname or "", address.port or _PORTS[scheme]
        self._ssl = _tls() if scheme == "https" else None
        self._kept: deque[Connection] = deque()
        self._free = asyncio.Semaphore(_CONNECTIONS)

    async def exchange(self, request: bytes, *, repeatable: bool) -> Answer:
        """The answer to a request, over a kept connection or a new one."""
        await self._wait_for_turn()
        try:
            kept = self._find_kept()
            if kept is not None:
                try:
                    return await self._carry(kept, request)
                except AnswerLostError:
                    if not repeatable:
                        raise
            return await self._carry(await self._open(), request)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close what is kept."""
        for connection in self._kept:
            connection.close()
        self._kept.clear()

    async def _wait_for_turn(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._free.acquire()
        except TimeoutError as error:
            raise NotSentError(f"no connection to {self._authority} is free") from error

    def _find_kept(self) -> Connection | None:
        """The connection that was used last, if any is still good; those idle for too long are closed."""
        oldest = asyncio.get_running_loop().time() - _IDLE_SECONDS
        while self._kept and self._kept[0].idle_since <= oldest:
            self._kept.popleft().close()
        while self._kept:
            connection = self._kept.pop()
            if connection.is_usable:
                return connection
            connection.close()
        return None

    async def _open(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                _, connection = await loop.create_connection(
                    Connection, self._host, self._port, ssl=self._ssl
                )
        except (OSError, TimeoutError) as error:
            raise NotSentError(f"no connection to {self._authority}: {type(error).__name__}") from error
        return connection

    async def _carry(self, connection: Connection, request: bytes) -> Answer:
        answer = await connection.send(request)
        if connection.is_usable:
            self._kept.append(connection)
        else:
            connection.close()
        return answer


def _request(
    method: Method, authority: str, target: str, headers: Mapping[str, str], body: bytes | None
) -> bytes:
    lines = [f"{method} /{target} HTTP/1.1\r\nHost: {authority}\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in headers.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}\r\n")
    head = "".join((*lines, "\r\n")).encode("ascii")
    return head if body is None else head + body


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
