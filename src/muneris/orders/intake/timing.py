"""When an order is wanted, promised and begun: what its property's hours and switch make of it. Pure."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from muneris.config.property import Property
from muneris.core.clock import in_utc, to_rfc3339
from muneris.core.problems import ProblemType
from muneris.orders.intake.hours import find_opening, is_open

PROPERTY_NOT_OPEN = ProblemType("property_not_open", 409, "Property not open")
REQUESTED_TIME_UNAVAILABLE = ProblemType("requested_time_unavailable", 409, "Requested time unavailable")

BUSY_MINUTES = 15
"""What being busy adds, unless it is said."""


def _no_number(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError("must be an RFC 3339 time with a zone")  # noqa: TRY004 - pydantic wants it so
    return value


class IntakeState(BaseModel):
    """How a restaurant takes orders, until it says otherwise or `until`: then it is open again by itself.

    Being busy adds `extra_minutes` to what an order takes.
    """

    model_config = ConfigDict(frozen=True)

    state: Literal["open", "busy", "paused"]
    extra_minutes: Annotated[int, Field(ge=0, le=240, strict=True)] | None = None
    until: Annotated[AwareDatetime, BeforeValidator(_no_number), AfterValidator(in_utc)] | None = None

    @property
    def extra(self) -> timedelta:
        """How much longer an order takes than the lead time."""
        if self.state != "busy":
            return timedelta()
        return timedelta(minutes=BUSY_MINUTES if self.extra_minutes is None else self.extra_minutes)

    def at(self, now: datetime) -> "IntakeState":
        """What holds at a moment."""
        return self if self.until is None or now < self.until else OPEN


OPEN = IntakeState(state="open")


class Timing(NamedTuple):
    """The times of an order.

    `wanted_at` is the time it takes a place for; `promised_at` is None if nothing was promised, and
    `release_at`, when it goes to stock and kitchen, if it goes at once.
    """

    wanted_at: datetime
    promised_at: datetime | None
    release_at: datetime | None


class Span(NamedTuple):
    """The times that an order may be requested for, both ends included, if the property is open then."""

    earliest: datetime
    latest: datetime


def plan(known: Property, state: IntakeState, requested_at: datetime | None, now: datetime) -> Timing:
    """The times of an order that comes now, wanted as soon as can be or at `requested_at`.

    Raises:
        ProblemError: `property_not_open`, with `until` if it is paused and `opens_at` if it is closed; or
            `requested_time_unavailable` with `earliest` and `latest`.
    """
    if state.state == "paused":
        until = None if state.until is None else to_rfc3339(state.until)
        raise PROPERTY_NOT_OPEN("The property takes no orders for the moment.", until=until)
    span = requestable(known, state, now)
    if requested_at is not None:
        _require_within(span, requested_at)
    _require_open(known, requested_at or now)
    if requested_at is None:
        return Timing(span.earliest, span.earliest if span.earliest > now else None, release_at=None)
    release_at = requested_at - lead_of(known)
    return Timing(requested_at, requested_at, release_at if release_at > now else None)


def requestable(known: Property, state: IntakeState, now: datetime) -> Span:
    """The times that an order may be requested for now."""
    earliest = now + lead_of(known) + state.extra
    return Span(earliest, max(earliest, now + timedelta(days=known.ordering.furthest_days)))


def expiry_of(known: Property, requested_at: datetime | None, now: datetime) -> datetime | None:
    """When an order that comes now is given up if it got nowhere; None: never."""
    minutes = known.ordering.expire_after_minutes
    return None if minutes is None else (requested_at or now) + timedelta(minutes=minutes)


def lead_of(known: Property) -> timedelta:
    """How long before it is wanted an order goes to stock and kitchen."""
    return timedelta(minutes=known.ordering.lead_minutes)


def _require_within(span: Span, requested_at: datetime) -> None:
    if not span.earliest <= requested_at <= span.latest:
        raise REQUESTED_TIME_UNAVAILABLE(
            "Choose a time between 'earliest' and 'latest'.",
            earliest=to_rfc3339(span.earliest),
            latest=to_rfc3339(span.latest),
        )


def _require_open(known: Property, moment: datetime) -> None:
    hours, zone = known.ordering.opening_hours, known.time_zone
    if not is_open(hours, zone, moment):
        opening = find_opening(hours, zone, moment)
        opens_at = None if opening is None else to_rfc3339(opening)
        raise PROPERTY_NOT_OPEN("The property is closed at that time.", opens_at=opens_at)
