"""What the order path has to reach, whatever the baseline says. Pure."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.report import (
    A_LIFE,
    DIRECT,
    EVERYTHING,
    GROUPED,
    HOST,
    HOT,
    Growth,
    Ratio,
    Report,
    ratio_key,
)

NOISE = 0.15
"""How far a figure may miss a target or the baseline before a check fails: so much is a shared machine's."""

type Find = Callable[[Report], float | None]
"""Finds a figure in a report; None: it was not measured."""


@dataclass(frozen=True)
class Target:
    """A figure that has to be at least, or at most, so much."""

    what: str
    bound: float
    at_least: bool
    find: Find
    noise: float = NOISE

    def is_met(self, value: float) -> bool:
        """Whether a figure reaches it."""
        return value >= self.bound if self.at_least else value <= self.bound

    def is_failed(self, value: float) -> bool:
        """Whether a figure misses it by more than its noise."""
        if self.at_least:
            return value < self.bound * (1 - self.noise)
        return value > self.bound * (1 + self.noise)

    def __str__(self) -> str:
        return f"at {'least' if self.at_least else 'most'} {self.bound:g}"


def measured(report: Report) -> Iterator[tuple[Target, float]]:
    """The targets whose figures a report has, with those."""
    for target in TARGETS:
        value = target.find(report)
        if value is not None:
            yield target, value


def _median(name: str, callers: int, properties: int, bound: float, noise: float = NOISE) -> Target:
    key = ratio_key(name, callers, properties)
    return Target(key, bound, at_least=True, find=_of_ratio(key, lambda ratio: ratio.median), noise=noise)


def _of_served_app(
    what: str, callers: int, bound: float, figure: Callable[[Ratio], float | None], noise: float = NOISE
) -> Target:
    key = ratio_key(DIRECT, callers, _PROPERTIES)
    return Target(f"{what}: {key}", bound, at_least=False, find=_of_ratio(key, figure), noise=noise)


def _flat(what: str, figure: Callable[[Growth], float]) -> Target:
    """No noise: it is counted."""
    name = f"{what} of a life, at most / after the fewest orders"
    return Target(name, 1.1, at_least=False, find=partial(_growing, figure), noise=0)


def _of_ratio(key: str, figure: Callable[[Ratio], float | None]) -> Find:
    def find(report: Report) -> float | None:
        return next((figure(each) for each in report.ratios if each.key == key), None)

    return find


def _starting(report: Report) -> float | None:
    return next((each.ms for each in report.startups if each.name == EVERYTHING), None)


def _growing(figure: Callable[[Growth], float], report: Report) -> float | None:
    lives = sorted((each for each in report.growths if each.name == A_LIFE), key=lambda each: each.orders)
    return max(map(figure, lives)) / figure(lives[0]) if lives else None


_PROPERTIES = 32

TARGETS: Sequence[Target] = (
    *(_median(DIRECT, callers, _PROPERTIES, 0.9) for callers in (8, 32)),
    *(_median(HOST, callers, _PROPERTIES, 0.7) for callers in (8, 32)),
    *(_median(HOT, callers, 1, 1.5) for callers in (32, 128)),
    _median(HOT, 8, 1, 1.5, math.inf),  # too few of them meet at one instance
    *(_median(GROUPED, callers, 1, 1.5, math.inf) for callers in (8, 32, 128)),  # one instance is the limit
    _of_served_app("p99 / the floor's", 8, 3.0, lambda ratio: ratio.p99),
    *(
        _of_served_app(
            "CPU ms an order at full speed",
            callers,
            1.0,
            lambda ratio: ratio.ours.full_speed_cpu_ms.get(ratio.process),
        )
        for callers in (8, 32)
    ),
    *(
        _of_served_app(
            "CPU ms an order as charged",
            callers,
            1.0,
            lambda ratio: ratio.ours.cpu_ms[ratio.process],
            noise=math.inf,  # what the kernel charges at half speed is not the app's fault
        )
        for callers in (8, 32)
    ),
    Target("CPU ms of starting the orders app", 800.0, at_least=False, find=_starting),
    _flat("calls", lambda growth: growth.calls),
    _flat("rows", lambda growth: growth.rows),
)
"""All of them."""
