"""Intake by HTTP against the floor: how near the order path comes to its storage's own speed."""

import itertools
from dataclasses import dataclass

from benchmarks.bench import MOST_CALLERS, Bench, running_bench
from benchmarks.report import DIRECT, GROUPED, HOST, Ratio
from benchmarks.slices import Side, compare, measure


@dataclass(frozen=True)
class Row:
    """One ratio to measure: who is compared, how many call at once, at how many properties."""

    name: str
    callers: int
    properties: int


ROWS = (
    *(
        Row(name, *size)
        for name in (DIRECT, HOST)
        for size in itertools.product((1, 8, 32, MOST_CALLERS), (1, 32))
    ),
    *(Row(GROUPED, callers, 1) for callers in (8, 32, MOST_CALLERS)),
)


async def measure_row(row: Row, pairs: int, seconds: float) -> Ratio:
    """Measure one ratio in a region of its own."""
    async with running_bench() as each:
        ours, other = await _sides(row, each)
        slices = await measure(ours, other, callers=row.callers, pairs=pairs, seconds=seconds, gauges=each)
    return compare(row.name, row.callers, row.properties, slices)


async def _sides(row: Row, bench: Bench) -> tuple[Side, Side]:
    region = bench.region
    port = await (region.start_host("orders") if row.name == HOST else region.start_direct("orders"))
    ours = bench.intake(port, bench.properties(row.properties))
    if row.name == GROUPED:
        ungrouped = await region.start_direct("orders ungrouped", MUNERIS_GROUP_COMMIT="false")
        return ours, bench.intake(ungrouped, bench.properties(row.properties))
    return ours, await bench.floor(port, bench.partitions(row.properties))
