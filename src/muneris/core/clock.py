"""Time as the product sees it: always UTC, always given from outside."""

import re
from datetime import UTC, datetime
from typing import Protocol

_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])",
    re.IGNORECASE,
)
"""`date-time` of RFC 3339, section 5.6; whether the day exists is seen when it is read."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present, in UTC."""
        return datetime.now(UTC)


def to_rfc3339(moment: datetime) -> str:
    """A UTC moment as the wire carries it: `2030-05-04T10:30:00.123456Z` (RFC 3339)."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC.

    Raises:
        ValueError: it lies before year 1 or after 9999 there.
    """
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{moment.isoformat()} is no moment in UTC") from error


def from_rfc3339(text: str) -> datetime:
    """The moment a wire text names.

    Raises:
        ValueError: it is no `date-time` of RFC 3339, names a leap second, or lies before year 1 or after
            9999 in UTC.
    """
    if _DATE_TIME.fullmatch(text) is None:
        raise ValueError(f"{text} is not written like 2030-05-04T10:30:00Z (RFC 3339)")
    return in_utc(datetime.fromisoformat(text.upper()))
