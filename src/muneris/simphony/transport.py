"""One request to Simphony, one answer: what reaches it, and what surely did not.

A read is sent again by aiohttp when its connection breaks; a write goes out once, DELETE included.
"""

from collections.abc import Mapping
from http import HTTPMethod, HTTPStatus
from typing import NamedTuple

import aiohttp
from yarl import URL

from muneris.simphony.errors import NotSentError, OutcomeUnknownError, ReadFailedError, TokenRejectedError
from muneris.simphony.hosts import allowed_url
from muneris.simphony.model import Connection
from muneris.simphony.wire import Json, parse_problem

READ_TIMEOUT_SECONDS = 30.0

_CONNECT_TIMEOUT_SECONDS = 10.0


class Call(NamedTuple):
    """A request below `/api/v1`; `path` is percent-encoded, `timeout` is the whole request's in seconds."""

    method: HTTPMethod
    path: str
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: Json = None
    timeout: float = READ_TIMEOUT_SECONDS


class Answer(NamedTuple):
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is of the class 2xx (RFC 9110)."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class Transport:
    """Sends calls; `allow_local` lets connections name loopback addresses, for simulators."""

    def __init__(self, session: aiohttp.ClientSession, *, allow_local: bool) -> None:
        self._session = session
        self._allow_local = allow_local

    async def send(self, connection: Connection, bearer: str, call: Call) -> Answer:
        """The answer, whatever its status.

        Raises:
            NotSentError: no connection was made.
            OutcomeUnknownError: it was, and no whole answer came.
        """
        url = self._url(connection, call)
        try:
            async with self._session.request(
                call.method,
                url,
                headers={"Authorization": f"Bearer {bearer}", "Accept": "application/json", **call.headers},
                json=call.body,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=call.timeout, connect=_CONNECT_TIMEOUT_SECONDS),
                middlewares=None if call.method is HTTPMethod.GET else (_send_once,),
            ) as response:
                return Answer(response.status, response.headers, await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise NotSentError(f"no connection: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _lost(error) from error

    async def read(
        self, connection: Connection, bearer: str, call: Call, *, also: tuple[int, ...] = ()
    ) -> Answer:
        """The successful answer of a read, or one of another status that is fine too.

        Raises:
            ReadFailedError: there is none to rely on.
            TokenRejectedError: the bearer is not valid.
        """
        try:
            answer = await self.send(connection, bearer, call)
        except (NotSentError, OutcomeUnknownError) as error:
            raise ReadFailedError(f"{call.path}: {error}") from error
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise TokenRejectedError(call.path)
        if not answer.is_success and answer.status not in also:
            title = parse_problem(answer.body).title
            raise ReadFailedError(f"{call.path}: {answer.status} {title}".rstrip(), answer.status)
        return answer

    def _url(self, connection: Connection, call: Call) -> URL:
        base = allowed_url(connection.api_url, allow_local=self._allow_local)
        return base.joinpath(f"api/v1/{call.path}", encoded=True).with_query(call.query)


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """A broken connection ends a write: aiohttp would send a DELETE again, which meets what the first did."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
        raise _lost(error) from error


def _lost(error: Exception) -> OutcomeUnknownError:
    return OutcomeUnknownError(f"no whole answer: {type(error).__name__}")
