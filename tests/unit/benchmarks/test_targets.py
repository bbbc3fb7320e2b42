from collections.abc import Sequence

import pytest
from benchmarks.report import DIRECT, GROUPED, HOST, HOT, Ratio
from benchmarks.suite import RATIOS
from benchmarks.targets import TARGETS, Target
from tests.unit.benchmarks.records import EMPTY, ratio

LEAST = Target("speed", 0.9, at_least=True, find=lambda _: None)
MOST = Target("CPU", 1.0, at_least=False, find=lambda _: None)


@pytest.mark.parametrize(
    ("target", "values"),
    [(LEAST, [0.9, 0.89, 0.77, 0.76]), (MOST, [1.0, 1.01, 1.14, 1.16])],
)
def test_a_target_is_met_exactly_and_failed_only_beyond_the_noise(
    target: Target, values: Sequence[float]
) -> None:
    assert [target.is_met(value) for value in values] == [True, False, False, False]
    assert [target.is_failed(value) for value in values] == [False, False, False, True]


def short(key: str) -> str:
    """A ratio's name in the suite."""
    name, callers, properties = key.rsplit(", ", 2)
    first = {DIRECT: "direct", HOST: "host", GROUPED: "grouping", HOT: "hot"}[name]
    return f"{first}-{callers.split()[0]}x{properties.split()[0]}"


def test_what_has_a_target_is_measured() -> None:
    keys = [each.what.rpartition(": ")[2] for each in TARGETS if "callers" in each.what]
    assert len(keys) == 15
    assert {short(key) for key in keys} <= RATIOS.keys()


def test_each_target_finds_its_own_ratio() -> None:
    measured: list[Ratio] = [ratio(name) for name in ("direct / floor", "host / floor")]
    found = [each.what for each in TARGETS if each.find(EMPTY.updated(measured)) is not None]
    assert found == [
        "direct / floor, 8 callers, 32 properties",
        "host / floor, 8 callers, 32 properties",
        "p99 / the floor's: direct / floor, 8 callers, 32 properties",
        "CPU ms an order at full speed: direct / floor, 8 callers, 32 properties",
        "CPU ms an order as charged: direct / floor, 8 callers, 32 properties",
    ]
