"""An order's states, and what it waits for and owes."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.restaurant import CODE, NOON, ORDER_ID, plain_order

from muneris.core.clock import to_rfc3339
from muneris.orders import model
from muneris.orders.life.transitions import Change, ForbiddenTransitionError, moved, noted, with_fulfilment
from muneris.orders.model import (
    AT_REST,
    FIRST_DUE,
    FULFILMENT,
    PAYMENT,
    TRANSITIONS,
    Ask,
    CheckReference,
    FulfilmentStatus,
    HistoryEntry,
    Order,
    Payment,
    PaymentMethod,
    PaymentStatus,
    Status,
    Step,
)

LATER = NOON + timedelta(seconds=3)
CHECK = CheckReference(check_ref="r", check_number=1)
RESERVE, POST, VOID = Step.RESERVE, Step.POST, Step.VOID
ALLOWED = {
    (Status.RECEIVED, Status.RESERVED),
    (Status.RECEIVED, Status.REJECTED),
    (Status.RECEIVED, Status.CANCELLED),
    (Status.RESERVED, Status.POSTING),
    (Status.RESERVED, Status.REJECTED),
    (Status.RESERVED, Status.CANCELLED),
    (Status.POSTING, Status.CONFIRMED),
    (Status.POSTING, Status.REJECTED),
    (Status.POSTING, Status.CANCELLING),
    (Status.POSTING, Status.NEEDS_ATTENTION),
    (Status.CONFIRMED, Status.COMPLETED),
    (Status.CONFIRMED, Status.CANCELLING),
    (Status.CANCELLING, Status.CANCELLED),
    (Status.CANCELLING, Status.CONFIRMED),
    (Status.CANCELLING, Status.NEEDS_ATTENTION),
    (Status.NEEDS_ATTENTION, Status.CONFIRMED),
    (Status.NEEDS_ATTENTION, Status.REJECTED),
    (Status.NEEDS_ATTENTION, Status.CANCELLED),
    (Status.NEEDS_ATTENTION, Status.POSTING),
    (Status.NEEDS_ATTENTION, Status.CANCELLING),
}


def an_order(status: Status = Status.RECEIVED, payment: PaymentStatus = "none", **changed: object) -> Order:
    paid = Payment(method="at_counter", status=payment)
    return plain_order(status=status).model_copy(update={"payment": paid, **changed})


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_only_what_the_table_says_may_follow(before: Status, after: Status) -> None:
    if (before, after) in ALLOWED:
        assert moved(an_order(before), after, LATER, Change("test")).status is after
    else:
        with pytest.raises(ForbiddenTransitionError):
            moved(an_order(before), after, LATER, Change("test"))


def test_every_status_has_its_place_in_the_table() -> None:
    assert set(TRANSITIONS) == set(Status)
    assert {Status.CONFIRMED, Status.COMPLETED, Status.REJECTED, Status.CANCELLED} == AT_REST
    final = {status for status in Status if not TRANSITIONS[status]}
    assert final == {Status.COMPLETED, Status.REJECTED, Status.CANCELLED}


@settings(deadline=None)
@given(st.lists(st.sampled_from(Status), max_size=12))
def test_sequence_and_history_grow_with_every_step_and_nothing_else_changes_them(
    wishes: list[Status],
) -> None:
    before = plain_order()
    for status in wishes:
        try:
            after = moved(before, status, LATER, Change("test", "why", "really", (7,)))
        except ForbiddenTransitionError:
            continue
        assert after.sequence == before.sequence + 1
        assert after.history[:-1] == before.history
        entry = HistoryEntry(
            at="2030-05-04T12:00:03.000000Z",
            status=status,
            reason="why",
            detail="really",
            items=(7,),
            by="test",
        )
        assert after.history[-1] == entry
        assert (after.reason, after.updated_at) == ("why", entry.at)
        assert (after.created_at, after.asked) == (before.created_at, 0)
        before = after
    assert before.sequence == len(before.history)


def test_a_note_changes_neither_status_nor_reason() -> None:
    before = an_order(Status.CANCELLING, reason="too slow")
    after = noted(before, LATER, Change("test", "check_opened", asks=True))
    assert (after.status, after.reason, after.sequence, after.asked) == (before.status, "too slow", 2, 2)
    assert after.history[-1].reason == "check_opened"


@pytest.mark.parametrize(
    ("method", "status"), [("at_counter", "due"), ("terminal", "due"), ("none", "none"), ("online", "none")]
)
def test_what_is_paid_here_is_due_from_the_start(method: PaymentMethod, status: PaymentStatus) -> None:
    assert Payment.of_new_order(method, "r") == Payment(method=method, status=status, reference="r")


@pytest.mark.parametrize(
    ("before", "after", "payment"),
    [
        (Status.CONFIRMED, Status.COMPLETED, "paid"),
        (Status.POSTING, Status.REJECTED, "void"),
        (Status.CANCELLING, Status.CANCELLED, "void"),
        (Status.POSTING, Status.CONFIRMED, "due"),
        (Status.POSTING, Status.CANCELLING, "due"),
        (Status.POSTING, Status.NEEDS_ATTENTION, "due"),
    ],
)
def test_what_is_due_is_paid_or_void_once_the_order_is_over(
    before: Status, after: Status, payment: PaymentStatus
) -> None:
    assert moved(an_order(before, "due"), after, LATER, Change("test")).payment.status == payment
    assert moved(an_order(before, "none"), after, LATER, Change("test")).payment.status == "none"


@pytest.mark.parametrize("payment", ["paid", "void"])
def test_what_was_paid_or_void_is_so_for_good(payment: PaymentStatus) -> None:
    assert {status for status in PAYMENT if not PAYMENT[status]} == {"none", "paid", "void"}
    with pytest.raises(ForbiddenTransitionError):
        moved(an_order(Status.POSTING, payment), Status.REJECTED, LATER, Change("test"))


@pytest.mark.parametrize(("before", "after"), list(product(FULFILMENT, FULFILMENT)))
def test_fulfilment_goes_forward_only(before: FulfilmentStatus, after: FulfilmentStatus) -> None:
    stages = list(FULFILMENT)
    order = an_order(Status.CONFIRMED)
    order = order if before == "accepted" else with_fulfilment(order, before)
    if stages.index(after) > stages.index(before):
        assert with_fulfilment(order, after).fulfilment.status == after
    else:
        with pytest.raises(ForbiddenTransitionError):
            with_fulfilment(order, after)


@pytest.mark.parametrize(
    ("status", "check", "asked", "expected"),
    [
        (Status.RECEIVED, None, 0, (RESERVE, 1)),
        (Status.RESERVED, None, 0, (POST, 2)),  # as it was stored before `asked` was kept
        (Status.POSTING, None, 0, (POST, 2)),
        (Status.RESERVED, None, 2, (POST, 2)),
        (Status.POSTING, None, 7, (POST, 7)),
        (Status.CANCELLING, None, 2, (POST, 2)),
        (Status.CANCELLING, CHECK, 5, (VOID, 5)),
        (Status.CONFIRMED, CHECK, 2, None),
        (Status.COMPLETED, CHECK, 2, None),
        (Status.CANCELLED, CHECK, 5, None),
        (Status.REJECTED, None, 2, None),
        (Status.NEEDS_ATTENTION, None, 2, None),
    ],
)
def test_what_an_order_waits_for(
    status: Status, check: CheckReference | None, asked: int, expected: tuple[Step, int] | None
) -> None:
    order = an_order(status, check=check, asked=asked)
    assert order.awaited == (() if expected is None else (Ask(CODE, ORDER_ID, expected[1], expected[0]),))


def test_tells_alone_are_not_answered() -> None:
    asks = {Step.RESERVE, Step.POST, Step.CONSUME, Step.RELEASE, Step.VOID}
    assert {step for step in Step if not step.is_tell} == asks


def test_work_is_born_due_a_little_later_and_may_be_a_rounds() -> None:
    work = an_order().owes(Step.RELEASE, LATER, round_id="a-round")
    assert work.ask == Ask(CODE, ORDER_ID, 1, Step.RELEASE, "a-round")
    assert (work.born_at, work.due_at, work.attempts) == (LATER, LATER + FIRST_DUE, 0)


def test_only_what_is_not_done_yet_expires() -> None:
    order = an_order(expires_at=to_rfc3339(LATER))
    expiring = {step for step in Step if order.owes(step, NOON).expires_at == LATER}
    assert expiring == {Step.RESERVE, Step.POST}
    assert not any(an_order().owes(step, NOON).expires_at for step in Step)


def test_work_expires_at_its_time_unless_simphony_may_have_it() -> None:
    work = an_order(expires_at=to_rfc3339(LATER)).owes(Step.POST, NOON)
    assert not work.is_expired(LATER - timedelta(microseconds=1))
    assert work.is_expired(LATER)
    assert not replace(work, first_sent_at=NOON).is_expired(LATER)
    assert not replace(work, expires_at=None).is_expired(LATER)


def test_a_scheduled_orders_first_work_begins_when_it_is_released() -> None:
    at_once = model.reserve_stock(plain_order(), "{}", NOON)
    assert (at_once.born_at, at_once.due_at) == (NOON, NOON + FIRST_DUE)
    later = model.reserve_stock(plain_order(), "{}", NOON, release_at=LATER)
    assert later == replace(at_once, born_at=LATER, due_at=LATER)


def test_postponed_work_was_tried_once_more() -> None:
    work = model.reserve_stock(plain_order(), "{}", NOON)
    later = model.postponed(work, LATER)
    assert (later.due_at, later.attempts, later.born_at, later.ask) == (LATER, 1, NOON, work.ask)
