"""The questions that are measured, each by itself: `--only` names some by how their names begin."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks import growth, growth_in_memory, intake, startup, writes
from benchmarks.counts import measure_counts
from benchmarks.growth import measure_growth
from benchmarks.growth_in_memory import measure_growth_in_memory, measure_sweeps
from benchmarks.intake import measure_row
from benchmarks.life import measure_life
from benchmarks.outage import measure_outage
from benchmarks.properties import measure_property_memory
from benchmarks.report import DIRECT, GROUPED, HOST, HOT, KEPT, Ratio, Record, Startup
from benchmarks.tokens import measure_tokens

_SHORT = {DIRECT: "direct", HOST: "host", KEPT: "kept", GROUPED: "grouping", HOT: "hot"}


@dataclass(frozen=True)
class Plan:
    """How thoroughly to measure."""

    pairs: int = 9
    slice_seconds: float = 1.0
    life_seconds: float = 30.0
    counted_orders: int = 64
    most_orders: int = growth_in_memory.SIZES[-1]
    properties: int = growth_in_memory.PROPERTIES
    outage_seconds: float = 600.0
    accounts: int = 2_000


QUICK = Plan(
    pairs=3,
    slice_seconds=0.3,
    life_seconds=6.0,
    counted_orders=10,
    most_orders=10_000,
    properties=100,
    outage_seconds=30.0,
    accounts=20,
)
"""Whether it works, not what it is: its figures are noise."""

type Question = Callable[[Plan], Awaitable[Sequence[Record]]]


def _ratio(measure: Callable[[int, float], Awaitable[Ratio]]) -> Question:
    async def question(plan: Plan) -> Sequence[Record]:
        return [await measure(plan.pairs, plan.slice_seconds)]

    return question


async def _growth_in_memory(plan: Plan) -> Sequence[Record]:
    sizes = [size for size in growth_in_memory.SIZES if size <= plan.most_orders]
    return [*await measure_growth_in_memory(sizes), *await measure_sweeps(plan.properties)]


async def _properties(plan: Plan) -> Sequence[Record]:
    return [await measure_property_memory(plan.properties)]


async def _startup(_: Plan) -> Sequence[Record]:
    return [Startup(name=each.package, ms=each.ms) for each in await asyncio.to_thread(startup.measure)]


RATIOS: Mapping[str, Question] = (
    {
        f"{_SHORT[row.name]}-{row.callers}x{row.properties}": _ratio(partial(measure_row, row))
        for row in intake.ROWS
    }
    | {f"writes-{callers}": _ratio(partial(writes.measure_writes, callers)) for callers in writes.CALLERS}
    | {f"growth-{size.orders}": _ratio(partial(measure_growth, size)) for size in growth.SIZES}
)
"""One ratio each."""

CHECKED: Mapping[str, Question] = {**RATIOS, "startup": _startup, "memory-growth": _growth_in_memory}
"""Those whose figures have something to reach."""

QUESTIONS: Mapping[str, Question] = {
    **CHECKED,
    "life": lambda plan: measure_life(plan.life_seconds),
    "counts": lambda plan: measure_counts(plan.counted_orders),
    "properties": _properties,
    "outage": lambda plan: measure_outage(plan.outage_seconds),
    "tokens": lambda plan: measure_tokens(plan.accounts),
}
"""All of them, in the order in which they are asked."""


def chosen(questions: Iterable[str], only: str) -> list[str]:
    """Those whose names begin as one of the words, which commas part; all if there is none.

    Raises:
        ValueError: nothing begins as one of the words.
    """
    names, words = list(questions), tuple(filter(None, only.split(",")))
    for word in words:
        if not any(name.startswith(word) for name in names):
            raise ValueError(f"nothing of this begins with '{word}': {', '.join(names)}")
    return [name for name in names if not words or name.startswith(words)]
