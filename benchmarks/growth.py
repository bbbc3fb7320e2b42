"""Intake once a table is large, against the floor at that size."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched

from benchmarks.bare import BareStorage, Template
from benchmarks.bench import running_bench
from benchmarks.report import DIRECT, Ratio
from benchmarks.slices import compare, measure
from muneris.core.ids import new_uuid7

_CALLERS = 8
_ROWS_A_TRANSACTION = 100
_WRITERS = 4
_ONCE = timedelta(days=1)


@dataclass(frozen=True)
class Size:
    """So many orders that are at rest, spread over so many properties."""

    orders: int
    properties: int
    slice_factor: float = 1
    """How much longer its slices are than others'."""
    most_pairs: int = 9

    @property
    def name(self) -> str:
        """As a ratio's name."""
        return f"{DIRECT}, {self.orders:,} orders there"


SIZES = (Size(10_000, 1), Size(100_000, 100, slice_factor=10, most_pairs=5))
"""The emulator saves all that it holds every 5 s, which takes more than one of them at the larger size: such
slices must be long enough to have their share of that, and then fewer are enough."""


async def measure_growth(size: Size, pairs: int, seconds: float) -> Ratio:
    """Both sides write to the same partitions."""
    async with running_bench() as each:
        port = await each.region.start_direct("orders")
        codes = await each.restaurants.open(size.properties)
        await _fill(each.storage, await each.learn(port), codes, size.orders // size.properties)

        async def filled() -> Sequence[str]:
            return codes

        ours, floor = each.intake([port], filled), await each.floor(port, filled)
        slices = await measure(
            ours,
            floor,
            callers=_CALLERS,
            pairs=min(pairs, size.most_pairs),
            seconds=seconds * size.slice_factor,
            gauges=each,
        )
    return compare(size.name, _CALLERS, size.properties, slices)


async def _fill(storage: BareStorage, template: Template, codes: Sequence[str], orders: int) -> None:
    """Leave so many orders of yesterday at each property."""
    at = datetime.now(UTC) - _ONCE
    keys = (new_uuid7(at + timedelta(milliseconds=number)) for number in range(orders))
    transactions = [
        (code, some) for some in batched(keys, _ROWS_A_TRANSACTION, strict=False) for code in codes
    ]
    waiting = iter(transactions)

    async def write() -> None:
        for code, some in waiting:
            await storage.transact(template.settled(code, some))

    await asyncio.gather(*(write() for _ in range(_WRITERS)))
