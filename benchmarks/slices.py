"""Paired slices: both sides of a ratio back to back, in random order, many times.

A shared machine changes its speed by a factor of two within seconds, so one rate says little. The median of
ratios whose two sides ran within the same three seconds is steady to about a tenth.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from benchmarks.report import Figures, Ratio
from benchmarks.yardstick import full_speed, slowdown

Once = Callable[[], Awaitable[None]]
"""One operation of a caller."""


class Ending(NamedTuple):
    """How a slice ended."""

    at: float
    """When the last of it was done, by `time.perf_counter`."""
    published: float
    """The share of its events that arrived."""
    repeats: int = 0
    """How often an operation was refused for the moment, and done again."""


class Side(Protocol):
    """What is compared with another."""

    async def begin(self, callers: int) -> Sequence[Once]:
        """What each caller does again and again, ready to be done."""
        ...

    async def end(self, operations: int) -> Ending:
        """Wait until all that the operations began is done, and say how it went."""
        ...

    async def clear(self) -> None:
        """Take away what they left, so that the next slice does not suffer from it."""
        ...


class Gauges(Protocol):
    """What is read when a slice begins and ends."""

    def cpu(self) -> Mapping[str, float]:
        """CPU seconds that each process has used so far."""
        ...

    def take_yardstick(self) -> Sequence[float]:
        """What fixed work took each time since this was asked last, in CPU seconds."""
        ...


@dataclass(frozen=True)
class Slice:
    """One side for a moment: latencies in seconds, CPU seconds by process and of the yardstick's work."""

    seconds: float
    latencies: Sequence[float]
    cpu: Mapping[str, float]
    yardstick: Sequence[float]
    ending: Ending

    @property
    def rate(self) -> float:
        """Operations a second."""
        return len(self.latencies) / self.seconds

    @property
    def p99(self) -> float:
        """The 99th percentile of the latencies, in seconds."""
        return percentile(self.latencies, 99)


async def measure(
    ours: Side, other: Side, *, callers: int, pairs: int, seconds: float, gauges: Gauges
) -> list[tuple[Slice, Slice]]:
    """Slices of both sides in pairs, after one of each that does not count.

    A pair that misses events is void: another one is measured for it, as many more as there were to be.
    """
    for side in (ours, other):
        await _slice(side, callers, seconds, gauges)
    measured: list[tuple[Slice, Slice]] = []
    while sum(map(is_complete, measured)) < pairs and len(measured) < 2 * pairs:
        slices = {}
        for is_ours in random.sample((True, False), 2):
            slices[is_ours] = await _slice(ours if is_ours else other, callers, seconds, gauges)
        measured.append((slices[True], slices[False]))
    return measured


def is_complete(pair: tuple[Slice, Slice]) -> bool:
    """Whether all events of both sides arrived: who drops some has less to do, and is not faster for that."""
    return all(each.ending.published == 1 for each in pair)


async def _slice(side: Side, callers: int, seconds: float, gauges: Gauges) -> Slice:
    """So many callers, each beginning its next operation when its last is done."""
    operations = await side.begin(callers)
    latencies: list[float] = []
    gauges.take_yardstick()
    cpu_before = gauges.cpu()
    begun = time.perf_counter()

    async def call(once: Once) -> None:
        now = time.perf_counter()
        while now < begun + seconds:
            await once()
            then, now = now, time.perf_counter()
            latencies.append(now - then)

    await asyncio.gather(*map(call, operations))
    ending = await side.end(len(latencies))
    used = {name: value - cpu_before[name] for name, value in gauges.cpu().items()}
    timed = gauges.take_yardstick()
    await side.clear()
    return Slice(ending.at - begun, latencies, used, timed, ending)


def compare(
    name: str,
    callers: int,
    properties: int,
    measured: Sequence[tuple[Slice, Slice]],
    process: str = "orders",
) -> Ratio:
    """The ratio of our slices to the other side's, by complete pairs; by all if there is none."""
    pairs = [each for each in measured if is_complete(each)] or measured
    ratios = [ours.rate / other.rate for ours, other in pairs]
    full = _full_speed(pairs)
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")  # nothing beyond what was seen
    return Ratio(
        name=name,
        callers=callers,
        properties=properties,
        pairs=len(pairs),
        void=len(measured) - len(pairs),
        process=process,
        ours=_figures([ours for ours, _ in pairs], full, _published(ours for ours, _ in measured)),
        other=_figures([other for _, other in pairs], full, _published(other for _, other in measured)),
        low=low,
        median=median,
        high=high,
        p99=statistics.median(ours.p99 / other.p99 for ours, other in pairs),
    )


def _published(slices: Iterable[Slice]) -> float:
    return statistics.mean(each.ending.published for each in slices)


def _full_speed(pairs: Iterable[tuple[Slice, Slice]]) -> float:
    timed = [each for pair in pairs for one in pair for each in one.yardstick]
    return full_speed(timed) if timed else 1.0


def _figures(slices: Sequence[Slice], full: float, published: float) -> Figures:
    latencies = [latency for each in slices for latency in each.latencies]
    slow = [slowdown(each.yardstick, full) for each in slices]
    return Figures(
        rate=statistics.median(each.rate for each in slices),
        p50_ms=1000 * percentile(latencies, 50),
        p99_ms=1000 * percentile(latencies, 99),
        cpu_ms={
            name: 1000 * sum(each.cpu[name] for each in slices) / len(latencies) for name in slices[0].cpu
        },
        slowdown=statistics.mean(slow),
        full_speed_cpu_ms={
            name: 1000
            * sum(each.cpu[name] / by for each, by in zip(slices, slow, strict=True))
            / len(latencies)
            for name in slices[0].cpu
        },
        published=published,
        repeated=sum(each.ending.repeats for each in slices) / len(latencies),
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that so many of a hundred do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]
