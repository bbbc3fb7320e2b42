"""Switchable faults: what a network, a gateway or a property's link may do to any request."""

import asyncio
import itertools
import random
from collections.abc import Callable, Iterator
from enum import StrEnum

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from localcloud.simulators.simphony.problems import Handler, ProblemError, invalid, of_validation
from localcloud.simulators.simphony.wire import Json, answer, parse


class FaultKind(StrEnum):
    """What happens to a request."""

    REFUSE = "refuse"
    """503, nothing executed."""
    STATUS = "status"
    """`status` and `body`, nothing executed."""
    DELAY = "delay"
    """Executed `seconds` late, or as soon as the faults are cleared."""
    DROP_ANSWER = "drop_answer"
    """Executed, then the connection is closed without an answer."""
    DISCONNECT = "disconnect"
    """The connection is closed at once, nothing executed."""


class Fault(BaseModel, frozen=True, extra="forbid"):
    """One fault and the requests it hits: the first `count` of them, each with probability `rate`."""

    kind: FaultKind
    path_prefix: str = "/"
    method: str | None = None
    status: int = Field(default=500, ge=200, le=599)
    seconds: float = Field(default=1, ge=0)
    count: int | None = Field(default=None, ge=1)
    rate: float = Field(default=1, gt=0, le=1)
    body: str | None = None

    def concerns(self, request: web.Request) -> bool:
        """Whether a request is of the kind this fault hits."""
        return request.path.lower().startswith(self.path_prefix.lower()) and (
            self.method is None or self.method.upper() == request.method
        )


class Faults:
    """The faults in force. `/sim` itself is never hit."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._ids = itertools.count(1)
        self._faults: dict[int, Fault] = {}
        self._hits: dict[int, int] = {}
        self._cleared = asyncio.Event()

    def clear(self) -> None:
        """End every fault, delays under way included."""
        self._faults.clear()
        self._hits.clear()
        self._cleared.set()
        self._cleared = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """The controls."""
        return [
            web.get("/sim/faults", self._list),
            web.post("/sim/faults", self._add),
            web.delete("/sim/faults", self._clear),
        ]

    @web.middleware
    async def on_the_way(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Apply what happens between the client and the service."""
        fault = self._strike(request, lambda kind: kind is not FaultKind.DELAY)
        match fault and fault.kind:
            case FaultKind.REFUSE:
                raise ProblemError(503, "Service Unavailable", "error:service", "The service is unavailable")
            case FaultKind.STATUS if fault:
                return _status(fault)
            case FaultKind.DISCONNECT:
                return _disconnect(request)
            case FaultKind.DROP_ANSWER:
                await handler(request)
                return _disconnect(request)
            case _:
                return await handler(request)

    @web.middleware
    async def at_the_property(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Apply what slows the execution itself."""
        fault = self._strike(request, lambda kind: kind is FaultKind.DELAY)
        if fault:
            cleared = self._cleared
            try:
                async with asyncio.timeout(fault.seconds):
                    await cleared.wait()
            except TimeoutError:
                pass
        return await handler(request)

    def _strike(self, request: web.Request, is_wanted: Callable[[FaultKind], bool]) -> Fault | None:
        """The first fault of a wanted kind that hits this request; counts the hit."""
        if request.path.startswith("/sim/"):
            return None
        for number, fault in self._candidates(request):
            if is_wanted(fault.kind) and (fault.rate == 1 or self._chance() < fault.rate):
                self._count_hit(number, fault)
                return fault
        return None

    def _candidates(self, request: web.Request) -> Iterator[tuple[int, Fault]]:
        return ((number, fault) for number, fault in self._faults.items() if fault.concerns(request))

    def _count_hit(self, number: int, fault: Fault) -> None:
        self._hits[number] += 1
        if fault.count is not None and self._hits[number] >= fault.count:
            del self._faults[number]

    async def _list(self, _request: web.Request) -> web.Response:
        return answer({"items": [self._document(number) for number in self._faults]})

    async def _add(self, request: web.Request) -> web.Response:
        try:
            fault = Fault.model_validate(parse(await request.read()))
        except ValidationError as error:
            raise of_validation(error) from error
        except ValueError as error:
            raise invalid(f"The fault is no JSON: {error}") from error
        number = next(self._ids)
        self._faults[number] = fault
        self._hits[number] = 0
        return answer(self._document(number), 201)

    async def _clear(self, _request: web.Request) -> web.Response:
        self.clear()
        return web.Response(status=204)

    def _document(self, number: int) -> Json:
        fault = self._faults[number].model_dump(mode="json", exclude_none=True)
        return {"id": number, "hits": self._hits[number], **fault}


def _status(fault: Fault) -> web.Response:
    if fault.body is not None:
        return web.Response(status=fault.status, text=fault.body, content_type="application/json")
    return ProblemError(fault.status, "General Service Error", "error:service", "A set fault").response()


def _disconnect(request: web.Request) -> web.Response:
    """Close the connection; the response returned is never sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
