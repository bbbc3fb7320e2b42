"""Virtual time with sockets: both ends of a connection are in this process, so nothing is ever on its way."""

import asyncio
import selectors
from collections.abc import Coroutine

from tests.simulation.seeded.virtual_time import NothingLeftError


class _Loopback(selectors.DefaultSelector):
    """What a loop is told to wait becomes time that has passed, unless something can be read or written."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise NothingLeftError
        self.now += max(0.0, timeout)
        return []


class LoopbackTimeLoop(asyncio.SelectorEventLoop):
    """A loop whose time is virtual, with connections within this process."""

    def __init__(self) -> None:
        self._loopback = _Loopback()
        super().__init__(self._loopback)

    def time(self) -> float:
        return self._loopback.now


def run[T](main: Coroutine[object, object, T]) -> T:
    """Carry out `main` in virtual time."""
    return asyncio.run(main, loop_factory=LoopbackTimeLoop)
