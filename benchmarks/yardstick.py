"""How fast the machine is while something is measured: the same small work, timed on each core in turn.

The kernel charges a process the time that it ran, not what it got done: the same order is charged twice as
much while a shared core runs at half its speed. CPU time is what is taken, so that waiting is no matter.
"""

import asyncio
import os
import statistics
import sys
import time
from array import array
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_PAUSE_SECONDS = 0.03
_STEPS = 2_000
"""Less than a millisecond: some two hundredths of a core in all."""
_TENTH = 10


class Yardstick:
    """Reads what its process has timed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = 0

    def take(self) -> Sequence[float]:
        """CPU seconds that the work took, each time since this was asked last."""
        timed = array("d", self._file.read_bytes()[self._read :])
        self._read += len(timed) * timed.itemsize
        return timed.tolist()


def full_speed(timed: Iterable[float]) -> float:
    """What the work takes at the machine's full speed: the fastest tenth takes no longer."""
    ranked = sorted(timed)
    return ranked[(len(ranked) - 1) // _TENTH]


def slowdown(timed: Sequence[float], full: float) -> float:
    """How many times longer than at full speed the work took; 1 if it was not timed."""
    return statistics.mean(timed) / full if timed else 1.0


@asynccontextmanager
async def running_yardstick() -> AsyncIterator[Yardstick]:
    """A process of its own: what is measured must not wait for it."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "timed"
        file.touch()
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, str(file))
        try:
            yield Yardstick(file)
        finally:
            process.kill()
            await process.wait()


def _work() -> float:
    begun = time.thread_time()
    counts: dict[str, int] = {}
    for number in range(_STEPS):
        name = str(number & 255)
        counts[name] = counts.get(name, 0) + number
    return time.thread_time() - begun


def _time_forever(file: Path) -> None:
    cores = sorted(os.sched_getaffinity(0))
    with file.open("ab", buffering=0) as timed:
        while True:
            for core in cores:
                os.sched_setaffinity(0, {core})
                timed.write(array("d", [_work()]).tobytes())
                time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    _time_forever(Path(sys.argv[1]))
