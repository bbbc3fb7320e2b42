"""When a property is open, by its own clock. Pure.

A time of day that daylight saving skips counts as that much later, and of one that occurs twice the first is
meant (RFC 5545, section 3.3.5).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from muneris.config.ordering import WEEKDAYS, Opening, Weekday

_DAY = timedelta(days=1)
_LOOKED_AHEAD = 15
"""Days: every opening of a week, and once more for one that daylight saving skips whole."""

type Hours = Mapping[Weekday, Sequence[Opening]]


def is_open(hours: Hours, time_zone: str, moment: datetime) -> bool:
    """Whether it is open at a moment. Without hours it always is."""
    return not hours or any(start <= moment < end for start, end in _openings(hours, time_zone, moment, 1))


def find_opening(hours: Hours, time_zone: str, moment: datetime) -> datetime | None:
    """When it opens next after a moment at which it is closed, in UTC; None: it never does."""
    openings = _openings(hours, time_zone, moment, _LOOKED_AHEAD)
    return min((start for start, end in openings if moment < start < end), default=None)


def _openings(
    hours: Hours, time_zone: str, moment: datetime, days: int
) -> Iterator[tuple[datetime, datetime]]:
    """Each opening of so many days, in UTC: the moment's, those that follow, and the one before."""
    zone = ZoneInfo(time_zone)
    today = moment.astimezone(zone).date()
    for offset in range(-1, days):
        day = today + offset * _DAY
        for opening in hours.get(WEEKDAYS[day.weekday()], ()):
            last_day = day + _DAY if opening.ends_next_day else day
            yield _in_utc(day, opening.opens, zone), _in_utc(last_day, opening.closes, zone)


def _in_utc(day: date, time_of_day: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(time_of_day), zone).astimezone(UTC)
