"""NCRONTAB schedules, in UTC."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from croniter import croniter

_FIELDS_WITH_SECONDS = 6
_FIELDS = 5
_LOOK_AHEAD = 5
_SHORT = timedelta(minutes=1)


class ScheduleError(Exception):
    """A schedule that is no NCRONTAB expression."""


@dataclass(frozen=True)
class Schedule:
    """`{second} {minute} {hour} {day} {month} {day-of-week}`; without seconds they are 0.

    A day must match both day and day-of-week (NCrontab), unlike in cron.

    Raises:
        ScheduleError: the expression is wrong.
    """

    expression: str

    def __post_init__(self) -> None:
        fields = len(self.expression.split())
        if fields not in (_FIELDS, _FIELDS_WITH_SECONDS) or not croniter.is_valid(
            self.expression, second_at_beginning=True
        ):
            raise ScheduleError(
                f"'{self.expression}' is no schedule: write '{{second}} {{minute}} {{hour}} {{day}} "
                "{month} {day-of-week}', such as '0 */5 * * * *'."
            )

    def after(self, moment: datetime) -> datetime:
        """The first occurrence after a moment."""
        return next(self._occurrences(moment))

    def is_short(self, moment: datetime) -> bool:
        """Whether some of the next occurrences are less than a minute apart."""
        ahead = itertools.islice(self._occurrences(moment), _LOOK_AHEAD)
        return any(later - earlier < _SHORT for earlier, later in itertools.pairwise(ahead))

    def _occurrences(self, moment: datetime) -> Iterator[datetime]:
        cron = croniter(self.expression, moment, ret_type=datetime, day_or=False, second_at_beginning=True)
        while True:
            yield cron.get_next(datetime)
