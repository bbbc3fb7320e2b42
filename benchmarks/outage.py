"""Intake while Simphony is down, and how long the region then takes to make up for it."""

import time
from collections.abc import Iterable, Sequence
from http import HTTPStatus

import aiohttp

from benchmarks.region import running_region
from benchmarks.report import Phase, Record, Recovery
from benchmarks.sales import Sales, Sold, confirmed_at, selling
from benchmarks.slices import percentile

_PROPERTIES = 4
_RATE = 2.0
_AROUND_SECONDS = 30.0
_RECOVERY_SECONDS = 3600.0
_MADE_UP_FOR = "until all owed by then are confirmed"
_DOWN = {"kind": "refuse", "path_prefix": "/api"}
"""Simphony's own API answers 503 at once; nobody signs in meanwhile."""


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
            up_again = time.time()
            after = await sales.offer(_RATE, around)
            await sales.wait_until_quiet(_RECOVERY_SECONDS)
            await _require_checks(sales, [*before, *during, *after])
            confirmed = [confirmed_at(await sales.follow(each)) for each in (*before, *during)]
    return [
        _phase("before", around, before),
        _phase("while Simphony is down", seconds, during),
        _phase("after", around, after),
        recovery(confirmed, up_again),
    ]


def _require(status: int, wanted: HTTPStatus) -> None:
    if status != wanted:
        raise RuntimeError(f"the simulator answered {status}")


async def _require_checks(sales: Sales, sold: Sequence[Sold]) -> None:
    """RuntimeError unless each order has exactly one check."""
    checks = await sales.count_checks(sold)
    if checks != len(sold):
        raise RuntimeError(f"{len(sold)} orders have {checks} checks")


def recovery(confirmed: Iterable[float], up_again: float) -> Recovery:
    """Of orders placed by then: how many were still owed, and how long until the last was confirmed."""
    owed = [at - up_again for at in confirmed if at > up_again]
    return Recovery(name=_MADE_UP_FOR, orders=len(owed), seconds=max(owed, default=0.0))


def _phase(name: str, seconds: float, sold: Sequence[Sold]) -> Phase:
    latencies = [each.accepted_after for each in sold]
    return Phase(
        name=name,
        seconds=seconds,
        accepted=len(sold),
        p50_ms=1000 * percentile(latencies, 50),
        p99_ms=1000 * percentile(latencies, 99),
    )
