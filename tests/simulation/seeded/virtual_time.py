"""Time that jumps to whatever is due next: an hour of waiting takes none, and a run is the same each time."""

import asyncio
import selectors
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2030, 5, 4, 9, tzinfo=UTC)
"""What clocks say when a run begins."""


class NothingLeftError(Exception):
    """Everybody waits, and nothing is due any more: they would wait for ever."""


class _NoSelector(selectors.SelectSelector):
    """Waits for nothing: what it is told to wait becomes time that has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise NothingLeftError
        self.now += max(0.0, timeout)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop without sockets and threads, whose time is virtual: `asyncio.sleep` and `timeout` go by it."""

    def __init__(self) -> None:
        self._virtual = _NoSelector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now


def run[T](main: Coroutine[object, object, T]) -> T:
    """Carry out `main` in virtual time."""
    return asyncio.run(main, loop_factory=VirtualTimeLoop)


@dataclass(frozen=True)
class SkewedClock:
    """A clock of virtual time, `ahead` of what the others say."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return START + self.ahead + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()
