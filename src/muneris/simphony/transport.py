"""One request to Simphony, one answer: what reaches it, and what surely did not.

A read may be sent again; a write goes out once, DELETE included.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPMethod, HTTPStatus
from typing import NamedTuple

import aiohttp
from pydantic import BaseModel
from yarl import URL

from muneris.cloud.retry import RetryPolicy
from muneris.core.operational import OperationalError
from muneris.simphony.circuits import Circuits
from muneris.simphony.errors import (
    NotSentError,
    OutcomeUnknownError,
    ReadFailedError,
    ReadUnansweredError,
    TokenRejectedError,
    UnreachableError,
)
from muneris.simphony.hosts import allowed_url
from muneris.simphony.model import Connection
from muneris.simphony.wire import Json, parse, parse_problem, to_text

READ_TIMEOUT_SECONDS = 30.0
ONE_READ = RetryPolicy(attempts=1, attempt_seconds=2 * READ_TIMEOUT_SECONDS, deadline_seconds=90.0)
"""For whoever asks again by himself."""
READ_AGAIN = RetryPolicy(
    attempts=3,
    attempt_seconds=2 * READ_TIMEOUT_SECONDS,
    deadline_seconds=60.0,
    first_pause=0.5,
    longest_pause=5.0,
)
"""For reads that nobody repeats soon."""

_CONNECT_TIMEOUT_SECONDS = 10.0
_LONGEST_WAIT_SECONDS = 300.0
_SERVICE_TIMEOUT = 521
_NOT_THERE = {HTTPStatus.SERVICE_UNAVAILABLE, _SERVICE_TIMEOUT}
"""The property is not connected, or its point of sale did not answer (STS Gen2 guide, Status Codes)."""
_READ_AGAIN = {HTTPStatus.INTERNAL_SERVER_ERROR, *_NOT_THERE}
_NOT_THE_PROPERTYS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
"""What the service answers before it asks the property."""


class Call(NamedTuple):
    """A request below `/api/v<version>`; `path` is percent-encoded, `timeout` the whole request's in seconds.

    `at_property`: its point of sale has to answer, not the service alone; `may_probe`: also when it did not
    answer lately, to see whether it does.
    """

    method: HTTPMethod
    path: str
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: Json = None
    timeout: float = READ_TIMEOUT_SECONDS
    version: int = 1
    at_property: bool = False
    may_probe: bool = True


class Answer(NamedTuple):
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is of the class 2xx (RFC 9110)."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def retry_after(self) -> float | None:
        """The seconds that `Retry-After` names, at most 300; None: none, or a date.

        Simphony documents neither 429 nor this header; a gateway before it may send them.
        """
        text = self.headers.get("Retry-After", "")
        return min(float(text), _LONGEST_WAIT_SECONDS) if text.isascii() and text.isdigit() else None


class Transport:
    """Sends calls; `allow_local` lets connections name loopback addresses, for simulators.

    `reads` says how often a read is sent. Calls that a property has to answer share its circuit.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        allow_local: bool,
        reads: RetryPolicy = ONE_READ,
        circuits: Circuits | None = None,
    ) -> None:
        self._session = session
        self._allow_local = allow_local
        self._reads = reads
        self._circuits = circuits or Circuits()

    async def send(self, connection: Connection, bearer: str, call: Call) -> Answer:
        """The answer, whatever its status.

        Raises:
            NotSentError: it was not sent; `UnreachableError` if no connection was made, `PausedError` if the
                property is left alone.
            OutcomeUnknownError: it was, and no whole answer came.
        """
        url = self._url(connection, call)
        if not call.at_property:
            return await self._send(url, bearer, call)
        self._circuits.call(connection.site, may_probe=call.may_probe)
        try:
            answer = await self._send(url, bearer, call)
        except (UnreachableError, OutcomeUnknownError):
            self._circuits.failed(connection.site)
            raise
        except asyncio.CancelledError:  # whoever stops waiting says nothing of the property
            self._circuits.told_nothing(connection.site)
            raise
        self._learn(connection, answer)
        return answer

    async def read(
        self, connection: Connection, bearer: str, call: Call, *, also: tuple[int, ...] = ()
    ) -> Answer:
        """The successful answer of a read, or one of another status that is fine too.

        Raises:
            ReadFailedError: there is none to rely on.
            TokenRejectedError: the bearer is not valid.
        """
        try:
            return await self._reads.run(lambda: self._read(connection, bearer, call, also))
        except ReadFailedError:
            raise
        except OperationalError as error:  # the policy's own: its time was up
            raise ReadUnansweredError(f"{call.path}: {error}") from error

    async def _read(self, connection: Connection, bearer: str, call: Call, also: tuple[int, ...]) -> Answer:
        try:
            answer = await self.send(connection, bearer, call)
        except (UnreachableError, OutcomeUnknownError) as error:
            raise ReadUnansweredError(f"{call.path}: {error}") from error
        except NotSentError as error:
            raise ReadFailedError(f"{call.path}: {error}") from error
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise TokenRejectedError(call.path)
        if not answer.is_success and answer.status not in also:
            title = parse_problem(answer.body).title
            kind = ReadUnansweredError if answer.status in _READ_AGAIN else ReadFailedError
            raise kind(f"{call.path}: {answer.status} {title}".rstrip(), answer.status)
        return answer

    def _learn(self, connection: Connection, answer: Answer) -> None:
        """What an answer says of its property."""
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS and answer.retry_after:
            self._circuits.asked_to_wait(connection.site, answer.retry_after)
        elif answer.status in _NOT_THERE:
            self._circuits.failed(connection.site)
        elif answer.status in _NOT_THE_PROPERTYS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._circuits.told_nothing(connection.site)
        else:
            self._circuits.answered(connection.site)

    async def _send(self, url: URL, bearer: str, call: Call) -> Answer:
        is_read = call.method in {HTTPMethod.GET, HTTPMethod.HEAD}
        headers = {"Authorization": f"Bearer {bearer}", "Accept": "application/json", **call.headers}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with self._session.request(
                call.method,
                url,
                headers=headers,
                data=None if call.body is None else to_text(call.body).encode(),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=call.timeout, connect=_CONNECT_TIMEOUT_SECONDS),
                middlewares=None if is_read else (_send_once,),
            ) as response:
                return Answer(response.status, response.headers, await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise UnreachableError(f"no connection: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _lost(error) from error

    def _url(self, connection: Connection, call: Call) -> URL:
        base = allowed_url(connection.api_url, allow_local=self._allow_local)
        return base.joinpath(f"api/v{call.version}/{call.path}", encoded=True).with_query(call.query)


def site_headers(connection: Connection) -> dict[str, str]:
    """What names the revenue center in a header (STS Gen2 guide, Header Parameters)."""
    return {
        "Simphony-OrgShortName": connection.org_short_name,
        "Simphony-LocRef": connection.loc_ref,
        "Simphony-RvcRef": str(connection.rvc_ref),
    }


def site_query(connection: Connection) -> dict[str, str]:
    """What names it in the query of a configuration list (Configuration API)."""
    return {
        "OrgShortName": connection.org_short_name,
        "LocRef": connection.loc_ref,
        "RvcRef": str(connection.rvc_ref),
    }


def decode[T: BaseModel](kind: type[T], answer: Answer) -> T:
    """What a body means.

    Raises:
        ReadFailedError: it cannot be read.
    """
    try:
        return kind.model_validate(parse(answer.body))
    except ValueError as error:
        raise ReadFailedError(f"an unreadable {kind.__name__}", answer.status) from error


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
