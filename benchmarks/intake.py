"""Intake by HTTP against the floor: how near the order path comes to its storage's own speed."""

import itertools
from dataclasses import dataclass

from benchmarks.bench import MOST_CALLERS, Bench, running_bench
from benchmarks.report import DIRECT, GROUPED, HOST, HOT, KEPT, Ratio
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
    *(Row(KEPT, callers, 32) for callers in (8, 32)),
    *(Row(name, callers, 1) for name in (GROUPED, HOT) for callers in (8, 32, MOST_CALLERS)),
)
_INSTANCES = {HOT: 2}
"""Of the app on each side, where that is not one: together they bring more than one storage takes."""


async def measure_row(row: Row, pairs: int, seconds: float) -> Ratio:
    """Measure one ratio in a region of its own."""
    async with running_bench() as each:
        ours, other = await _sides(row, each)
        if row.name in {KEPT, HOT}:
            await each.keep_events()
        slices = await measure(ours, other, callers=row.callers, pairs=pairs, seconds=seconds, gauges=each)
    return compare(row.name, row.callers, row.properties, slices)


async def _sides(row: Row, bench: Bench) -> tuple[Side, Side]:
    if row.name in {GROUPED, HOT}:
        return await _grouped(row, bench), await _grouped(row, bench, "orders ungrouped", group_commit=False)
    region = bench.region
    port = await (region.start_host("orders") if row.name == HOST else region.start_direct("orders"))
    floor = await bench.floor(port, bench.partitions(row.properties))
    return bench.intake([port], bench.properties(row.properties)), floor


async def _grouped(row: Row, bench: Bench, name: str = "orders", *, group_commit: bool = True) -> Side:
    count, setting = _INSTANCES.get(row.name, 1), str(group_commit).lower()
    ports = await bench.region.start_instances(name, count, MUNERIS_GROUP_COMMIT=setting)
    return bench.intake(ports, bench.properties(row.properties))
