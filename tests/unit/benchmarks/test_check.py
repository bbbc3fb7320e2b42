import pytest
from benchmarks.check import find_regression, find_unevenness, regressions, updated
from benchmarks.report import Record
from tests.unit.benchmarks.records import growth, ratio

KEY = "direct / floor, 8 callers, 32 properties"


@pytest.mark.parametrize("median", [0.85, 0.9, 1.0, 3.0])
def test_a_ratio_within_fifteen_percent_of_the_baseline_or_above_it_passes(median: float) -> None:
    assert find_regression(ratio(median=median), {KEY: 1.0}) is None


def test_a_ratio_more_than_fifteen_percent_below_the_baseline_is_said_in_one_line() -> None:
    found = find_regression(ratio(median=0.84), {KEY: 1.0})
    assert found == f"{KEY}: 0.84 (0.79 to 0.89), 16% below the baseline's 1.00"


def test_a_ratio_that_the_baseline_lacks_passes() -> None:
    assert find_regression(ratio(median=0.01), {"another": 1.0}) is None


def test_what_is_worse_twice_in_a_row_fails() -> None:
    measured = iter([ratio(median=0.5), ratio(median=0.6)])
    found = regressions(["direct-8x32"], lambda _: [next(measured)], {KEY: 1.0})
    assert found == [f"{KEY}: 0.60 (0.55 to 0.65), 40% below the baseline's 1.00"]


def test_what_is_worse_once_and_not_again_passes() -> None:
    measured = iter([ratio(median=0.5), ratio(median=0.9)])
    assert regressions(["direct-8x32"], lambda _: [next(measured)], {KEY: 1.0}) == []


def test_what_is_good_is_measured_once() -> None:
    asked: list[str] = []

    def ask(name: str) -> list[Record]:
        asked.append(name)
        return [ratio(median=0.9)]

    assert regressions(["direct-8x1", "direct-8x32"], ask, {KEY: 1.0}) == []
    assert asked == ["direct-8x1", "direct-8x32"]


def test_a_saved_baseline_keeps_the_ratios_that_were_not_measured() -> None:
    baseline = {"another": 1.0, KEY: 0.5}
    assert updated(baseline, [ratio(median=0.91234)]) == {"another": 1.0, KEY: 0.912}


def test_costs_that_do_not_grow_by_a_tenth_are_flat() -> None:
    assert list(find_unevenness([growth(1_000_000, calls=20.8, rows=35), growth(1_000)])) == []


def test_costs_that_grow_are_said_by_what_grows() -> None:
    uneven = find_unevenness([growth(1_000, calls=10, rows=10), growth(100_000, calls=10.9, rows=12)])
    assert list(uneven) == ["a whole life, 100000 orders: 12.0 rows, 20% more than at 1,000"]


def test_different_things_are_not_compared() -> None:
    sweep = growth(2_000, calls=2_000, rows=2_000).model_copy(update={"name": "a sweep"})
    assert list(find_unevenness([growth(1_000), sweep])) == []
