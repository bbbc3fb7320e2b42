"""Intake while Simphony is down, and how long the region then takes to make up for it."""

import time
from collections.abc import Sequence
from http import HTTPStatus

import aiohttp

from benchmarks.region import running_region
from benchmarks.report import Phase, Record, Recovery
from benchmarks.sales import Sales, Sold, selling
from benchmarks.slices import percentile

_PROPERTIES = 4
_RATE = 2.0
_AROUND_SECONDS = 30.0
_RECOVERY_SECONDS = 3600.0
_DOWN = {"kind": "refuse", "path_prefix": "/api"}
"""Simphony's own API answers 503; nobody signs in meanwhile."""


async def measure_outage(seconds: float) -> list[Record]:
    """Orders at a fixed rate: for a while, while Simphony is down for so long, and after that."""
    around = min(_AROUND_SECONDS, seconds)
    async with running_region() as region, aiohttp.ClientSession() as session:
        await region.start_storage()
        async with selling(region, _PROPERTIES) as sales:
            faults = f"{region.simphony}/sim/faults"
            before = await sales.offer(_RATE, around)
            async with session.post(faults, json=_DOWN) as answer:
                _require(answer.status, HTTPStatus.CREATED)
            during = await sales.offer(_RATE, seconds)
            async with session.delete(faults) as answer:
                _require(answer.status, HTTPStatus.NO_CONTENT)
            up_again = time.perf_counter()
            after = await sales.offer(_RATE, around)
            await sales.wait_until_quiet(_RECOVERY_SECONDS)
            recovery = time.perf_counter() - up_again
            checks = await _checks(sales, [*before, *during, *after])
    return [
        _phase("before", around, before),
        _phase("while Simphony is down", seconds, during),
        _phase("after", around, after),
        Recovery(name="until all are confirmed", orders=checks, seconds=recovery),
    ]


def _require(status: int, wanted: HTTPStatus) -> None:
    if status != wanted:
        raise RuntimeError(f"the simulator answered {status}")


async def _checks(sales: Sales, sold: Sequence[Sold]) -> int:
    """How many checks there are; RuntimeError unless each order has exactly one."""
    checks = await sales.count_checks(sold)
    if checks != len(sold):
        raise RuntimeError(f"{len(sold)} orders have {checks} checks")
    return checks


def _phase(name: str, seconds: float, sold: Sequence[Sold]) -> Phase:
    latencies = [each.accepted_after for each in sold]
    return Phase(
        name=name,
        seconds=seconds,
        accepted=len(sold),
        p50_ms=1000 * percentile(latencies, 50),
        p99_ms=1000 * percentile(latencies, 99),
    )
