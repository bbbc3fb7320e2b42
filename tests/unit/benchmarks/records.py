"""Made-up measurements."""

from datetime import date

from benchmarks.report import Figures, Growth, Ratio, Report

EMPTY = Report(measured_on=date(2030, 5, 4), machine="two cores")


def figures(rate: float = 100.0, published: float = 1.0, repeated: float = 0.0) -> Figures:
    return Figures(
        rate=rate,
        p50_ms=5.0,
        p99_ms=20.0,
        cpu_ms={"orders": 0.8, "load": 0.4},
        full_speed_cpu_ms={"orders": 0.6, "load": 0.3},
        published=published,
        repeated=repeated,
    )


def ratio(
    name: str = "direct / floor", median: float = 0.9, callers: int = 8, ours: Figures | None = None
) -> Ratio:
    return Ratio(
        name=name,
        callers=callers,
        properties=32,
        pairs=9,
        ours=ours or figures(90),
        other=figures(100),
        low=median - 0.05,
        median=median,
        high=median + 0.05,
        p99=1.5,
    )


def growth(orders: int, calls: float = 19.0, rows: float = 32.0) -> Growth:
    return Growth(name="a whole life", orders=orders, calls=calls, rows=rows)
