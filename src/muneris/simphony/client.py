"""HTTP calls to Simphony. No write is retried here: only the caller knows what a repeat may do.

aiohttp itself sends a read again when a connection it kept turns out to be closed, never a write.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote

import aiohttp
from pydantic import BaseModel
from yarl import URL

from muneris.simphony.errors import (
    CheckRefusedError,
    LookUpFailedError,
    NotSentError,
    OutcomeUnknownError,
    ReadFailedError,
    SimphonyError,
    TokenRejectedError,
)
from muneris.simphony.hosts import allowed_url
from muneris.simphony.menu import MenuVersion, SimphonyMenu
from muneris.simphony.model import Check, CheckIdentity, Connection, Location, NewCheck, RevenueCenter
from muneris.simphony.wire import Json, check_body, items_of, parse, parse_problem

READ_TIMEOUT_SECONDS = 30.0
POST_TIMEOUT_SECONDS = 65.0
"""Simphony itself gives up at about 60 s, with 521 (STS Gen2 guide, Status Codes)."""

_CONNECT_TIMEOUT_SECONDS = 10.0
_DETECT_DUPLICATES = {"Simphony-Features": "detect-duplicate-request"}
_BAD_REQUEST, _UNAUTHORIZED, _REQUEST_TIMEOUT, _SERVER_ERROR = 400, 401, 408, 500
_VERDICTS = {400, 409, 422}
"""With a problem document of Simphony's, these say that it looked at the check and will not take it."""


class _Call(NamedTuple):
    """A request below `/api/v1`; `path` is percent-encoded."""

    method: str
    path: str
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: Json = None
    timeout: float = READ_TIMEOUT_SECONDS


class _Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of 2xx (RFC 9110)


