"""Paired slices: both sides of a ratio back to back, in random order, many times.

A shared machine changes its speed by a factor of two within seconds, so one rate says little. The median of
ratios whose two sides ran within the same two seconds is steady to about a tenth.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

Once = Callable[[], Awaitable[None]]
"""One operation of a side."""


@dataclass(frozen=True)
class Ratio:
    """What was measured: operations a second of both sides (medians), and the paired ratios' quartiles."""

    name: str
    callers: int
    rate: float
    floor_rate: float
    low: float
    median: float
    high: float


async def measure(
    name: str,
    side: Callable[[], Once],
    floor: Callable[[], Once],
    *,
    callers: int,
    pairs: int,
    seconds: float,
) -> Ratio:
    """Compare two sides; each slice begins with a fresh operation, so that what it fills stays small."""
    rates: list[tuple[float, float]] = []
    for _ in range(pairs):
        results: dict[bool, float] = {}
        for is_floor in random.sample((True, False), 2):
            results[is_floor] = await _slice((floor if is_floor else side)(), callers, seconds)
        rates.append((results[False], results[True]))
    ratios = [one / other for one, other in rates]
    low, median, high = statistics.quantiles(ratios, n=4)
    return Ratio(
        name,
        callers,
        statistics.median(rate for rate, _ in rates),
        statistics.median(rate for _, rate in rates),
        low,
        median,
        high,
    )


async def _slice(once: Once, callers: int, seconds: float) -> float:
    """Operations a second of so many callers, each beginning its next when its last is done."""
    begun = time.perf_counter()
    ends_at = begun + seconds

    async def caller() -> int:
        done = 0
        while time.perf_counter() < ends_at:
            await once()
            done += 1
        return done

    done: Sequence[int] = await asyncio.gather(*(caller() for _ in range(callers)))
    return sum(done) / (time.perf_counter() - begun)
