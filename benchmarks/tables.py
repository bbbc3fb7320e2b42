"""The report as tables of text, for a terminal and for the documentation. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.bill import bill
from benchmarks.prices import PRICES
from benchmarks.report import SATURATED, TOGETHER, Life, Ratio, Report
from benchmarks.targets import measured

_APPS = ("orders", "inventory")
_NEGLIGIBLE = 0.005


@dataclass(frozen=True)
class Table:
    """A title, the names of the columns, and their texts."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(report: Report) -> list[Table]:
    """Every table that has rows."""
    return [table for table in _tables(report) if table.rows]


def _tables(report: Report) -> Iterator[Table]:
    yield _targets(report)
    yield _ratios(report.ratios)
    yield _lives(report.lives)
    yield _by_name(
        "CPU milliseconds an order, by process", {life.name: life.cpu_ms for life in report.lives}, "{:.2f}"
    )
    yield _by_name("Operations", {wire.name: wire.counts for wire in report.wires}, "{:g}")
    yield from _costs(report)
    yield Table(
        "Growth, counted in memory",
        ("what", "orders or properties", "calls", "rows"),
        [(each.name, f"{each.orders:,}", f"{each.calls:.1f}", f"{each.rows:.1f}") for each in report.growths],
    )
    yield Table(
        "Intake and an outage of Simphony",
        ("", "seconds", "accepted", "p50 ms", "p99 ms"),
        [
            (each.name, f"{each.seconds:.0f}", str(each.accepted), f"{each.p50_ms:.1f}", f"{each.p99_ms:.1f}")
            for each in report.phases
        ]
        + [(each.name, f"{each.seconds:.0f}", str(each.orders), "", "") for each in report.recoveries],
    )
    yield Table(
        "Tokens of Oracle accounts in three regions",
        ("", "accounts", "seconds for all", "an account: calls to its own region", "to the others", "CPU ms"),
        [
            (
                each.name,
                f"{each.accounts:,}",
                f"{each.seconds:.0f}",
                *(f"{figure:.1f}" for figure in (each.own_calls, each.other_calls, each.cpu_ms)),
            )
            for each in report.replications
        ],
    )
    yield Table(
        "Memory in MiB",
        ("process", "RSS at rest", "PSS at rest", "RSS after load", "PSS after load"),
        [
            (
                each.name,
                *(f"{mib:.0f}" for mib in (each.idle_rss, each.idle_pss, each.loaded_rss, each.loaded_pss)),
            )
            for each in report.memories
        ],
    )
    yield Table(
        "Milliseconds of starting the orders app: CPU of everything, wall time by package",
        ("package", "ms"),
        [(each.name, f"{each.ms:.0f}") for each in report.startups],
    )


def _targets(report: Report) -> Table:
    rows = [
        (target.what, str(target), f"{value:.2f}", "yes" if target.is_met(value) else "no")
        for target, value in measured(report)
    ]
    return Table("Targets", ("what", "target", "measured", "met"), rows)


def _ratios(ratios: Iterable[Ratio]) -> Table:
    columns = (
        "ratio", "callers", "properties", "pairs", "median (quartiles)", "orders/s", "p50 / p99 ms",
        "other/s", "other p50 / p99 ms", "p99 ratio", "CPU ms", "at full speed", "of",
    )  # fmt: skip
    return Table("Intake", columns, [_ratio(each) for each in ratios])


def _ratio(ratio: Ratio) -> Sequence[str]:
    ours, other = ratio.ours, ratio.other
    return (
        ", ".join((ratio.name, *_remarks(ratio))),
        str(ratio.callers),
        str(ratio.properties),
        str(ratio.pairs),
        f"{ratio.median:.2f} ({ratio.low:.2f}-{ratio.high:.2f})",
        f"{ours.rate:.0f}",
        f"{ours.p50_ms:.1f} / {ours.p99_ms:.1f}",
        f"{other.rate:.0f}",
        f"{other.p50_ms:.1f} / {other.p99_ms:.1f}",
        f"{ratio.p99:.1f}",
        f"{ours.cpu_ms[ratio.process]:.2f}",
        f"{ours.full_speed_cpu_ms[ratio.process]:.2f}" if ours.full_speed_cpu_ms else "",
        ratio.process,
    )


def _remarks(ratio: Ratio) -> Iterator[str]:
    if ratio.void:
        yield f"{ratio.void} pairs void"
    if ratio.ours.published < 1 - _NEGLIGIBLE:
        yield f"{1 - ratio.ours.published:.0%} of events left to the sweeper"
    if ratio.ours.repeated > _NEGLIGIBLE:
        yield f"{ratio.ours.repeated:.1%} answered 503 first"


def _lives(lives: Iterable[Life]) -> Table:
    rows = [
        (
            each.name,
            str(each.orders),
            str(each.unfinished),
            f"{each.rate:.1f}",
            f"{each.p50_s:.2f}",
            f"{each.p99_s:.2f}",
        )
        for each in lives
    ]
    columns = ("load", "orders", "under way at the end", "orders/s", "p50 s", "p99 s")
    return Table("From accepted to confirmed", columns, rows)


def _by_name(title: str, columns: Mapping[str, Mapping[str, float]], form: str) -> Table:
    """A row for every name that any column has."""
    names = sorted({name for values in columns.values() for name in values})
    rows = [
        (name, *(form.format(values[name]) if name in values else "" for values in columns.values()))
        for name in names
    ]
    return Table(title, ("", *columns), rows)


def _costs(report: Report) -> Iterator[Table]:
    """The bill of orders that come many at once, and the prices."""
    wire = next((each for each in report.wires if each.name == TOGETHER), None)
    life = report.find_life(SATURATED)
    if wire is None or life is None:
        return
    cpu_seconds = sum(life.cpu_ms.get(app, 0) for app in _APPS) / 1000
    lines = bill(wire.counts, cpu_seconds)
    rows = [(each.price.name, f"{each.units:.2f}", f"{each.usd:.2f}") for each in lines]
    total = ("together", "", f"{sum(each.usd for each in lines):.2f}")
    yield Table("A million orders on Azure", ("meter", "units an order", "US dollars"), [*rows, total])
    yield Table(
        "Prices",
        ("meter", "US dollars", "for", "of", "source"),
        [(each.name, f"{each.usd:g}", f"{each.per:,}", f"{each.as_of}", each.source) for each in PRICES],
    )