def open_session() -> aiohttp.ClientSession:
    """A session for Simphony: it keeps no cookies, which would mix accounts."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())


class SimphonyClient:
    """The calls; `allow_local` lets connections name loopback addresses, for simulators."""

    def __init__(self, session: aiohttp.ClientSession, *, allow_local: bool = False) -> None:
        self._session = session
        self._allow_local = allow_local

    async def post_check(
        self,
        connection: Connection,
        bearer: str,
        new_check: NewCheck,
        *,
        timeout: float = POST_TIMEOUT_SECONDS,  # noqa: ASYNC109 - the whole request's, given to aiohttp
    ) -> Check:
        """Open a check.

        Raises:
            CheckRefusedError: Simphony will not take it.
            NotSentError: certainly not executed; `TokenRejectedError` and `NotConfiguredError` are such.
            OutcomeUnknownError: it may have been executed.
        """
        body = check_body(connection, new_check)
        headers = {**_site_headers(connection), **_DETECT_DUPLICATES, "Accept-Language": new_check.language}
        answer = await self._send(
            connection, bearer, _Call("POST", "checks", headers=headers, body=body, timeout=timeout)
        )
        if not answer.is_success:
            raise _write_error(answer)
        try:
            return Check.model_validate(parse(answer.body))
        except ValueError as error:
            raise OutcomeUnknownError(f"{answer.status} without a readable check") from error

    async def find_check(
        self, connection: Connection, bearer: str, references: Collection[str], since: datetime
    ) -> Check | None:
        """The newest check since a moment, open or closed, whose name or order id is one of `references`.

        None means that Simphony answered and has none. `since` is rounded down to the minute.

        Raises:
            LookUpFailedError: whether there is one is unknown.
            TokenRejectedError: the bearer is not valid.
        """
        query = {
            "sinceTime": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ"),
            "includeClosed": "true",
        }
        try:
            answer = await self._read(
                connection, bearer, _Call("GET", "checks", query, _site_headers(connection))
            )
            return _newest_for(references, items_of(parse(answer.body)))
        except ReadFailedError as error:
            raise LookUpFailedError(str(error), error.status) from error
        except ValueError as error:
            raise LookUpFailedError("the list of checks is unreadable") from error

    async def get_menu(
        self, connection: Connection, bearer: str, *, etag: str | None = None
    ) -> MenuVersion | None:
        """The revenue center's menu; None if it is still the one with that entity tag.

        Raises:
            ReadFailedError: there is no answer to rely on.
            TokenRejectedError: the bearer is not valid.
        """
        menu_id = await self._get_menu_id(connection, bearer)
        headers = _site_headers(connection) | ({"If-None-Match": etag} if etag else {})
        call = _Call("GET", f"menus/{quote(menu_id, safe='')}", headers=headers)
        answer = await self._read(connection, bearer, call, also=(304,))
        if not answer.is_success:
            return None
        return MenuVersion(menu=_decode(SimphonyMenu, answer), etag=answer.headers.get("ETag"))

    async def _get_menu_id(self, connection: Connection, bearer: str) -> str:
        query = {
            "OrgShortName": connection.org_short_name,
            "LocRef": connection.loc_ref,
            "RvcRef": str(connection.rvc_ref),
        }
        answer = await self._read(connection, bearer, _Call("GET", "menus/summary", query))
        try:
            first = items_of(parse(answer.body))[0]
        except (ValueError, IndexError) as error:
            raise ReadFailedError("Simphony lists no menu for the revenue center") from error
        if not isinstance(first, Mapping) or not first.get("menuId"):
            raise ReadFailedError("Simphony lists a menu without an id")
        return str(first["menuId"])

    async def get_location(self, connection: Connection, bearer: str) -> Location:
        """The property as Simphony knows it.

        Raises:
            ReadFailedError: there is no answer to rely on; `status` 404: no such location.
            TokenRejectedError: the bearer is not valid.
        """
        path = f"organizations/{connection.org_short_name}/locations/{connection.loc_ref}"
        return _decode(Location, await self._read(connection, bearer, _Call("GET", path)))

    async def get_revenue_center(self, connection: Connection, bearer: str) -> RevenueCenter:
        """The revenue center and its order types.

        Raises:
            ReadFailedError: there is no answer to rely on; `status` 404: no such revenue center.
            TokenRejectedError: the bearer is not valid.
        """
        path = (
            f"organizations/{connection.org_short_name}/locations/{connection.loc_ref}"
            f"/revenueCenters/{connection.rvc_ref}"
        )
        return _decode(RevenueCenter, await self._read(connection, bearer, _Call("GET", path)))

    async def _read(
        self, connection: Connection, bearer: str, call: _Call, *, also: tuple[int, ...] = ()
    ) -> _Answer:
        """The successful answer of a read, or one of another status that is fine too."""
        try:
            answer = await self._send(connection, bearer, call)
        except (NotSentError, OutcomeUnknownError) as error:
            raise ReadFailedError(f"{call.path}: {error}") from error
        if answer.status == _UNAUTHORIZED:
            raise TokenRejectedError(call.path)
        if not answer.is_success and answer.status not in also:
            title = parse_problem(answer.body).title
            raise ReadFailedError(f"{call.path}: {answer.status} {title}".rstrip(), answer.status)
        return answer

    async def _send(self, connection: Connection, bearer: str, call: _Call) -> _Answer:
        """One request, one answer, whatever its status.

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
            ) as response:
                return _Answer(response.status, response.headers, await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise NotSentError(f"no connection: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise OutcomeUnknownError(f"no whole answer: {type(error).__name__}") from error

    def _url(self, connection: Connection, call: _Call) -> URL:
        base = allowed_url(connection.api_url, allow_local=self._allow_local)
        return base.joinpath(f"api/v1/{call.path}", encoded=True).with_query(call.query)


def _site_headers(connection: Connection) -> dict[str, str]:
    return {
        "Simphony-OrgShortName": connection.org_short_name,
        "Simphony-LocRef": connection.loc_ref,
        "Simphony-RvcRef": str(connection.rvc_ref),
    }


def _newest_for(references: Collection[str], items: Sequence[Json]) -> Check | None:
    for item in reversed(items):
        if CheckIdentity.model_validate(item).is_for(references):
            return Check.model_validate(item)
    return None


def _write_error(answer: _Answer) -> SimphonyError:
    """What a write that did not succeed means (STS Gen2 guide, Status Codes)."""
    problem = parse_problem(answer.body)
    title = problem.title or f"HTTP {answer.status}"
    if answer.status == _UNAUTHORIZED:
        return TokenRejectedError(title)
    if "duplicate_request" in problem.pos_codes or answer.status == _REQUEST_TIMEOUT:
        return OutcomeUnknownError(f"{answer.status} {title}")
    if answer.status in _VERDICTS and problem.title:
        return CheckRefusedError(title, problem.pos_details, problem.detail)
    if _BAD_REQUEST <= answer.status < _SERVER_ERROR:
        return NotSentError(f"{answer.status} {title}")  # about our rights or the address, not the check
    return OutcomeUnknownError(f"{answer.status} {title}")


def _decode[T: BaseModel](kind: type[T], answer: _Answer) -> T:
    try:
        return kind.model_validate(parse(answer.body))
    except ValueError as error:
        raise ReadFailedError(f"an unreadable {kind.__name__}", answer.status) from error
