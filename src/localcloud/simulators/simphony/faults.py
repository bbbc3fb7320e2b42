"""Switchable faults: what a network, a gateway or a property's link may do to any request."""

import asyncio
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from localcloud.simulators.simphony.controls import read_json
from localcloud.simulators.simphony.problems import (
    Handler,
    ProblemError,
    not_found,
    of_validation,
    timed_out,
    unavailable,
)
from localcloud.simulators.simphony.site import place_of
from localcloud.simulators.simphony.wire import Json, answer

_PATH = "/sim/faults"


class FaultKind(StrEnum):
    """What happens to a request."""

    REFUSE = "refuse"
    """503, nothing executed."""
    STATUS = "status"
    """`status` and `body`; executed if `executed` says so."""
    TIMEOUT = "timeout"
    """521 after `seconds`; executed if `executed` says so."""
    DELAY = "delay"
    """Executed `seconds` late, or as soon as the faults are cleared."""
    LATE_ANSWER = "late_answer"
    """Executed at once, answered `seconds` late."""
    DROP_ANSWER = "drop_answer"
    """Executed, then the connection is closed without an answer."""
    CUT_ANSWER = "cut_answer"
    """Executed, then the connection is closed in the middle of the answer."""
    DISCONNECT = "disconnect"
    """The connection is closed at once, nothing executed."""


class Fault(BaseModel, frozen=True, extra="forbid"):
    """One fault and the requests it hits: the first `count` of them, each with probability `rate`.

    It begins `starts_in` seconds from now and is over `lasts` seconds later. `site` narrows it to an
    organization, location or revenue center: `org`, `org:loc` or `org:loc:rvc`.
    """

    kind: FaultKind
    path_prefix: str = "/"
    method: str | None = None
    site: str | None = None
    status: int = Field(default=500, ge=200, le=599)
    seconds: float = Field(default=1, ge=0)
    executed: bool = False
    count: int | None = Field(default=None, ge=1)
    rate: float = Field(default=1, gt=0, le=1)
    starts_in: float = Field(default=0, ge=0)
    lasts: float | None = Field(default=None, gt=0)
    body: str | None = None

    def concerns(self, request: web.Request) -> bool:
        """Whether a request is of the kind this fault hits."""
        return (
            request.path.lower().startswith(self.path_prefix.lower())
            and (self.method is None or self.method.upper() == request.method)
            and (self.site is None or self._is_at(request))
        )

    def _is_at(self, request: web.Request) -> bool:
        wanted = (self.site or "").lower().split(":")
        return wanted == list(place_of(request)[: len(wanted)])


@dataclass
class _InForce:
    """A fault, how often it hit, and when it holds."""

    fault: Fault
    begins_at: datetime
    hits: int = 0

    def holds(self, now: datetime) -> bool:
        is_over = self.fault.lasts is not None and now >= self.begins_at + timedelta(seconds=self.fault.lasts)
        return now >= self.begins_at and not is_over

    @property
    def is_used_up(self) -> bool:
        return self.fault.count is not None and self.hits >= self.fault.count

    def document(self, number: int) -> Json:
        return {"id": number, "hits": self.hits, **self.fault.model_dump(mode="json", exclude_defaults=True)}


