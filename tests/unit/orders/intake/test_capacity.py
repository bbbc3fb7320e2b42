"""Windows of time, and those that are offered instead of a full one."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.restaurant import NOON, ORDER_ID, property_with

from muneris.config.property import Property
from muneris.orders.intake.capacity import Wanted, free_windows, slots_of, window_key, windows_ahead
from muneris.orders.intake.timing import OPEN, plan

NOW_KEY = "slot|pickup|now"
HOURS = {
    "sat": [{"from": "10:00", "to": "15:10"}, {"from": "18:00", "to": "03:00"}],
    "sun": [{"from": "12:00", "to": "12:00"}],
}
minutes = st.integers(0, 26 * 60)


@st.composite
def properties(draw: st.DrawFn) -> Property:
    """A property that is open at noon, with limits of pickups."""
    limit = st.none() | st.integers(1, 9)
    return property_with(
        opening_hours=draw(st.sampled_from([{}, HOURS])),
        lead_minutes=draw(st.integers(0, 90)),
        furthest_days=draw(st.integers(0, 3)),
        capacity={
            "pickup": {
                "in_progress": draw(limit),
                "per_window": draw(limit),
                "window_minutes": draw(st.integers(5, 240)),
            }
        },
    )


def wanted_at(known: Property, minutes_ahead: int | None) -> Wanted:
    requested_at = None if minutes_ahead is None else NOON + timedelta(minutes=minutes_ahead)
    return Wanted(
        known=known,
        order_id=ORDER_ID,
        type="pickup",
        timing=plan(known, OPEN, requested_at, NOON),
        state=OPEN,
        now=NOON,
    )


@given(properties(), st.sets(minutes, max_size=20), st.booleans())
def test_whatever_is_offered_could_be_requested_and_has_places(
    known: Property,
    full_minutes: set[int],
    is_now_full: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    wanted = wanted_at(known, None)
    full = {window_key(wanted, NOON + timedelta(minutes=each)) for each in full_minutes}
    full |= {NOW_KEY} if is_now_full else set()
    offered = list(free_windows(wanted, full))
    assert offered == sorted(set(offered))
    for start in offered:
        assert windows_ahead(wanted).earliest < start <= windows_ahead(wanted).latest
        instead = wanted_at(known, (start - NOON) // timedelta(minutes=1))
        assert instead.timing.promised_at == start
        assert full.isdisjoint(slot.key for slot in slots_of(instead))


@given(properties(), minutes, minutes)
def test_a_window_has_one_key_for_as_long_as_it_lasts(known: Property, one: int, other: int) -> None:
    wanted = wanted_at(known, None)
    length = known.ordering.capacity["pickup"].window_minutes
    first, second = NOON + timedelta(minutes=one), NOON + timedelta(minutes=other)
    same_key = window_key(wanted, first) == window_key(wanted, second)
    since_epoch = [moment.timestamp() // (60 * length) for moment in (first, second)]
    assert same_key is (since_epoch[0] == since_epoch[1])


def test_another_type_is_not_limited() -> None:
    known = property_with(capacity={"dine_in": {"in_progress": 1, "per_window": 1}})
    assert slots_of(wanted_at(known, None)) == []
