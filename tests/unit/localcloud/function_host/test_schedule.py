from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.function_host.schedule import Schedule, ScheduleError

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 */5 * * * *", datetime(2026, 1, 1, 12, 5, tzinfo=UTC)),
        ("*/5 * * * *", datetime(2026, 1, 1, 12, 5, tzinfo=UTC)),
        ("*/5 * * * * *", datetime(2026, 1, 1, 12, 0, 5, tzinfo=UTC)),
        ("0 30 9 * * Mon-Fri", datetime(2026, 1, 2, 9, 30, tzinfo=UTC)),
        ("0 0 0 1 * 1", datetime(2026, 6, 1, tzinfo=UTC)),  # the first of a month that is a Monday
    ],
)
def test_next_occurrence(expression: str, expected: datetime) -> None:
    assert Schedule(expression).after(NOON) == expected


@pytest.mark.parametrize("expression", ["", "00:05:00", "* * * *", "60 * * * * *", "@daily", "a b c d e f"])
def test_refuses_what_is_no_schedule(expression: str) -> None:
    with pytest.raises(ScheduleError, match="is no schedule: write"):
        Schedule(expression)


@pytest.mark.parametrize(
    ("expression", "is_short"), [("*/30 * * * * *", True), ("0 * * * * *", False), ("0 0 * * * *", False)]
)
def test_short_periods(expression: str, is_short: bool) -> None:  # noqa: FBT001 - a table of expectations
    assert Schedule(expression).is_short(NOON) is is_short


@given(st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1)), st.integers(1, 59))  # noqa: DTZ001 - made aware below
def test_an_occurrence_is_always_later_and_none_is_skipped(moment: datetime, seconds: int) -> None:
    moment = moment.replace(tzinfo=UTC)
    after = Schedule(f"*/{seconds} * * * * *").after(moment)
    assert timedelta(0) < after - moment <= timedelta(seconds=60)
    assert after.second % seconds == 0
