"""What a replay came to, and whether it adds up. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic import BaseModel

from localcloud.replay.caller import End, Outcome
from localcloud.replay.owner import StockItem
from localcloud.replay.sample import SampleOrder
from localcloud.replay.simulator import HeldCheck

_MOST_NAMED = 5


class Report(BaseModel, frozen=True):
    """The document of `muneris replay --json`.

    `total` is what the checks of this replay sum up to; `duplicate_checks` are those beyond one for each
    confirmed order; `seconds` from the first order until all was quiet; `p50_ms` and `p99_ms` from an
    order's first request to its confirmation, null if none was confirmed.
    """

    property: str
    orders: int
    confirmed: int
    rejected: int
    failed: int
    total: str
    checks: int
    duplicate_checks: int
    seconds: float
    p50_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True)
class Result:
    """An order of the sample and how it ended."""

    order: SampleOrder
    outcome: Outcome


def summarize(
    property_code: str, results: Sequence[Result], checks: Sequence[HeldCheck], seconds: float
) -> Report:
    """Put a replay into figures."""
    ends = Counter(result.outcome.end for result in results)
    confirmed = _ids(results, "confirmed")
    with_check = confirmed & {check.order_id for check in checks}
    latencies = sorted(result.outcome.seconds for result in results if result.outcome.end == "confirmed")
    return Report(
        property=property_code,
        orders=len(results),
        confirmed=ends["confirmed"],
        rejected=ends["rejected"],
        failed=ends["failed"],
        total=f"{_sum(check.total for check in checks):.2f}",
        checks=len(checks),
        duplicate_checks=len(checks) - len(with_check),
        seconds=round(seconds, 2),
        p50_ms=_milliseconds(latencies, 50),
        p99_ms=_milliseconds(latencies, 99),
    )


def find_faults(results: Sequence[Result], checks: Sequence[HeldCheck]) -> list[str]:
    """What of the orders and their checks is not as it must be, in words."""
    faults = [
        f"{count} failed: {reason}"
        for reason, count in Counter(
            result.outcome.reason for result in results if result.outcome.end == "failed"
        ).most_common(_MOST_NAMED)
    ]
    held = Counter(check.order_id for check in checks)
    confirmed = _ids(results, "confirmed")
    faults += _named("confirmed without a check", confirmed - held.keys())
    faults += _named("on more than one check", (order for order, count in held.items() if count > 1))
    faults += _named("on a check but not confirmed", held.keys() - confirmed)
    totals = {str(result.outcome.order_id): result.order.total for result in results}
    faults += _named(
        "on a check over another amount",
        (check.order_id for check in checks if check.total != totals[check.order_id]),
    )
    return faults


def find_stock_faults(
    before: Mapping[str, StockItem], after: Mapping[str, StockItem], sold: Mapping[str, int]
) -> list[str]:
    """Which stock items did not move by what was sold, or are held by more or less than before."""
    faults = []
    for sku, item in before.items():
        now = after.get(sku)
        expected = item.on_hand - sold.get(sku, 0)
        if now is None:
            faults.append(f"stock item {sku} is gone")
        elif (now.on_hand, now.held) != (expected, item.held):
            faults.append(
                f"stock item {sku}: {now.on_hand} on hand and {now.held} held, "
                f"expected {expected} and {item.held}"
            )
    return faults


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile of at least one value in ascending order."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def _milliseconds(seconds: Sequence[float], percent: int) -> float | None:
    return round(percentile(seconds, percent) * 1000, 1) if seconds else None


def _ids(results: Iterable[Result], end: End) -> set[str]:
    return {str(result.outcome.order_id) for result in results if result.outcome.end == end}


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _named(what: str, order_ids: Iterable[str]) -> list[str]:
    found = sorted(order_ids)
    return [f"{len(found)} {what}: {', '.join(found[:_MOST_NAMED])}"] if found else []
