"""The times of an order, exactly: what lead time, being busy, hours and a requested time make of now."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from tests.restaurant import property_with

from muneris.core.problems import ProblemError
from muneris.orders.intake.timing import OPEN, IntakeState, Timing, expiry_of, lead_of, plan, requestable

NOW = datetime(2030, 5, 4, 12, tzinfo=UTC)  # a Saturday, 14:00 in Copenhagen
INSTANT = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
BUSY = IntakeState(state="busy", extra_minutes=20)


def refused(
    state: IntakeState, requested_at: datetime | None, **ordering: object
) -> tuple[str, dict[str, object]]:
    with pytest.raises(ProblemError) as caught:
        plan(property_with(**ordering), state, requested_at, NOW)
    return caught.value.type.code, dict(caught.value.members)


@pytest.mark.parametrize(
    ("state", "lead", "promised_after"),
    [(OPEN, 0, None), (OPEN, 15, 15), (BUSY, 0, 20), (BUSY, 15, 35), (IntakeState(state="busy"), 5, 20)],
)
def test_as_soon_as_can_be_is_promised_after_lead_and_what_being_busy_adds(
    state: IntakeState, lead: int, promised_after: int | None
) -> None:
    planned = plan(property_with(lead_minutes=lead), state, None, NOW)
    promised_at = None if promised_after is None else NOW + promised_after * MINUTE
    assert planned == Timing(promised_at or NOW, promised_at, release_at=None)


@pytest.mark.parametrize(("after", "released_after"), [(30, None), (31, 1), (90, 60)])
def test_what_is_requested_is_promised_and_begun_a_lead_time_earlier(
    after: int, released_after: int | None
) -> None:
    requested_at = NOW + after * MINUTE
    released_at = None if released_after is None else NOW + released_after * MINUTE
    planned = plan(property_with(lead_minutes=30), OPEN, requested_at, NOW)
    assert planned == Timing(requested_at, requested_at, released_at)


def test_a_requested_time_lies_between_the_earliest_and_the_latest() -> None:
    known = property_with(lead_minutes=30, furthest_days=2)
    span = requestable(known, BUSY, NOW)
    assert (span.earliest, span.latest) == (NOW + 50 * MINUTE, NOW + timedelta(days=2))
    for moment in (span.earliest, span.latest):
        assert plan(known, BUSY, moment, NOW).wanted_at == moment
    ends = {"earliest": "2030-05-04T12:50:00.000000Z", "latest": "2030-05-06T12:00:00.000000Z"}
    for moment in (span.earliest - INSTANT, span.latest + INSTANT):
        code, said = refused(BUSY, moment, lead_minutes=30, furthest_days=2)
        assert (code, said) == ("requested_time_unavailable", ends)


def test_where_nothing_may_be_ordered_ahead_the_earliest_is_the_latest() -> None:
    span = requestable(property_with(lead_minutes=30, furthest_days=0), OPEN, NOW)
    assert span.earliest == span.latest == NOW + 30 * MINUTE


@pytest.mark.parametrize(
    ("until", "said"), [(None, None), (NOW + MINUTE, "2030-05-04T12:01:00.000000Z")], ids=["open", "until"]
)
def test_paused_takes_nothing_and_says_until_when(until: datetime | None, said: str | None) -> None:
    paused = IntakeState(state="paused", until=until)
    for requested_at in (None, NOW + 60 * MINUTE):
        assert refused(paused, requested_at) == ("property_not_open", {"until": said})


def test_closed_now_says_when_it_opens() -> None:
    hours = {"sun": [{"opens": "11:00", "closes": "15:00"}]}
    said = {"opens_at": "2030-05-05T09:00:00.000000Z"}
    assert refused(OPEN, None, opening_hours=hours) == ("property_not_open", said)
    assert refused(OPEN, NOW + 60 * MINUTE, opening_hours=hours) == ("property_not_open", said)


def test_never_open_says_no_time() -> None:
    assert refused(OPEN, None, opening_hours={"mon": []}) == ("property_not_open", {"opens_at": None})


def test_closed_now_still_takes_an_order_for_when_it_is_open() -> None:
    hours = {"sun": [{"opens": "11:00", "closes": "15:00"}]}
    requested_at = NOW + timedelta(days=1)
    planned = plan(property_with(opening_hours=hours), OPEN, requested_at, NOW)
    assert planned.promised_at == requested_at


@pytest.mark.parametrize(
    ("state", "extra"),
    [
        (OPEN, 0),
        (IntakeState(state="paused", extra_minutes=9), 0),
        (BUSY, 20),
        (IntakeState(state="busy"), 15),
        (IntakeState(state="busy", extra_minutes=0), 0),
    ],
)
def test_only_being_busy_adds_minutes(state: IntakeState, extra: int) -> None:
    assert state.extra == extra * MINUTE


def test_a_state_holds_until_its_end_and_not_at_it() -> None:
    paused = IntakeState(state="paused", until=NOW)
    assert paused.at(NOW - INSTANT) == paused
    assert paused.at(NOW) == OPEN
    assert BUSY.at(NOW) == BUSY


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("until", 1_900_000_000, "must be an RFC 3339 time with a zone"),
        ("until", 1.5, "must be an RFC 3339 time with a zone"),
        ("until", "2030-05-04T12:00:00", "should have timezone info"),
        ("extra_minutes", -1, "greater than or equal to 0"),
        ("extra_minutes", 241, "less than or equal to 240"),
        ("extra_minutes", "15", "valid integer"),
    ],
)
def test_a_state_refuses_what_is_no_time_and_no_minutes(name: str, value: object, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        IntakeState.model_validate({"state": "busy", name: value})


def test_a_state_takes_the_first_and_last_minutes_and_keeps_its_end_in_utc() -> None:
    assert {IntakeState(state="busy", extra_minutes=minutes).extra_minutes for minutes in (0, 240)} == {
        0,
        240,
    }
    state = IntakeState.model_validate({"state": "busy", "until": "2030-05-04T14:00:00+02:00"})
    assert state.until == NOW
    assert state.until.tzinfo is UTC


@pytest.mark.parametrize("requested_at", [None, NOW + 60 * MINUTE])
def test_an_order_expires_so_many_minutes_after_it_came_or_is_wanted(requested_at: datetime | None) -> None:
    assert expiry_of(property_with(expire_after_minutes=None), requested_at, NOW) is None
    expires_at = expiry_of(property_with(expire_after_minutes=45), requested_at, NOW)
    assert expires_at == (requested_at or NOW) + 45 * MINUTE


def test_the_lead_time_is_the_propertys() -> None:
    assert lead_of(property_with(lead_minutes=25)) == 25 * MINUTE
