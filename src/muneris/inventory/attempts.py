"""Attempts at rows that others write too."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from muneris.core.operational import OperationalError
from muneris.core.turns import Turns

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 1.0
_MOST_ATTEMPTS = 30


class Attempts:
    """Attempts to change a property's stock, repeated until one is not spoiled by another writer.

    In one process they take turns, which spares them races that they would lose to each other. Whoever
    lost to another process waits before it tries again: a growing, jittered pause.
    """

    def __init__(
        self,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._sleep = sleep
        self._chance = chance
        self._turns = Turns[str]()

    async def run[T](self, property_code: str, attempt: Callable[[], Awaitable[T | None]]) -> T:
        """What the first attempt returns that is not None.

        Raises:
            OperationalError: others were first every time, for some 13 s.
        """
        pause = _FIRST_PAUSE
        for _ in range(_MOST_ATTEMPTS):
            async with self._turns.of(property_code):
                done = await attempt()
            if done is not None:
                return done
            await self._sleep(pause * self._chance())
            pause = min(_LONGEST_PAUSE, pause * 2)
        raise OperationalError(f"others change the stock of {property_code} all the time")
