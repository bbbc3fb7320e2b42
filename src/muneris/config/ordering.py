"""When a property takes orders, how far ahead, and how many at once. Pure."""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
FulfilmentType = Literal["dine_in", "pickup", "delivery"]

WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
"""As `date.weekday` counts them."""
MOST_PLACES = 200
"""A row lists who has its places, and who may have left is looked up one by one."""

TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["11:30"])]
Places = Annotated[int, Field(ge=1, le=MOST_PLACES)]

MenuLevel = Annotated[int, Field(ge=0, le=8)]
"""As Simphony has them (Configuration API, GET menus)."""

_DAY_MINUTES = 24 * 60


class Opening(BaseModel):
    """Open from one time of day, in the property's time zone, to another, which itself is closed.

    An end that is not after the start is the next day's: 18:00 to 02:00; 00:00 to 00:00 is all day.
    """

    model_config = ConfigDict(
        frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )

    opens: TimeOfDay = Field(alias="from")
    closes: TimeOfDay = Field(alias="to")

    @property
    def ends_next_day(self) -> bool:
        """Whether it goes on past midnight."""
        return self.closes <= self.opens


WeeklyHours = Mapping[Weekday, Annotated[tuple[Opening, ...], Field(max_length=10)]]
"""Openings by day; a day that is not named has none."""


class Capacity(BaseModel):
    """How many orders of one type a property takes; None: as many as come.

    `in_progress` at once, and `per_window` of those promised for the same window of `window_minutes`.
    """

    model_config = ConfigDict(frozen=True)

    in_progress: Places | None = None
    per_window: Places | None = None
    window_minutes: Annotated[int, Field(ge=5, le=240)] = 15


class Ordering(BaseModel):
    """How a property takes orders.

    `opening_hours`: a day that is not named is closed; none at all: always open. An order for a later time
    is wanted `lead_minutes` to `furthest_days` ahead, and goes to stock and kitchen `lead_minutes` before.
    What has not reached Simphony is rejected `expire_after_minutes` after it was wanted; None: never.
    Before one is accepted Simphony may take `pre_check_ms` milliseconds to price it; None: it is not asked.
    `price_levels`: when prices of a menu level may be ordered, by the hours of those that are named; it holds
    from the menu's next refresh.
    """

    model_config = ConfigDict(frozen=True)

    opening_hours: WeeklyHours = {}
    lead_minutes: Annotated[int, Field(ge=0, le=_DAY_MINUTES)] = 0
    furthest_days: Annotated[int, Field(ge=0, le=365)] = 14
    capacity: Mapping[FulfilmentType, Capacity] = {}
    expire_after_minutes: Annotated[int, Field(ge=1, le=7 * _DAY_MINUTES)] | None = None
    pre_check_ms: Annotated[int, Field(ge=1, le=10_000)] | None = None
    price_levels: Mapping[MenuLevel, WeeklyHours] = {}
