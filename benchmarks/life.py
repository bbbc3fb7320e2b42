"""From accepted to confirmed with everything running: how long it takes, and what CPU and memory it needs."""

import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence

from benchmarks.processes import MemoryUse
from benchmarks.region import Region, running_region
from benchmarks.report import SATURATED, Life, Memory, Record
from benchmarks.sales import Sales, confirmed_at, seconds_to_confirm, selling
from benchmarks.slices import percentile

_PROPERTIES = 4
_RATE = 4.0
_CUSTOMERS = 32
_IDLE_SECONDS = 10.0
_QUIET_SECONDS = 120.0


async def measure_life(seconds: float) -> list[Record]:
    """Orders at a modest rate for so long, then as many as the machine takes for as long."""
    async with running_region() as region:
        await region.start_storage()
        async with selling(region, _PROPERTIES) as sales:
            idle = await _idle_cpu(region)
            memory = region.memory()
            modest = await _modest(region, sales, seconds, idle)
            busy = await _saturated(region, sales, seconds)
            return [modest, busy, *_memories(memory, region.memory())]


async def _idle_cpu(region: Region) -> Mapping[str, float]:
    """CPU seconds a second of each process that has nothing to do."""
    before = region.cpu()
    await asyncio.sleep(_IDLE_SECONDS)
    return {name: (value - before[name]) / _IDLE_SECONDS for name, value in region.cpu().items()}


async def _modest(region: Region, sales: Sales, seconds: float, idle: Mapping[str, float]) -> Life:
    before, begun = region.cpu(), time.perf_counter()
    sold = await sales.offer(_RATE, seconds)
    await sales.wait_until_quiet(_QUIET_SECONDS)
    took = time.perf_counter() - begun
    used = {name: max(0.0, value - before[name] - idle[name] * took) for name, value in region.cpu().items()}
    lives = [seconds_to_confirm(await sales.follow(each)) for each in sold]
    return _life(f"{_RATE:.0f} orders a second", lives, len(sold) / seconds, used)


async def _saturated(region: Region, sales: Sales, seconds: float) -> Life:
    """Customers who order again as soon as they are confirmed: `SATURATED`."""
    ends_at = time.time() + seconds
    confirmed: list[tuple[float, float]] = []
    codes = itertools.cycle(sales.codes)

    async def customer() -> None:
        while time.time() < ends_at:
            order = await sales.follow(await sales.sell(next(codes)))
            confirmed.append((confirmed_at(order), seconds_to_confirm(order)))

    before = region.cpu()
    customers = [asyncio.create_task(customer()) for _ in range(_CUSTOMERS)]
    await asyncio.sleep(seconds)
    used = {name: value - before[name] for name, value in region.cpu().items()}
    await asyncio.gather(*customers)
    lives = [life for at, life in confirmed if at < ends_at]
    unfinished = len(confirmed) - len(lives)
    return _life(SATURATED, lives, len(lives) / seconds, used, unfinished)


def _life(
    name: str, lives: Sequence[float], rate: float, used: Mapping[str, float], unfinished: int = 0
) -> Life:
    return Life(
        name=name,
        orders=len(lives),
        unfinished=unfinished,
        rate=rate,
        p50_s=percentile(lives, 50),
        p99_s=percentile(lives, 99),
        cpu_ms={process: 1000 * seconds / len(lives) for process, seconds in used.items()},
    )


def _memories(idle: Mapping[str, MemoryUse], loaded: Mapping[str, MemoryUse]) -> list[Memory]:
    return [
        Memory(
            name=name,
            idle_rss=idle[name].rss,
            idle_pss=idle[name].pss,
            loaded_rss=loaded[name].rss,
            loaded_pss=loaded[name].pss,
        )
        for name in idle
    ]
