"""Attempts at what others change too."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from muneris.core.operational import OperationalError
from muneris.core.turns import Turns

MOST_ATTEMPTS = 30
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 1.0


class Attempts:
    """Attempts to change one of some things, repeated until one is not spoiled by another writer.

    `what` names the things, as a fault's message does: "the stock of". Whoever lost waits before it tries
    again: a growing, jittered pause. With `turns`, attempts at one thing take turns in this process, which
    spares them races that they would lose to each other; nobody keeps its turn while it pauses.
    """

    def __init__(
        self,
        what: str,
        *,
        turns: Turns[str] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._what = what
        self._turns = turns
        self._sleep = sleep
        self._chance = chance

    async def run[T](self, name: str, attempt: Callable[[], Awaitable[T | None]]) -> T:
        """What the first attempt at the thing of that name returns that is not None.

        Raises:
            OperationalError: others were first every time, for some 13 s; or the turn did not come in time.
        """
        pause = _FIRST_PAUSE
        for number in range(1, MOST_ATTEMPTS + 1):
            async with self._turn(name):
                done = await attempt()
            if done is not None:
                return done
            if number < MOST_ATTEMPTS:
                await self._sleep(pause * self._chance())
                pause = min(_LONGEST_PAUSE, pause * 2)
        raise OperationalError(f"others change {self._what} {name} all the time")

    def _turn(self, name: str) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self._turns is None else self._turns.of(name)
