"""The one retry policy: jittered, bounded in attempts and by a deadline."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from muneris.core.operational import OperationalError


@dataclass(frozen=True)
class RetryPolicy:
    """How often, how long and how patiently an operation is tried.

    All times are in seconds. `attempt_seconds` bounds one try, `deadline_seconds` all of them with their
    pauses. Pauses grow exponentially with full jitter, so that callers who failed together do not come
    back together.
    """

    attempts: int = 5
    attempt_seconds: float = 5.0
    deadline_seconds: float = 12.0
    first_pause: float = 0.1
    longest_pause: float = 2.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    monotonic: Callable[[], float] = time.monotonic

    async def run[T](self, attempt: Callable[[], Awaitable[T]]) -> T:
        """The first answer of `attempt`; operational faults and time-outs are tried again.

        Raises:
            OperationalError: the last fault, once attempts or the deadline are used up.
        """
        ends_at = self.monotonic() + self.deadline_seconds
        for number in range(1, self.attempts + 1):
            try:
                return await self._once(attempt, ends_at)
            except OperationalError:
                pause = self.chance() * min(self.longest_pause, self.first_pause * 2 ** (number - 1))
                if number == self.attempts or self.monotonic() + pause >= ends_at:
                    raise
            await self.sleep(pause)
        raise AssertionError("a policy has at least one attempt")

    async def _once[T](self, attempt: Callable[[], Awaitable[T]], ends_at: float) -> T:
        seconds = min(self.attempt_seconds, ends_at - self.monotonic())
        try:
            async with asyncio.timeout(seconds):
                return await attempt()
        except TimeoutError as error:
            raise OperationalError(f"no answer within {seconds:.1f} s") from error
