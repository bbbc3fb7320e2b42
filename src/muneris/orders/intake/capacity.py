"""Which places an order takes, and which times have some left. Pure."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from muneris.config.ordering import Capacity, FulfilmentType
from muneris.config.property import Property
from muneris.orders.intake.hours import is_open
from muneris.orders.intake.timing import IntakeState, Span, Timing, lead_of, requestable
from muneris.orders.model import Order, Status

UNPROMISED = timedelta(hours=2)
"""An order that was promised for no time is in progress so long at most, if nobody says that it is done."""
_UNLIMITED = Capacity()
_LOOKED_AHEAD = timedelta(hours=24)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Wanted:
    """What decides on an order's places: its property's limits and switch, and when it is wanted."""

    known: Property
    state: IntakeState
    order_id: UUID
    type: FulfilmentType
    timing: Timing
    now: datetime

    @property
    def capacity(self) -> Capacity:
        """How many orders of its type the property takes."""
        return self.known.ordering.capacity.get(self.type, _UNLIMITED)

    @property
    def until(self) -> datetime:
        """When it is no longer in progress, whatever was said."""
        return self.timing.promised_at or self.timing.wanted_at + UNPROMISED

    @property
    def span(self) -> Span:
        """When it might be wanted instead."""
        return requestable(self.known, self.state, self.now)


@dataclass(frozen=True)
class Slot:
    """So many places under one key: for orders in progress, or for those wanted in one window of time."""

    key: str
    places: int
    in_progress: bool = False

    def is_left_by(self, order: Order) -> bool:
        """Whether an order no longer needs its place.

        What was made in a window was made in it: only who is not coming leaves that.
        """
        if order.status in {Status.REJECTED, Status.CANCELLED}:
            return True
        is_done = order.status is Status.COMPLETED or order.fulfilment.status in {"ready", "completed"}
        return self.in_progress and is_done


def slots_of(wanted: Wanted) -> list[Slot]:
    """The slots that an order takes a place in, always in the same order; mostly none."""
    capacity, slots = wanted.capacity, list[Slot]()
    if places_ahead(capacity) is None:
        return slots
    is_soon = _begins_soon(wanted, wanted.timing.release_at or wanted.now)
    if capacity.in_progress is not None and is_soon:
        slots.append(Slot(f"slot|{wanted.type}|now", capacity.in_progress, in_progress=True))
    places = capacity.per_window if is_soon else places_ahead(capacity)
    if places is not None:
        slots.append(Slot(window_key(wanted, wanted.timing.wanted_at), places))
    return slots


def places_ahead(capacity: Capacity) -> int | None:
    """How many orders a window ahead takes; None: any number.

    Never more than may be in progress: once they are begun they all are.
    """
    limits = [each for each in (capacity.per_window, capacity.in_progress) if each is not None]
    return min(limits, default=None)


def windows_ahead(wanted: Wanted) -> Span:
    """Where to look for other times."""
    wanted_at = wanted.timing.wanted_at
    return Span(wanted_at, min(wanted_at + _LOOKED_AHEAD, wanted.span.latest))


def free_windows(wanted: Wanted, full: Container[str]) -> Iterator[datetime]:
    """The starts of the windows ahead for which an order could be requested; `full` has the keys of some."""
    ahead, length, lead = windows_ahead(wanted), _length(wanted.capacity), lead_of(wanted.known)
    is_now_full = f"slot|{wanted.type}|now" in full
    start = _start(wanted, ahead.earliest) + length
    while start <= ahead.latest:
        can_begin = not (is_now_full and _begins_soon(wanted, start - lead))
        is_free = can_begin and window_key(wanted, start) not in full
        if is_free and is_open(wanted.known.ordering.opening_hours, wanted.known.time_zone, start):
            yield start
        start += length


def window_key(wanted: Wanted, moment: datetime) -> str:
    """The key of the window that a moment lies in."""
    return f"slot|{wanted.type}|{_start(wanted, moment):%Y%m%d%H%M}"


def _begins_soon(wanted: Wanted, release_at: datetime) -> bool:
    """Whether what is released then counts as in progress already."""
    return release_at < wanted.now + _length(wanted.capacity)


def _start(wanted: Wanted, moment: datetime) -> datetime:
    return moment - (moment - _EPOCH) % _length(wanted.capacity)


def _length(capacity: Capacity) -> timedelta:
    return timedelta(minutes=capacity.window_minutes)
