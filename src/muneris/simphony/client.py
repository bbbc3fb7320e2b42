"""The Checks API. No write is sent again here: only the caller knows what a repeat may do."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPMethod, HTTPStatus
from urllib.parse import quote

import aiohttp

from muneris.cloud.retry import RetryPolicy
from muneris.simphony.circuits import Circuits
from muneris.simphony.configuration_client import ConfigurationClient
from muneris.simphony.errors import (
    CheckGoneError,
    CheckRefusedError,
    LookUpFailedError,
    NotSentError,
    OutcomeUnknownError,
    Problem,
    ReadFailedError,
    SimphonyError,
    ThrottledError,
    TokenRejectedError,
)
from muneris.simphony.held import Calculated, PrintedLines
from muneris.simphony.model import (
    Check,
    CheckIdentity,
    CheckState,
    Connection,
    NewCheck,
    NewRound,
    find_standing,
)
from muneris.simphony.notifications_client import NotificationsClient
from muneris.simphony.organization_client import OrganizationClient
from muneris.simphony.transport import (
    ONE_READ,
    READ_TIMEOUT_SECONDS,
    Answer,
    Call,
    Transport,
    decode,
    site_headers,
)
from muneris.simphony.wire import Json, check_body, items_of, parse, parse_problem, round_body

WRITE_TIMEOUT_SECONDS = 65.0
"""Simphony itself gives up at about 60 s, with 521 (STS Gen2 guide, Status Codes)."""

_CHECKS, _CALCULATOR = "checks", "checks/calculator"
_PLACES = {_CHECKS, _CALCULATOR}
"""What is there whatever became of a check."""
_DETECT_DUPLICATES = {"Simphony-Features": "detect-duplicate-request"}
_STILL_UNDER_WAY = b"duplicate_request"
"""The code in `posDetails` (STS Gen2 guide, Detecting Duplicate Requests), however odd these are."""
_VERDICTS = {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
"""With a problem document of Simphony's, these say that it looked at the check and will not take it."""


def open_session() -> aiohttp.ClientSession:
    """A session for Simphony: it keeps no cookies, which would mix accounts.

    Nor has it a limit of connections, at which one property's slow answers would hold up another's calls.
    """
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar())


