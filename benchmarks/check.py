"""Whether figures are as they should be: no slower than the baseline, and as the targets say. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from pydantic import TypeAdapter

from benchmarks.report import Ratio, Report
from benchmarks.targets import NOISE, measured

COMPLETE = 0.995
"""The share of its events that a side must have published: who drops some has less to do."""

Baseline = Mapping[str, float]
"""Medians by the ratios' keys."""

BASELINE = TypeAdapter[Baseline](Baseline)
"""Its JSON."""


def find_regression(ratio: Ratio, baseline: Baseline) -> str | None:
    """How a ratio is worse than the baseline, in a line; None if it is not."""
    known = baseline.get(ratio.key)
    if known is None:
        return f"{ratio.key}: the baseline does not know it"
    if ratio.median >= known * (1 - NOISE):
        return None
    return (
        f"{ratio.key}: {ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f}), "
        f"{1 - ratio.median / known:.0%} below the baseline's {known:.2f}"
    )


def find_faults(report: Report, baseline: Baseline) -> Iterator[str]:
    """What is wrong with figures, a line each."""
    for ratio in report.ratios:
        if worse := find_regression(ratio, baseline):
            yield worse
        published = min(ratio.ours.published, ratio.other.published)
        if published < COMPLETE:
            yield f"{ratio.key}: {1 - published:.1%} of the events of a side did not arrive"
    for target, value in measured(report):
        if target.is_failed(value):
            yield f"{target.what}: {value:.2f}, to be {target}"


def lasting_faults(names: Iterable[str], ask: Callable[[str], Report], baseline: Baseline) -> list[str]:
    """What is wrong twice in a row: a machine may have a bad minute."""

    def find(name: str) -> list[str]:
        return list(find_faults(ask(name), baseline))

    return [fault for name in names if find(name) for fault in find(name)]


def updated(baseline: Baseline, ratios: Iterable[Ratio]) -> Baseline:
    """The baseline with these ratios' medians in the place of its own."""
    return dict(sorted((dict(baseline) | {each.key: round(each.median, 3) for each in ratios}).items()))
