"""The way from one process to every property's own Simphony."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta

from tests.faults import Faults
from tests.point_of_sale import WRITES_TAKE, FakePointOfSale

from muneris.core.clock import Clock
from muneris.simphony.errors import LookUpFailedError, NotSentError, OutcomeUnknownError
from muneris.simphony.held import Calculated
from muneris.simphony.model import Check, CheckState, NewCheck, NewRound

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


class Restaurants:
    """Each property's Simphony and the way to it, by code.

    As the real client does, it sends no write that might outlast its deadline, and gives one up after as
    long; what it gave up Simphony may carry out nevertheless, so that it is told of no deadline.
    """

    def __init__(self, at: Mapping[str, FakePointOfSale], links: Mapping[str, Faults], clock: Clock) -> None:
        self._at = at
        self._links = links
        self._clock = clock

    async def post_check(self, property_code: str, new_check: NewCheck, deadline: datetime) -> Check:
        restaurant = self._at[property_code]
        return await self._write(
            property_code, deadline, lambda: restaurant.post_check(property_code, new_check, _NEVER)
        )

    async def post_round(self, property_code: str, new_round: NewRound, deadline: datetime) -> Check:
        restaurant = self._at[property_code]
        return await self._write(
            property_code, deadline, lambda: restaurant.post_round(property_code, new_round, _NEVER)
        )

    async def void_check(self, property_code: str, check_ref: str, deadline: datetime) -> None:
        restaurant = self._at[property_code]
        await self._write(
            property_code, deadline, lambda: restaurant.void_check(property_code, check_ref, _NEVER)
        )

    async def calculate(self, property_code: str, new_check: NewCheck, deadline: datetime) -> Calculated:
        restaurant = self._at[property_code]
        return await self._call(
            property_code,
            deadline - self._clock.now(),
            lambda: restaurant.calculate(property_code, new_check, _NEVER),
        )

    async def find_check(
        self, property_code: str, references: Collection[str], since: datetime
    ) -> Check | None:
        restaurant = self._at[property_code]
        return await self._read(
            property_code, lambda: restaurant.find_check(property_code, references, since)
        )

    async def find_round(self, property_code: str, check_ref: str, reference: str) -> Check | None:
        restaurant = self._at[property_code]
        return await self._read(
            property_code, lambda: restaurant.find_round(property_code, check_ref, reference)
        )

    async def find_check_state(self, property_code: str, check_ref: str) -> CheckState | None:
        restaurant = self._at[property_code]
        return await self._read(property_code, lambda: restaurant.find_check_state(property_code, check_ref))

    async def _write[T](self, property_code: str, deadline: datetime, call: Callable[[], Awaitable[T]]) -> T:
        if deadline - self._clock.now() < WRITES_TAKE:
            raise _not_sent()
        return await self._call(property_code, WRITES_TAKE, call)

    async def _call[T](self, property_code: str, longest: timedelta, call: Callable[[], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(longest.total_seconds()):
                return await self._links[property_code].around(call, _not_sent, _unanswered)
        except TimeoutError as error:
            raise _unanswered() from error

    async def _read[T](self, property_code: str, call: Callable[[], Awaitable[T]]) -> T:
        return await self._links[property_code].around(call, _not_looked_up, _not_looked_up)


def _not_sent() -> Exception:
    return NotSentError("unreachable")


def _unanswered() -> Exception:
    return OutcomeUnknownError("no answer in time")


def _not_looked_up() -> Exception:
    return LookUpFailedError("unreachable")
