"""When a property is open: past midnight, and on days that daylight saving makes longer or shorter."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from muneris.config.ordering import WEEKDAYS, Opening, Weekday
from muneris.core.clock import from_rfc3339
from muneris.orders.intake.hours import Hours, find_opening, is_open

COPENHAGEN = "Europe/Copenhagen"
ZONES = (COPENHAGEN, "Europe/Dublin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Auckland")
INSTANT = timedelta(microseconds=1)


def hours(**days: str) -> Hours:
    """Of `sat="18:00-02:00 11:00-14:00"`."""
    return {
        weekday: tuple(_opening(*each.split("-")) for each in days[weekday].split())
        for weekday in WEEKDAYS
        if weekday in days
    }


def _opening(opens: str, closes: str) -> Opening:
    return Opening(opens=opens, closes=closes)


@pytest.mark.parametrize(
    ("open_hours", "opens_at", "closes_at"),
    [
        (hours(sat="11:30-15:00"), "2030-05-04T09:30:00Z", "2030-05-04T13:00:00Z"),
        (hours(sat="18:00-02:00"), "2030-05-04T16:00:00Z", "2030-05-05T00:00:00Z"),
        (hours(sat="18:00-00:00"), "2030-05-04T16:00:00Z", "2030-05-04T22:00:00Z"),
        (hours(sat="00:00-00:00"), "2030-05-03T22:00:00Z", "2030-05-04T22:00:00Z"),
        (hours(sat="11:00-12:00 12:00-13:00"), "2030-05-04T09:00:00Z", "2030-05-04T11:00:00Z"),
        (hours(sat="18:00-02:00", sun="02:00-03:00"), "2030-05-04T16:00:00Z", "2030-05-05T01:00:00Z"),
        # The clock goes from 2:00 to 3:00 on Sunday 31 March, and from 3:00 to 2:00 on Sunday 27 October.
        (hours(sat="18:00-04:00"), "2030-03-30T17:00:00Z", "2030-03-31T02:00:00Z"),
        (hours(sat="18:00-04:00"), "2030-10-26T16:00:00Z", "2030-10-27T03:00:00Z"),
        (hours(sun="02:30-06:00"), "2030-03-31T01:30:00Z", "2030-03-31T04:00:00Z"),
        (hours(sun="02:30-06:00"), "2030-10-27T00:30:00Z", "2030-10-27T05:00:00Z"),
        (hours(sat="18:00-02:30"), "2030-10-26T16:00:00Z", "2030-10-27T00:30:00Z"),
        (hours(sun="00:00-00:00"), "2030-03-30T23:00:00Z", "2030-03-31T22:00:00Z"),
        (hours(sun="00:00-00:00"), "2030-10-26T22:00:00Z", "2030-10-27T23:00:00Z"),
    ],
)
def test_it_is_open_from_the_first_moment_and_no_longer_at_the_last(
    open_hours: Hours, opens_at: str, closes_at: str
) -> None:
    first, last = from_rfc3339(opens_at), from_rfc3339(closes_at)
    assert not is_open(open_hours, COPENHAGEN, first - INSTANT)
    assert is_open(open_hours, COPENHAGEN, first)
    assert is_open(open_hours, COPENHAGEN, first + (last - first) / 2)
    assert is_open(open_hours, COPENHAGEN, last - INSTANT)
    assert not is_open(open_hours, COPENHAGEN, last)
    assert find_opening(open_hours, COPENHAGEN, first - INSTANT) == first


def test_an_opening_that_daylight_saving_skips_comes_a_week_later() -> None:
    skipped = hours(sun="02:30-03:00")
    assert find_opening(skipped, COPENHAGEN, from_rfc3339("2030-03-29T12:00:00Z")) == from_rfc3339(
        "2030-04-07T00:30:00Z"
    )


def test_without_hours_it_is_always_open() -> None:
    assert is_open({}, COPENHAGEN, from_rfc3339("2030-05-04T02:00:00Z"))


def test_with_days_that_never_open_it_is_always_closed() -> None:
    noon = from_rfc3339("2030-05-04T12:00:00Z")
    assert not is_open({"sat": ()}, COPENHAGEN, noon)
    assert find_opening({"sat": ()}, COPENHAGEN, noon) is None


times = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.integers(0, 59))
openings = st.builds(_opening, times, times)
weeks = st.dictionaries(st.sampled_from(WEEKDAYS), st.lists(openings, min_size=1, max_size=3), min_size=1)
moments = st.datetimes(datetime(2029, 1, 1), datetime(2031, 1, 1)).map(  # noqa: DTZ001 - made UTC here
    lambda moment: moment.replace(tzinfo=UTC)
)
zones = st.sampled_from(ZONES)


def test_the_week_begins_on_monday() -> None:
    assert WEEKDAYS[datetime(2030, 5, 4, tzinfo=UTC).weekday()] == "sat"


@given(weeks, zones, moments)
def test_away_from_daylight_saving_it_is_what_the_clock_on_the_wall_says(
    week: Hours, zone: str, moment: datetime
) -> None:
    offsets = {(moment + timedelta(days=day)).astimezone(ZoneInfo(zone)).utcoffset() for day in (-2, 0, 2)}
    assume(len(offsets) == 1)
    wall = moment.astimezone(ZoneInfo(zone))
    today, yesterday = _weekday(wall), _weekday(wall - timedelta(days=1))
    shown = f"{wall:%H:%M}"
    is_today = any(
        each.opens <= shown and (each.ends_next_day or shown < each.closes) for each in week.get(today, ())
    )
    since_yesterday = any(each.ends_next_day and shown < each.closes for each in week.get(yesterday, ()))
    assert is_open(week, zone, moment) is (is_today or since_yesterday)


@given(weeks, zones, moments, st.floats(0, 1))
def test_it_stays_closed_until_it_opens_next(week: Hours, zone: str, moment: datetime, share: float) -> None:
    assume(not is_open(week, zone, moment))
    opening = find_opening(week, zone, moment)
    assert opening is not None
    assert moment < opening < moment + timedelta(days=15)
    assert is_open(week, zone, opening)
    assert not is_open(week, zone, moment + (opening - moment - INSTANT) * share)


def _weekday(moment: datetime) -> Weekday:
    return WEEKDAYS[moment.weekday()]
