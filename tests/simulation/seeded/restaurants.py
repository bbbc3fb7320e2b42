"""The way from one process to every property's own Simphony."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime

from tests.faults import Faults
from tests.point_of_sale import FakePointOfSale

from muneris.core.clock import Clock
from muneris.simphony.errors import LookUpFailedError, NotSentError, OutcomeUnknownError
from muneris.simphony.held import Calculated
from muneris.simphony.model import Check, CheckState, NewCheck, NewRound


class Restaurants:
    """Each property's Simphony and the way to it, by code.

    As the real client does, it gives a call up at its deadline.
    """

    def __init__(self, at: Mapping[str, FakePointOfSale], links: Mapping[str, Faults], clock: Clock) -> None:
        self._at = at
        self._links = links
        self._clock = clock

    async def post_check(self, property_code: str, new_check: NewCheck, deadline: datetime) -> Check:
        restaurant = self._at[property_code]
        return await self._write(
            property_code, deadline, lambda: restaurant.post_check(property_code, new_check, deadline)
        )

    async def post_round(self, property_code: str, new_round: NewRound, deadline: datetime) -> Check:
        restaurant = self._at[property_code]
        return await self._write(
            property_code, deadline, lambda: restaurant.post_round(property_code, new_round, deadline)
        )

    async def void_check(self, property_code: str, check_ref: str, deadline: datetime) -> None:
        restaurant = self._at[property_code]
        await self._write(
            property_code, deadline, lambda: restaurant.void_check(property_code, check_ref, deadline)
        )

    async def calculate(self, property_code: str, new_check: NewCheck, deadline: datetime) -> Calculated:
        restaurant = self._at[property_code]
        return await self._write(
            property_code, deadline, lambda: restaurant.calculate(property_code, new_check, deadline)
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
        link = self._links[property_code]
        try:
            async with asyncio.timeout((deadline - self._clock.now()).total_seconds()):
                return await link.around(call, _not_sent, _unanswered)
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
