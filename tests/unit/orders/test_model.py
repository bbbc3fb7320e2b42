"""An order's states, and what each leaves owed."""

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.restaurant import CODE, NOON, ORDER_ID, plain_order

from muneris.orders import model
from muneris.orders.model import (
    AT_REST,
    FIRST_DUE,
    TRANSITIONS,
    CheckReference,
    ForbiddenTransitionError,
    HistoryEntry,
    Status,
    Step,
)

LATER = NOON + timedelta(seconds=3)
ALLOWED = {
    (Status.RECEIVED, Status.RESERVED),
    (Status.RECEIVED, Status.REJECTED),
    (Status.RESERVED, Status.POSTING),
    (Status.RESERVED, Status.REJECTED),
    (Status.POSTING, Status.CONFIRMED),
    (Status.POSTING, Status.REJECTED),
}


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_only_what_the_table_says_may_follow(before: Status, after: Status) -> None:
    if (before, after) in ALLOWED:
        assert plain_order(status=before).moved(after, LATER, "test").status is after
    else:
        with pytest.raises(ForbiddenTransitionError):
            plain_order(status=before).moved(after, LATER, "test")


def test_at_rest_nothing_follows() -> None:
    assert {status for status in Status if not TRANSITIONS[status]} == AT_REST


@settings(deadline=None)
@given(st.lists(st.sampled_from(Status), max_size=12))
def test_sequence_and_history_grow_with_every_step_and_nothing_else_changes_them(
    wishes: list[Status],
) -> None:
    before = plain_order()
    for status in wishes:
        try:
            after = before.moved(status, LATER, "test", reason="why", detail="really")
        except ForbiddenTransitionError:
            continue
        assert after.sequence == before.sequence + 1
        assert after.history[:-1] == before.history
        entry = HistoryEntry(
            at="2030-05-04T12:00:03.000000Z", status=status, reason="why", detail="really", by="test"
        )
        assert after.history[-1] == entry
        assert (after.reason, after.updated_at) == ("why", entry.at)
        assert after.created_at == before.created_at
        before = after
    assert before.sequence == len(before.history)


def owed(advance: model.Advance) -> list[tuple[Step, int]]:
    for work in advance.begun:
        assert (work.ask.property_code, work.ask.order_id) == (CODE, ORDER_ID)
        assert (work.born_at, work.due_at, work.attempts) == (LATER, LATER + FIRST_DUE, 0)
    return [(work.ask.step, work.ask.number) for work in advance.begun]


def test_what_each_step_leaves_owed() -> None:
    reserved = model.stock_reserved(plain_order(), LATER)
    assert owed(reserved) == [(Step.POST, 2)]
    posting = model.posting_begun(reserved.order, LATER)
    assert posting.status is Status.POSTING
    assert model.posting_begun(posting, LATER) is posting
    check = CheckReference(check_ref="r", check_number=1)
    confirmed = model.check_opened(posting, check, LATER)
    assert confirmed.order.check == check
    assert owed(confirmed) == [(Step.CONSUME, 4), (Step.TELL_CONFIRMED, 4)]


def test_a_refusal_gives_back_what_was_taken() -> None:
    posting = model.posting_begun(model.stock_reserved(plain_order(), LATER).order, LATER)
    refused = model.check_refused(posting, "no such item", LATER)
    assert refused.order.reason == "refused_by_simphony"
    assert owed(refused) == [(Step.RELEASE, 4), (Step.TELL_REJECTED, 4)]
    rejected = model.stock_rejected(plain_order(), ["bun", "beef"], LATER)
    last = rejected.order.history[-1]
    assert (last.reason, last.detail) == ("out_of_stock", "bun, beef")
    assert owed(rejected) == [(Step.TELL_REJECTED, 2)]


def test_only_tells_are_not_answered() -> None:
    assert {step for step in Step if step.is_tell} == {Step.TELL_CONFIRMED, Step.TELL_REJECTED}


def test_postponed_work_was_tried_once_more() -> None:
    work = model.reserve_stock(plain_order(), "{}", NOON)
    later = model.postponed(work, LATER)
    assert (later.due_at, later.attempts, later.born_at, later.ask) == (LATER, 1, NOON, work.ask)
