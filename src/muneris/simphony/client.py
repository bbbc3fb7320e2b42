"""The calls to Simphony. No write is retried here: only the caller knows what a repeat may do."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPMethod, HTTPStatus
from urllib.parse import quote

import aiohttp
from pydantic import BaseModel

from muneris.simphony.errors import (
    CheckRefusedError,
    LookUpFailedError,
    NotSentError,
    OutcomeUnknownError,
    ReadFailedError,
    SimphonyError,
    TokenRejectedError,
)
from muneris.simphony.menu import MenuVersion, SimphonyMenu
from muneris.simphony.model import (
    Check,
    CheckIdentity,
    CheckState,
    Connection,
    Location,
    NewCheck,
    NewRound,
    RevenueCenter,
    find_standing,
)
from muneris.simphony.transport import Answer, Call, Transport
from muneris.simphony.wire import check_body, items_of, parse, parse_problem, round_body

WRITE_TIMEOUT_SECONDS = 65.0
"""Simphony itself gives up at about 60 s, with 521 (STS Gen2 guide, Status Codes)."""

_CHECKS = "checks"
_DETECT_DUPLICATES = {"Simphony-Features": "detect-duplicate-request"}
_VERDICTS = {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
"""With a problem document of Simphony's, these say that it looked at the check and will not take it."""


