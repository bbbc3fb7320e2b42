from collections.abc import Iterator

import pytest
from benchmarks.check import find_faults, find_regression, lasting_faults, updated
from benchmarks.report import Report
from tests.unit.benchmarks.records import EMPTY, figures, growth, ratio

KEY = "direct / floor, 8 callers, 32 properties"
BASELINE = {KEY: 1.0}


@pytest.mark.parametrize("median", [0.85, 0.9, 1.0, 3.0])
def test_a_ratio_within_fifteen_percent_of_the_baseline_or_above_it_passes(median: float) -> None:
    assert find_regression(ratio(median=median), BASELINE) is None


def test_a_ratio_more_than_fifteen_percent_below_the_baseline_is_said_in_one_line() -> None:
    found = find_regression(ratio(median=0.84), BASELINE)
    assert found == f"{KEY}: 0.84 (0.79 to 0.89), 16% below the baseline's 1.00"


def test_a_ratio_that_the_baseline_lacks_does_not_pass_unseen() -> None:
    assert find_regression(ratio(), {"another": 1.0}) == f"{KEY}: the baseline does not know it"


def test_a_build_that_drops_events_does_not_pass_as_a_faster_one() -> None:
    dropping = ratio(median=2.0, ours=figures(published=0.994))
    assert list(find_faults(EMPTY.updated([dropping]), BASELINE)) == [
        f"{KEY}: 0.6% of the events of a side did not arrive"
    ]
    assert list(find_faults(EMPTY.updated([ratio(ours=figures(published=0.995))]), BASELINE)) == []


def test_a_target_that_is_missed_by_more_than_noise_is_a_fault_whatever_the_baseline_says() -> None:
    assert list(find_faults(EMPTY.updated([ratio(median=0.77)]), {KEY: 0.5})) == []
    assert list(find_faults(EMPTY.updated([ratio(median=0.76)]), {KEY: 0.5})) == [
        f"{KEY}: 0.76, to be at least 0.9"
    ]


def test_what_is_wrong_twice_in_a_row_fails() -> None:
    measured = iter([ratio(median=0.8), ratio(median=0.79)])
    found = lasting_faults(["direct-8x32"], lambda _: EMPTY.updated([next(measured)]), BASELINE)
    assert found == [f"{KEY}: 0.79 (0.74 to 0.84), 21% below the baseline's 1.00"]


def test_what_is_wrong_once_and_not_again_passes() -> None:
    measured = iter([ratio(median=0.5), ratio(median=0.9)])
    assert lasting_faults(["direct-8x32"], lambda _: EMPTY.updated([next(measured)]), BASELINE) == []


def test_what_is_good_is_measured_once() -> None:
    asked: list[str] = []

    def ask(name: str) -> Report:
        asked.append(name)
        return EMPTY.updated([ratio(median=0.9)])

    assert lasting_faults(["direct-8x1", "direct-8x32"], ask, BASELINE) == []
    assert asked == ["direct-8x1", "direct-8x32"]


def test_a_saved_baseline_keeps_the_ratios_that_were_not_measured() -> None:
    baseline = {"another": 1.0, KEY: 0.5}
    assert updated(baseline, [ratio(median=0.91234)]) == {"another": 1.0, KEY: 0.912}


def of_growth(*, calls: float, rows: float) -> Iterator[str]:
    return find_faults(EMPTY.updated([growth(1_000_000, calls, rows), growth(1_000, 10, 10)]), {})


def test_costs_that_do_not_grow_by_a_tenth_are_flat() -> None:
    assert list(of_growth(calls=11, rows=10.9)) == []


def test_costs_that_grow_by_more_are_a_fault_without_any_tolerance() -> None:
    assert list(of_growth(calls=10, rows=11.1)) == [
        "rows of a life, at most / after the fewest orders: 1.11, to be at most 1.1"
    ]


def test_different_things_are_not_compared() -> None:
    sweep = growth(2_000, calls=2_000, rows=2_000).model_copy(update={"name": "a sweep"})
    assert list(find_faults(EMPTY.updated([growth(1_000), sweep]), {})) == []