class SimphonyClient:
    """The calls; `allow_local` lets connections name loopback addresses, for simulators.

    `reads` says how often a read is sent, `circuits` which properties are left alone. The other APIs of
    Oracle's guide are `organization`, `configuration` and `notifications`.

    A write raises:
        CheckRefusedError: Simphony will not do it.
        NotSentError: certainly not executed; `TokenRejectedError` and `NotConfiguredError` are such.
        OutcomeUnknownError: it may have been executed, now or earlier.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        allow_local: bool = False,
        reads: RetryPolicy = ONE_READ,
        circuits: Circuits | None = None,
    ) -> None:
        self._http = Transport(session, allow_local=allow_local, reads=reads, circuits=circuits)
        self.organization = OrganizationClient(self._http)
        self.configuration = ConfigurationClient(self._http)
        self.notifications = NotificationsClient(self._http)

    async def post_check(
        self,
        connection: Connection,
        bearer: str,
        new_check: NewCheck,
        *,
        timeout: float = WRITE_TIMEOUT_SECONDS,  # noqa: ASYNC109 - the whole request's, given to aiohttp
    ) -> Check:
        """Open a check."""
        headers = {**_DETECT_DUPLICATES, "Accept-Language": connection.language}
        body = check_body(connection, new_check)
        call = _call(connection, HTTPMethod.POST, _CHECKS, headers, body, timeout)
        return _written_check(await self._write(connection, bearer, call))

    async def post_round(
        self,
        connection: Connection,
        bearer: str,
        new_round: NewRound,
        *,
        timeout: float = WRITE_TIMEOUT_SECONDS,  # noqa: ASYNC109 - as above
    ) -> Check:
        """Add to an open check, or pay it."""
        headers = {**_DETECT_DUPLICATES, "Accept-Language": connection.language}
        path, body = f"{_path_of(new_round.check_ref)}/round", round_body(connection, new_round)
        call = _call(connection, HTTPMethod.POST, path, headers, body, timeout)
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
        call = _call(connection, HTTPMethod.DELETE, _path_of(check_ref), timeout=timeout)
        await self._write(connection, bearer, call)

    async def calculate(
        self,
        connection: Connection,
        bearer: str,
        new_check: NewCheck,
        *,
        timeout: float = WRITE_TIMEOUT_SECONDS,  # noqa: ASYNC109 - as above
    ) -> Calculated:
        """What a check would come to. Nothing is stored, tenders are ignored.

        Raises:
            CheckRefusedError: Simphony would not take it.
            NotSentError: it was not asked.
            OutcomeUnknownError: it gave no answer.
        """
        headers = {"Accept-Language": connection.language}
        body = check_body(connection, new_check)
        call = _call(connection, HTTPMethod.POST, _CALCULATOR, headers, body, timeout)
        answer = await self._write(connection, bearer, call._replace(may_probe=False))
        try:
            return decode(Calculated, answer)
        except ReadFailedError as error:
            raise OutcomeUnknownError(str(error)) from error

    async def get_printed(self, connection: Connection, bearer: str, check_ref: str) -> tuple[str, ...]:
        """A check as it is printed, 40 columns wide.

        Raises:
            ReadFailedError: there is no answer to rely on.
            TokenRejectedError: the bearer is not valid.
        """
        headers = {"Accept-Language": connection.language}
        call = _call(connection, HTTPMethod.GET, f"{_path_of(check_ref)}/printed", headers)
        return decode(PrintedLines, await self._http.read(connection, bearer, call)).lines

    async def find_connected(self, connection: Connection, bearer: str) -> bool | None:
        """Whether the property was connected when the service last looked; None: it does not say.

        Raises:
            ReadFailedError: there is no answer to rely on.
            TokenRejectedError: the bearer is not valid.
        """
        call = Call(HTTPMethod.HEAD, f"{_CHECKS}/connectionStatus", headers=site_headers(connection))
        answer = await self._http.read(connection, bearer, call)
        said = answer.headers.get("Simphony-POS-Connected", "").strip().casefold()
        return {"true": True, "false": False}.get(said)

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
        `since` is rounded down to the minute. One closed check that cannot be read fails the list of all: who
        is on the list of the open ones is found nevertheless, and of who is not nothing is known.

        Raises:
            SeveralChecksError: there is more than one.
            LookUpFailedError: whether there is one is unknown.
            TokenRejectedError: the bearer is not valid.
        """
        query = {"sinceTime": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")}
        with _looking_up("the list of checks"):
            try:
                return await self._find_listed(
                    connection, bearer, references, {**query, "includeClosed": "true"}
                )
            except ReadFailedError as error:
                if error.status != HTTPStatus.BAD_REQUEST:
                    raise
                is_open = await self._find_listed(
                    connection, bearer, references, {**query, "includeClosed": "false"}
                )
                if is_open is None:
                    raise
                return is_open

    async def _find_listed(
        self, connection: Connection, bearer: str, references: Collection[str], query: dict[str, str]
    ) -> Check | None:
        """The check of a list that one of the references means."""
        call = _call(connection, HTTPMethod.GET, _CHECKS)._replace(query=query)
        items = items_of(parse((await self._http.read(connection, bearer, call)).body))
        ours = [item for item in items if CheckIdentity.model_validate(item).is_for(references)]
        return find_standing([Check.model_validate(item) for item in ours])

    async def find_round(
        self, connection: Connection, bearer: str, check_ref: str, reference: str
    ) -> Check | None:
        """The check with the round of that reference; None means that the check does not hold it.

        Raises:
            LookUpFailedError: whether it does is unknown, or there is no such check any more.
            TokenRejectedError: the bearer is not valid.
        """
        check = await self._find(connection, bearer, check_ref)
        if check is None:
            raise CheckGoneError(f"Simphony has no check {check_ref} any more")
        return check if check.holds_round(reference) else None

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
        call = _call(connection, HTTPMethod.GET, _path_of(check_ref))
        with _looking_up("the check"):
            answer = await self._http.read(connection, bearer, call, also=(HTTPStatus.NOT_FOUND,))
            if answer.is_success:
                return Check.model_validate(parse(answer.body))
            if not parse_problem(answer.body).title:
                raise LookUpFailedError("404, and not from Simphony", answer.status)
            # The 404 may mean that this is not there.
            await self.organization.get_revenue_center(connection, bearer)
            return None


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


def _call(
    connection: Connection,
    method: HTTPMethod,
    path: str,
    headers: dict[str, str] | None = None,
    body: Json = None,
    timeout: float = READ_TIMEOUT_SECONDS,
) -> Call:
    """A call that the point of sale itself has to answer."""
    named = {**site_headers(connection), **(headers or {})}
    return Call(method, path, headers=named, body=body, timeout=timeout, at_property=True)


def _written_check(answer: Answer) -> Check:
    try:
        return Check.model_validate(parse(answer.body))
    except ValueError as error:
        raise OutcomeUnknownError(f"{answer.status} without a readable check") from error


def _write_error(call: Call, answer: Answer) -> SimphonyError:
    """What a write that did not succeed means (STS Gen2 guide, Status Codes)."""
    problem = parse_problem(answer.body)
    title = problem.title or f"HTTP {answer.status}"
    said = f"{answer.status} {title}"
    if _may_be_executed(call, answer, problem):
        return OutcomeUnknownError(said)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return TokenRejectedError(title)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(title, answer.retry_after)
    if answer.status in _VERDICTS:
        return CheckRefusedError(title, problem.pos_details, problem.detail)
    return NotSentError(said)  # about our rights or the address, not the check


def _may_be_executed(call: Call, answer: Answer, problem: Problem) -> bool:
    """Whether it, or an earlier call, may have been: that may be why the check that is written to is gone.

    That the earlier one is still under way is said by a verdict: nothing is known of one that cannot be read.
    """
    is_gone = answer.status == HTTPStatus.NOT_FOUND and call.path not in _PLACES
    is_refusal = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
    is_unreadable = answer.status in _VERDICTS and not problem.says_why
    is_unsettled = _STILL_UNDER_WAY in answer.body or answer.status == HTTPStatus.REQUEST_TIMEOUT
    return is_gone or is_unreadable or is_unsettled or not is_refusal