class Faults:
    """The faults in force. `/sim` itself is never hit."""

    def __init__(self, now: Callable[[], datetime], chance: Callable[[], float] = random.random) -> None:
        self._now = now
        self._chance = chance
        self._ids = itertools.count(1)
        self._faults: dict[int, _InForce] = {}
        self._cleared = asyncio.Event()

    def clear(self) -> None:
        """End every fault, delays under way included."""
        self._faults.clear()
        self._cleared.set()
        self._cleared = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """The controls."""
        return [
            web.get(_PATH, self._list),
            web.post(_PATH, self._add),
            web.delete(_PATH, self._clear),
            web.delete(f"{_PATH}/{{id:[0-9]+}}", self._remove),
        ]

    @web.middleware
    async def on_the_way(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Apply what happens between the client and the service."""
        fault = self._strike(request, lambda kind: kind is not FaultKind.DELAY)
        if fault is None:
            return await handler(request)
        match fault.kind:
            case FaultKind.REFUSE:
                raise unavailable("The service is unavailable")
            case FaultKind.DISCONNECT:
                return _disconnect(request)
            case FaultKind.STATUS | FaultKind.TIMEOUT:
                if fault.executed:
                    await _execute(request, handler)
                return await self._fail(fault)
            case FaultKind.LATE_ANSWER:
                try:
                    return await handler(request)
                finally:
                    await self._wait(fault.seconds)
            case _:
                return await _spoil(fault, request, handler)

    async def _fail(self, fault: Fault) -> web.Response:
        if fault.kind is FaultKind.TIMEOUT:
            await self._wait(fault.seconds)
            raise timed_out()
        if fault.body is not None:
            return web.Response(status=fault.status, text=fault.body, content_type="application/json")
        raise ProblemError(fault.status, "General Service Error", "error:service", "A set fault")

    @web.middleware
    async def at_the_property(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Apply what slows the execution itself."""
        fault = self._strike(request, lambda kind: kind is FaultKind.DELAY)
        if fault:
            await self._wait(fault.seconds)
        return await handler(request)

    async def _wait(self, seconds: float) -> None:
        """Let time pass, unless the faults are cleared."""
        cleared = self._cleared
        try:
            async with asyncio.timeout(seconds):
                await cleared.wait()
        except TimeoutError:
            pass

    def _strike(self, request: web.Request, is_wanted: Callable[[FaultKind], bool]) -> Fault | None:
        """The first fault of a wanted kind that hits this request; counts the hit."""
        if request.path.startswith("/sim/"):
            return None
        for number, each in self._candidates(request):
            fault = each.fault
            if is_wanted(fault.kind) and (fault.rate == 1 or self._chance() < fault.rate):
                each.hits += 1
                if each.is_used_up:
                    del self._faults[number]
                return fault
        return None

    def _candidates(self, request: web.Request) -> Iterator[tuple[int, _InForce]]:
        now = self._now()
        return (
            (number, each)
            for number, each in self._faults.items()
            if each.holds(now) and each.fault.concerns(request)
        )

    async def _list(self, _request: web.Request) -> web.Response:
        return answer({"items": [each.document(number) for number, each in self._faults.items()]})

    async def _add(self, request: web.Request) -> web.Response:
        try:
            fault = Fault.model_validate(await read_json(request))
        except ValidationError as error:
            raise of_validation(error) from error
        number = next(self._ids)
        added = _InForce(fault, self._now() + timedelta(seconds=fault.starts_in))
        self._faults[number] = added
        return answer(added.document(number), 201)

    async def _clear(self, _request: web.Request) -> web.Response:
        self.clear()
        return web.Response(status=204)

    async def _remove(self, request: web.Request) -> web.Response:
        if self._faults.pop(int(request.match_info["id"]), None) is None:
            raise not_found(f"Fault {request.match_info['id']}")
        return web.Response(status=204)


async def _execute(request: web.Request, handler: Handler) -> web.StreamResponse | None:
    """Do what a request asks; None if it is refused."""
    try:
        return await handler(request)
    except ProblemError:
        return None


async def _spoil(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Do what a request asks, and keep the answer from the client, or half of it."""
    response = await _execute(request, handler)
    if fault.kind is FaultKind.CUT_ANSWER and isinstance(response, web.Response):
        return await _cut(request, response)
    return _disconnect(request)


async def _cut(request: web.Request, whole: web.Response) -> web.StreamResponse:
    """Send the first half of an answer, then close the connection."""
    body = (whole.text or "").encode()
    response = web.StreamResponse(status=whole.status, headers={"Content-Type": whole.content_type})
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.abort()
    return response


def _disconnect(request: web.Request) -> web.Response:
    """Close the connection; the response returned is never sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
