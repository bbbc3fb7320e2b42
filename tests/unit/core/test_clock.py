from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muneris.core.clock import SystemClock, from_rfc3339, in_utc, to_rfc3339


def test_the_system_clock_is_in_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert before <= now <= datetime.now(UTC)
    assert now.utcoffset() == timedelta(0)


def test_a_moment_is_the_same_in_utc() -> None:
    there = datetime(2030, 5, 4, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    assert (in_utc(there), in_utc(there).tzinfo) == (datetime(2030, 5, 4, 10, 30, tzinfo=UTC), UTC)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_beyond_the_calendar_there_is_no_utc(text: str) -> None:
    with pytest.raises(ValueError, match="is no moment in UTC"):
        in_utc(datetime.fromisoformat(text))


def test_a_moment_on_the_wire() -> None:
    summer = timezone(timedelta(hours=2))
    assert to_rfc3339(datetime(2030, 5, 4, 12, 30, tzinfo=summer)) == "2030-05-04T10:30:00.000000Z"
    assert to_rfc3339(datetime(2030, 5, 4, 10, 30, 0, 123456, UTC)) == "2030-05-04T10:30:00.123456Z"


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_comes_back(moment: datetime) -> None:
    assert from_rfc3339(to_rfc3339(moment)) == moment


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_moments_sort_as_text(one: datetime, other: datetime) -> None:
    assert (one < other) == (to_rfc3339(one) < to_rfc3339(other))


@pytest.mark.parametrize(
    "text",
    [
        "2030-05-04T10:30:00Z",
        "2030-05-04t10:30:00z",
        "2030-05-04T10:30:00.000Z",
        "2030-05-04T10:30:00-00:00",
        "2030-05-04T12:30:00+02:00",
        "2030-05-03T16:30:00.0-18:00",
    ],
)
def test_any_zone_is_read_as_utc(text: str) -> None:
    moment = from_rfc3339(text)
    assert (moment, moment.tzinfo) == (datetime(2030, 5, 4, 10, 30, tzinfo=UTC), UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "noon",
        "2030-05-04",
        "2030-05-04T10:30:00",
        "2030-02-30T10:30:00Z",
        "2030-05-04T10:30:00+99:00",
        "2030-05-04T10:30:60Z",
        "2030-05-04T24:00:00Z",
        "2030-05-04T10:30:00+24:00",
        "2030-05-04T10:30:00+02:60",
        "2030-W18-6T10:30:00Z",
        "20300504T103000Z",
        "2030-05-04T10Z",
        "2030-05-04T10:30Z",
        "2030-05-04T10:30:00,5Z",
        "2030-05-04T10:30:00.Z",
        "2030-05-04T10:30:00+02",
        "2030-05-04T10:30:00+0200",
        "2030-05-04T10:30:00+02:00:30",
        "2030-05-04 10:30:00Z",
        "2030-05-04T10:30:00Z\n",
        "\N{ARABIC-INDIC DIGIT TWO}030-05-04T10:30:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_rfc3339(text)


@given(
    moment=st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)),  # noqa: DTZ001 - the zone is drawn below
    minutes=st.integers(-23 * 60 - 59, 23 * 60 + 59),
    digits=st.integers(1, 9),
)
def test_any_offset_and_fraction_is_read(moment: datetime, minutes: int, digits: int) -> None:
    there = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    fraction = f"{moment.microsecond:06}000"[:digits]
    sign, offset = "-" if minutes < 0 else "+", abs(minutes)
    text = moment.replace(microsecond=0).isoformat()
    read = from_rfc3339(f"{text}.{fraction}{sign}{offset // 60:02}:{offset % 60:02}")
    assert timedelta(0) <= there - read < timedelta(seconds=1) / 10 ** min(digits, 6)


@given(st.datetimes(timezones=st.just(UTC)))
def test_other_forms_of_iso_8601_are_refused(moment: datetime) -> None:
    year, week, day = moment.isocalendar()
    time = moment.strftime("%H:%M:%S")
    for text in (
        f"{year:04}-W{week:02}-{day}T{time}Z",
        moment.isoformat(timespec="hours"),
        moment.isoformat(timespec="minutes"),
        moment.isoformat(timespec="milliseconds").replace(".", ","),
        moment.isoformat().replace("-", ""),
        moment.isoformat().replace(":", ""),
        moment.isoformat(sep=" "),
        moment.replace(tzinfo=None).isoformat(),
    ):
        with pytest.raises(ValueError, match="RFC 3339"):
            from_rfc3339(text)


@given(st.text(max_size=40))
def test_whatever_is_sent_is_a_moment_or_refused(text: str) -> None:
    try:
        moment = from_rfc3339(text)
    except ValueError:
        return
    assert moment.tzinfo is UTC
