"""How long a queue listener waits between two polls."""

from collections.abc import Callable
from random import random

_MINIMUM_SECONDS = 0.1
_SPREAD = 0.2


class PollingBackoff:
    """Doubles from 100 ms to a maximum, each wait spread by ±20 % (RandomizedExponentialBackoffStrategy)."""

    def __init__(self, maximum_seconds: float, chance: Callable[[], float] = random) -> None:
        self._maximum = maximum_seconds
        self._chance = chance
        self._next = min(_MINIMUM_SECONDS, maximum_seconds)

    def reset(self) -> None:
        """Start again from the minimum: there was a message."""
        self._next = min(_MINIMUM_SECONDS, self._maximum)

    def next_seconds(self) -> float:
        """The next wait; never above the maximum."""
        base, self._next = self._next, min(self._next * 2, self._maximum)
        return min(base * (1 + _SPREAD * (2 * self._chance() - 1)), self._maximum)
