"""Calls the public API as an app in the field does: finds a property's home, and tries again."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from localcloud.errors import LocalCloudError

_ANSWER_SECONDS = 10.0
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
_LOOK_EVERY_SECONDS = 0.25
_NOT_KNOWN_YET = frozenset({"property_not_found", "property_not_open", "unknown_item"})
_JSON = TypeAdapter[JsonValue](JsonValue)


class Problem(BaseModel, frozen=True):
    """What of a problem document matters here."""

    code: str = "no_problem_document"
    detail: str = ""
    home_endpoint: str | None = None


class RefusedError(LocalCloudError):
    """The API refuses something for good: `code` is its own."""

    def __init__(self, what: str, status: int, problem: Problem) -> None:
        super().__init__(f"{what}: {status} {problem.code}. {problem.detail}")
        self.code = problem.code


@dataclass(frozen=True)
class Answer:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def problem(self) -> Problem:
        """The problem document of a refusal."""
        try:
            return Problem.model_validate_json(self.body)
        except ValidationError:
            return Problem()

    @property
    def json(self) -> JsonValue:
        """The body's value."""
        return _JSON.validate_json(self.body)

    @property
    def should_be_repeated(self) -> bool:
        """Whether the same request may fare better later."""
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR or self.status == HTTPStatus.TOO_MANY_REQUESTS

    @property
    def retry_after(self) -> float:
        """Seconds that the API asks to wait."""
        text = self.headers.get("Retry-After", "")
        return float(text) if text.isdecimal() else 0.0


@dataclass(frozen=True)
class Request:
    """A request to any region; `wait` is how many seconds the answer may be held back on purpose."""

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] | None = None
    wait: int = 0


class Api:
    """The public API, for one client: first by Traffic Manager, then by the home that a region names."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        address: str,
        *,
        chance: Callable[[], float] = random.random,
        answer_seconds: float = _ANSWER_SECONDS,
    ) -> None:
        self.address = address
        """Where the next request goes."""
        self.put_off: Answer | None = None
        """The last answer that was not final."""
        self._session = session
        self._chance = chance
        self._answer_seconds = answer_seconds

    async def call(self, request: Request) -> Answer:
        """The first answer that is final, however long that takes: the caller sets the deadline."""
        pause = _FIRST_PAUSE
        while True:
            answer = await self.attempt(request)
            if answer is not None and not answer.should_be_repeated:
                return answer
            self.put_off = answer or self.put_off
            asked = answer.retry_after if answer else 0.0
            await asyncio.sleep(asked + pause * (0.5 + self._chance() / 2))
            pause = min(_LONGEST_PAUSE, pause * 2)

    async def attempt(self, request: Request) -> Answer | None:
        """The answer to one try, from the home that the first one named if it did; None if there is none."""
        try:
            answer = await self._send(request)
            if answer.status in {HTTPStatus.MISDIRECTED_REQUEST, HTTPStatus.UNAUTHORIZED}:
                home = answer.problem.home_endpoint
                if home is not None and home != self.address:
                    self.address = home
                    answer = await self._send(request)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None
        return answer

    async def _send(self, request: Request) -> Answer:
        headers = dict(request.headers or {})
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        async with self._session.request(
            request.method,
            self.address + request.path,
            data=request.body,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=self._answer_seconds + request.wait),
        ) as response:
            return Answer(response.status, response.headers, await response.read())


async def once_known[T](attempt: Callable[[], Awaitable[T]]) -> T:
    """What an attempt returns once a region's apps have learnt of a new property: within some seconds.

    The caller sets the deadline.

    Raises:
        RefusedError: it is refused for another reason.
    """
    while True:
        try:
            return await attempt()
        except RefusedError as error:
            if error.code not in _NOT_KNOWN_YET:
                raise
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
