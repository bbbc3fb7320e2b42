"""Whether figures are as they should be: no slower than the committed baseline, flat as orders grow. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pydantic import TypeAdapter

from benchmarks.report import Growth, Ratio, Record

TOLERATED = 0.15
"""How much lower a ratio may be. Medians of nine pairs scatter by five to ten percent on a shared machine."""

FLAT = 0.10
"""How much more an order may cost after many others than after the fewest."""

Baseline = Mapping[str, float]
"""Medians by the ratios' keys."""

BASELINE = TypeAdapter[Baseline](Baseline)
"""Its JSON."""


def find_regression(ratio: Ratio, baseline: Baseline) -> str | None:
    """What is wrong with a ratio, in a line; None if nothing is, or nothing is known of it."""
    known = baseline.get(ratio.key)
    if known is None or ratio.median >= known * (1 - TOLERATED):
        return None
    return (
        f"{ratio.key}: {ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f}), "
        f"{1 - ratio.median / known:.0%} below the baseline's {known:.2f}"
    )


def regressions(
    names: Iterable[str], ask: Callable[[str], Iterable[Record]], baseline: Baseline
) -> list[str]:
    """What is worse than the baseline twice in a row: a machine may have a bad minute."""

    def find(name: str) -> str | None:
        ratios = [each for each in ask(name) if isinstance(each, Ratio)]
        return next(filter(None, (find_regression(each, baseline) for each in ratios)), None)

    return [again for name in names if find(name) and (again := find(name))]


def updated(baseline: Baseline, ratios: Iterable[Ratio]) -> Baseline:
    """The baseline with these ratios' medians in the place of its own."""
    return dict(sorted((dict(baseline) | {each.key: round(each.median, 3) for each in ratios}).items()))


def find_unevenness(growths: Sequence[Growth]) -> Iterator[str]:
    """What costs more the more orders there are, a line each."""
    smallest: dict[str, Growth] = {}
    for each in sorted(growths, key=lambda growth: growth.orders):
        first = smallest.setdefault(each.name, each)
        for unit, before, after in (("calls", first.calls, each.calls), ("rows", first.rows, each.rows)):
            if after > before * (1 + FLAT):
                more = f"{after / before - 1:.0%} more than at {first.orders:,}"
                yield f"{each.key}: {after:.1f} {unit}, {more}"