def open_session() -> aiohttp.ClientSession:
    """A session for Simphony: it keeps no cookies, which would mix accounts."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())


class SimphonyClient:
    """The calls; `allow_local` lets connections name loopback addresses, for simulators.

    A write raises:
        CheckRefusedError: Simphony will not do it.
        NotSentError: certainly not executed; `TokenRejectedError` and `NotConfiguredError` are such.
        OutcomeUnknownError: it may have been executed, now or earlier.
    """

    def __init__(self, session: aiohttp.ClientSession, *, allow_local: bool = False) -> None:
        self._http = Transport(session, allow_local=allow_local)

    async def post_check(
        self,
        connection: Connection,
        bearer: str,
        new_check: NewCheck,
        *,
        timeout: float = WRITE_TIMEOUT_SECONDS,  # noqa: ASYNC109 - the whole request's, given to aiohttp
    ) -> Check:
        """Open a check."""
        headers = {**_site_headers(connection), **_DETECT_DUPLICATES, "Accept-Language": new_check.language}
        body = check_body(connection, new_check)
        call = Call(HTTPMethod.POST, _CHECKS, headers=headers, body=body, timeout=timeout)
        return _written_check(await self._write(connection, bearer, call))

    async def post_round(
        self,
        connection: Connection,
        bearer: str,
        new_round: NewRound,
        *,
        timeout: float = WRITE_TIMEOUT_SECONDS,  # noqa: ASYNC109 - as above
    ) -> Check:
        """Add items to an open check."""
        headers = {**_site_headers(connection), **_DETECT_DUPLICATES, "Accept-Language": new_round.language}
        path, body = f"{_path_of(new_round.check_ref)}/round", round_body(connection, new_round)
        call = Call(HTTPMethod.POST, path, headers=headers, body=body, timeout=timeout)
        return _written_check(await self._write(connection, bearer, call))

    async def void_check(
        self,
        connection: Connection,
        bearer: str,
        check_ref: str,
        *,
        timeout: float = WRITE_TIMEOUT_SECONDS,  # noqa: ASYNC109 - as above
    ) -> None:
        """Void a check, if its state allows that.

        Simphony detects no repeat of this: of a check that is voided already it refuses it.
        """
        headers = _site_headers(connection)
        call = Call(HTTPMethod.DELETE, _path_of(check_ref), headers=headers, timeout=timeout)
        await self._write(connection, bearer, call)

    async def _write(self, connection: Connection, bearer: str, call: Call) -> Answer:
        answer = await self._http.send(connection, bearer, call)
        if not answer.is_success:
            raise _write_error(call, answer)
        return answer

    async def find_check(
        self, connection: Connection, bearer: str, references: Collection[str], since: datetime
    ) -> Check | None:
        """The check since a moment, open or closed, whose name or order id is one of `references`.

        None means that Simphony answered and has none; a voided one is the answer only if there is no other.
        `since` is rounded down to the minute.

        Raises:
            SeveralChecksError: there is more than one.
            LookUpFailedError: whether there is one is unknown.
            TokenRejectedError: the bearer is not valid.
        """
        query = {
            "sinceTime": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ"),
            "includeClosed": "true",
        }
        call = Call(HTTPMethod.GET, _CHECKS, query, _site_headers(connection))
        with _looking_up("the list of checks"):
            items = items_of(parse((await self._http.read(connection, bearer, call)).body))
            ours = [item for item in items if CheckIdentity.model_validate(item).is_for(references)]
            return find_standing([Check.model_validate(item) for item in ours])

    async def find_round(
        self, connection: Connection, bearer: str, check_ref: str, reference: str
    ) -> Check | None:
        """The check with the round of that reference; None means that the check does not hold it.

        Raises:
            LookUpFailedError: whether it does is unknown.
            TokenRejectedError: the bearer is not valid.
        """
        check = await self._find(connection, bearer, check_ref)
        return check if check is not None and check.holds_round(reference) else None

    async def find_check_state(
        self, connection: Connection, bearer: str, check_ref: str
    ) -> CheckState | None:
        """What became of a check; None means that Simphony answered and has no such check any more.

        Raises:
            LookUpFailedError: it is unknown.
            TokenRejectedError: the bearer is not valid.
        """
        check = await self._find(connection, bearer, check_ref)
        if check is None:
            return None
        if check.state is None:
            raise LookUpFailedError(f"a check with status {check.status!r}")
        return check.state

    async def _find(self, connection: Connection, bearer: str, check_ref: str) -> Check | None:
        """A check, or None if the revenue center has none of that reference."""
        call = Call(HTTPMethod.GET, _path_of(check_ref), headers=_site_headers(connection))
        with _looking_up("the check"):
            answer = await self._http.read(connection, bearer, call, also=(HTTPStatus.NOT_FOUND,))
            if answer.is_success:
                return Check.model_validate(parse(answer.body))
            if not parse_problem(answer.body).title:
                raise LookUpFailedError("404, and not from Simphony", answer.status)
            await self.get_revenue_center(connection, bearer)  # 404 may mean that this is not there
            return None

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
        call = Call(HTTPMethod.GET, f"menus/{quote(menu_id, safe='')}", headers=headers)
        answer = await self._http.read(connection, bearer, call, also=(HTTPStatus.NOT_MODIFIED,))
        if not answer.is_success:
            return None
        return MenuVersion(menu=_decode(SimphonyMenu, answer), etag=answer.headers.get("ETag"))

    async def _get_menu_id(self, connection: Connection, bearer: str) -> str:
        query = {
            "OrgShortName": connection.org_short_name,
            "LocRef": connection.loc_ref,
            "RvcRef": str(connection.rvc_ref),
        }
        answer = await self._http.read(connection, bearer, Call(HTTPMethod.GET, "menus/summary", query))
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
        answer = await self._http.read(connection, bearer, Call(HTTPMethod.GET, path))
        return _decode(Location, answer)

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
        answer = await self._http.read(connection, bearer, Call(HTTPMethod.GET, path))
        return _decode(RevenueCenter, answer)


@contextmanager
def _looking_up(what: str) -> Iterator[None]:
    """Whatever fails here leaves unknown what was looked up."""
    try:
        yield
    except LookUpFailedError:
        raise
    except ReadFailedError as error:
        raise LookUpFailedError(str(error), error.status) from error
    except ValueError as error:
        raise LookUpFailedError(f"{what} is unreadable") from error


def _path_of(check_ref: str) -> str:
    return f"{_CHECKS}/{quote(check_ref, safe='')}"


def _site_headers(connection: Connection) -> dict[str, str]:
    return {
        "Simphony-OrgShortName": connection.org_short_name,
        "Simphony-LocRef": connection.loc_ref,
        "Simphony-RvcRef": str(connection.rvc_ref),
    }


def _written_check(answer: Answer) -> Check:
    try:
        return Check.model_validate(parse(answer.body))
    except ValueError as error:
        raise OutcomeUnknownError(f"{answer.status} without a readable check") from error


def _write_error(call: Call, answer: Answer) -> SimphonyError:
    """What a write that did not succeed means (STS Gen2 guide, Status Codes)."""
    problem = parse_problem(answer.body)
    title = problem.title or f"HTTP {answer.status}"
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return TokenRejectedError(title)
    if "duplicate_request" in problem.pos_codes or answer.status == HTTPStatus.REQUEST_TIMEOUT:
        return OutcomeUnknownError(f"{answer.status} {title}")
    if answer.status == HTTPStatus.NOT_FOUND and call.path != _CHECKS:
        return OutcomeUnknownError(f"404 {title}")  # an earlier call may be why the check is gone
    if answer.status in _VERDICTS and problem.title:
        return CheckRefusedError(title, problem.pos_details, problem.detail)
    if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return NotSentError(f"{answer.status} {title}")  # about our rights or the address, not the check
    return OutcomeUnknownError(f"{answer.status} {title}")


def _decode[T: BaseModel](kind: type[T], answer: Answer) -> T:
    try:
        return kind.model_validate(parse(answer.body))
    except ValueError as error:
        raise ReadFailedError(f"an unreadable {kind.__name__}", answer.status) from error
