"""HTTP requests to Azure's services: one pool of connections a process."""

import io
from collections.abc import Mapping
from typing import Literal, NamedTuple

import aiohttp
from yarl import URL

_CONNECTIONS = 64
"""Connections to one host; further requests wait for one, until `_CONNECT_SECONDS`."""
_CONNECT_SECONDS = 3.0
_ANSWER_SECONDS = 35.0
"""The services themselves give up after 30 s ("Setting timeouts for Table service operations")."""
_LARGE = 2**20
"""aiohttp wants bodies of more bytes as a file, which it sends piece by piece."""
_ADDED_BY_AIOHTTP = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")

Method = Literal["GET", "POST"]
"""aiohttp repeats a GET, PUT or DELETE by itself when a kept connection breaks. So reads are GET and writes
are POST: the repeat of a PUT or DELETE could meet its own effect, and nobody would know."""


class NotSentError(Exception):
    """A request surely did not reach the service."""


class AnswerLostError(Exception):
    """A request may have reached the service; there is no complete answer."""


class Answer(NamedTuple):
    """A complete answer; names of headers are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Requests:
    """Sends requests as they are given: no proxy, cookie, redirect or compression interferes.

    Connections are opened by first use, because they belong to the running loop.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self, method: Method, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """The answer to a request; `url` is percent-encoded.

        Raises:
            NotSentError: there was no connection.
            AnswerLostError: there is no complete answer.
        """
        session = self._session or self._open()
        target = URL(url, encoded=True)
        data = io.BytesIO(body) if body is not None and len(body) > _LARGE else body
        try:
            async with session.request(
                method, target, headers=headers, data=data, allow_redirects=False
            ) as response:
                return Answer(response.status, response.headers, await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSentError(f"no connection to {target.authority}: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AnswerLostError(f"no answer from {target.authority}: {type(error).__name__}") from error

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, limit_per_host=_CONNECTIONS),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            skip_auto_headers=_ADDED_BY_AIOHTTP,
            auto_decompress=False,
        )
        return self._session
