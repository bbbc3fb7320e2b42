"""What answers and people make of an order, and what it owes then."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.restaurant import CODE, NOON, ORDER_ID, plain_order

from muneris.core.problems import ProblemError, ProblemType
from muneris.orders.life import transitions, wishes
from muneris.orders.life.wishes import A_CALL_LASTS, Resolution
from muneris.orders.model import (
    FIRST_DUE,
    Advance,
    Ask,
    CheckReference,
    FulfilmentStatus,
    Order,
    Payment,
    Status,
    Step,
)

LATER = NOON + timedelta(seconds=3)
CHECK = CheckReference(check_ref="r", check_number=1)
OTHER_CHECK = CheckReference(check_ref="s", check_number=2)
NOTE = "asked the restaurant"

RECEIVED = plain_order().model_copy(update={"payment": Payment(method="at_counter", status="due")})
RESERVED = transitions.stock_reserved(RECEIVED, NOON).order
POSTING = transitions.posting_begun(RESERVED, NOON)
CONFIRMED = transitions.check_opened(POSTING, CHECK, NOON).order


def cancelled(order: Order) -> Advance:
    advance = wishes.cancel(order, "ann", "too slow", LATER)
    assert advance is not None
    return advance


CALLED_OFF = cancelled(POSTING).order
VOIDING = cancelled(CONFIRMED).order
WORK = POSTING.owes(Step.POST, NOON)
DOUBTFUL = transitions.left_in_doubt(POSTING, WORK, "no answer", NOON).order
DOUBTFUL_VOID = transitions.left_in_doubt(VOIDING, WORK, "no answer", NOON).order
COMPLETED = transitions.moved(CONFIRMED, Status.COMPLETED, NOON, transitions.Change("ann"))
REJECTED = transitions.check_refused(POSTING, "no", NOON).order


def get(advance: Advance | None) -> Advance:
    assert advance is not None
    return advance


def owed(advance: Advance) -> list[tuple[Step, int]]:
    for work in advance.begun:
        assert (work.ask.property_code, work.ask.order_id) == (CODE, ORDER_ID)
        assert (work.born_at, work.due_at, work.attempts) == (LATER, LATER + FIRST_DUE, 0)
    return [(work.ask.step, work.ask.number) for work in advance.begun]


def refused(error: pytest.ExceptionInfo[ProblemError]) -> ProblemType:
    return error.value.type


def test_what_each_answer_leaves_owed() -> None:
    reserved = transitions.stock_reserved(RECEIVED, LATER)
    assert owed(reserved) == [(Step.POST, 2)]
    assert reserved.order.awaited == (reserved.begun[0].ask,)
    posting = transitions.posting_begun(reserved.order, LATER)
    assert posting.status is Status.POSTING
    assert posting.awaited == reserved.order.awaited
    assert transitions.posting_begun(posting, LATER) is posting
    confirmed = transitions.check_opened(posting, CHECK, LATER)
    assert confirmed.order.check == CHECK
    assert owed(confirmed) == [(Step.CONSUME, 4), (Step.TELL_CONFIRMED, 4)]


def test_a_rejection_gives_back_what_was_taken_and_says_why() -> None:
    rejection = transitions.check_refused(POSTING, "no such item", LATER)
    assert rejection.order.reason == "refused_by_simphony"
    assert owed(rejection) == [(Step.RELEASE, 4), (Step.TELL_REJECTED, 4)]
    rejection = transitions.stock_rejected(RECEIVED, ["bun", "beef"], LATER, [11001])
    last = rejection.order.history[-1]
    assert (last.reason, last.detail, last.items) == ("out_of_stock", "bun, beef", (11001,))
    assert owed(rejection) == [(Step.TELL_REJECTED, 2)]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (transitions.stock_rejected(RECEIVED, ["bun"], LATER), ("inventory", "out_of_stock", "bun")),
        (transitions.check_refused(POSTING, "no", LATER), ("simphony", "refused_by_simphony", "no")),
        (transitions.check_refused(CALLED_OFF, "no", LATER), ("simphony", None, "no")),
        (transitions.void_refused(VOIDING, "paid", LATER), ("simphony", "cancel_refused", "paid")),
        (transitions.expired(RECEIVED, LATER), ("orders", "expired", None)),
        (transitions.expired(CALLED_OFF, LATER), ("orders", None, None)),
    ],
)
def test_the_history_says_who_changed_an_order_and_why(
    changed: Advance, said: tuple[str, str | None, str | None]
) -> None:
    last = changed.order.history[-1]
    assert (last.by, last.reason, last.detail) == said


@pytest.mark.parametrize("order", [RECEIVED, RESERVED, POSTING])
def test_an_expired_order_is_rejected_and_gives_its_stock_back(order: Order) -> None:
    rejection = transitions.expired(order, LATER)
    number = order.sequence + 1
    assert (rejection.order.status, rejection.order.reason) == (Status.REJECTED, "expired")
    assert owed(rejection) == [(Step.RELEASE, number), (Step.TELL_REJECTED, number)]
    assert rejection.order.payment.status == "void"


def test_an_expired_order_that_was_cancelled_is_cancelled() -> None:
    assert transitions.expired(CALLED_OFF, LATER).order.status is Status.CANCELLED


@pytest.mark.parametrize(("order", "step"), [(RECEIVED, Step.RESERVE), (RESERVED, Step.POST)])
def test_a_cancel_before_posting_ends_what_was_asked_and_gives_stock_back(order: Order, step: Step) -> None:
    advance = cancelled(order)
    number = order.sequence + 1
    assert (advance.order.status, advance.order.reason) == (Status.CANCELLED, None)
    last = advance.order.history[-1]
    assert (last.reason, last.comment, last.by) == (None, "too slow", "ann")
    assert advance.ended == (Ask(CODE, ORDER_ID, order.sequence, step),) == order.awaited
    assert owed(advance) == [(Step.RELEASE, number), (Step.TELL_CANCELLED, number)]
    assert advance.order.payment.status == "void"


def test_a_cancel_while_posting_waits_for_its_post() -> None:
    advance = cancelled(POSTING)
    assert (advance.order.status, advance.begun, advance.ended) == (Status.CANCELLING, (), ())
    assert advance.order.awaited == POSTING.awaited
    assert advance.order.payment.status == "due"


def test_a_check_opened_for_a_cancelled_order_is_voided() -> None:
    opened = transitions.check_opened(CALLED_OFF, CHECK, LATER)
    assert (opened.order.status, opened.order.check) == (Status.CANCELLING, CHECK)
    assert opened.order.reason is None
    assert [each.comment for each in opened.order.history[-2:]] == ["too slow", None]
    assert owed(opened) == [(Step.VOID, 5)]
    assert opened.order.awaited == (opened.begun[0].ask,)


def test_a_refused_post_of_a_cancelled_order_cancels_it() -> None:
    advance = transitions.check_refused(CALLED_OFF, "no such item", LATER)
    assert (advance.order.status, advance.order.reason) == (Status.CANCELLED, None)
    assert owed(advance) == [(Step.RELEASE, 5), (Step.TELL_CANCELLED, 5)]


def test_a_cancel_after_confirmation_voids_the_check_first() -> None:
    advance = cancelled(CONFIRMED)
    assert advance.order.status is Status.CANCELLING
    assert owed(advance) == [(Step.VOID, 5)]
    assert advance.order.awaited == (advance.begun[0].ask,)
    done = transitions.cancellation_done(advance.order, LATER, "simphony")
    assert (done.order.status, done.order.reason) == (Status.CANCELLED, None)
    assert owed(done) == [(Step.RELEASE, 6), (Step.TELL_CANCELLED, 6)]


def test_after_a_refused_void_it_is_confirmed_and_may_be_cancelled_again() -> None:
    kept = transitions.void_refused(VOIDING, "it is closed", LATER)
    last = kept.order.history[-1]
    assert (kept.order.status, last.reason, last.detail) == (
        Status.CONFIRMED,
        "cancel_refused",
        "it is closed",
    )
    assert (kept.order.check, owed(kept)) == (CHECK, [])
    assert owed(cancelled(kept.order)) == [(Step.VOID, 7)]


def test_after_a_refused_void_an_order_that_never_was_confirmed_uses_its_stock() -> None:
    opened = transitions.check_opened(CALLED_OFF, CHECK, LATER).order
    assert owed(transitions.void_refused(opened, "no", LATER)) == [
        (Step.CONSUME, 6),
        (Step.TELL_CONFIRMED, 6),
    ]


@pytest.mark.parametrize("order", [CALLED_OFF, VOIDING, cancelled(RECEIVED).order])
def test_a_cancel_of_what_is_cancelled_has_no_effect(order: Order) -> None:
    assert wishes.cancel(order, "ann", None, LATER) is None


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        (REJECTED, wishes.TOO_LATE_TO_CANCEL),
        (COMPLETED, wishes.TOO_LATE_TO_CANCEL),
        (DOUBTFUL, wishes.NEEDS_ATTENTION),
    ],
)
def test_what_is_over_or_in_doubt_cannot_be_cancelled(order: Order, problem: ProblemType) -> None:
    with pytest.raises(ProblemError) as error:
        wishes.cancel(order, "ann", None, LATER)
    assert refused(error) is problem


def test_the_kitchen_goes_on_step_by_step() -> None:
    preparing = wishes.fulfil(CONFIRMED, "preparing", "ann", LATER)
    assert preparing is not None
    assert (preparing.order.status, preparing.order.fulfilment.status) == (Status.CONFIRMED, "preparing")
    assert (preparing.begun, preparing.order.sequence) == ((), 5)
    assert preparing.order.history[-1].reason == "preparing"
    assert wishes.fulfil(preparing.order, "preparing", "ann", LATER) is None
    completed = wishes.fulfil(preparing.order, "completed", "ann", LATER)
    assert completed is not None
    assert (completed.order.status, completed.order.payment.status) == (Status.COMPLETED, "paid")
    assert owed(completed) == [(Step.TELL_COMPLETED, 6)]
    assert wishes.fulfil(completed.order, "completed", "ann", LATER) is None


@pytest.mark.parametrize(
    ("before", "after"), [("ready", "preparing"), ("completed", "ready"), ("completed", "preparing")]
)
def test_the_kitchen_does_not_go_back(before: FulfilmentStatus, after: FulfilmentStatus) -> None:
    advance = wishes.fulfil(CONFIRMED, before, "ann", LATER)
    assert advance is not None
    with pytest.raises(ProblemError) as error:
        wishes.fulfil(advance.order, after, "ann", LATER)
    assert refused(error) is wishes.FULFILMENT_ORDER


@pytest.mark.parametrize("order", [RECEIVED, RESERVED, POSTING, CALLED_OFF, VOIDING, REJECTED, DOUBTFUL])
def test_only_what_is_confirmed_is_prepared(order: Order) -> None:
    with pytest.raises(ProblemError) as error:
        wishes.fulfil(order, "ready", "ann", LATER)
    assert refused(error) is wishes.ORDER_NOT_CONFIRMED


def test_a_doubt_is_told_with_its_evidence() -> None:
    advance = transitions.left_in_doubt(POSTING, WORK, "no answer", LATER)
    last = advance.order.history[-1]
    assert (last.reason, last.detail) == (
        "in_doubt",
        "post: first sent never, last call until never, attempts 0: no answer",
    )
    assert owed(advance) == [(Step.TELL_NEEDS_ATTENTION, 4)]
    assert (advance.order.awaited, advance.order.payment.status) == ((), "due")


@pytest.mark.parametrize(
    ("order", "check"), [(DOUBTFUL, OTHER_CHECK), (DOUBTFUL_VOID, OTHER_CHECK), (DOUBTFUL_VOID, None)]
)
def test_a_doubt_is_settled_with_its_check(order: Order, check: CheckReference | None) -> None:
    named = {} if check is None else check.model_dump()
    advance = get(wishes.resolve(order, Resolution(kind="confirmed", note=NOTE, **named), "bob", LATER))
    number = order.sequence + 1
    assert (advance.order.status, advance.order.check) == (Status.CONFIRMED, check or CHECK)
    last = advance.order.history[-1]
    assert (last.reason, last.detail, last.by) == ("resolved", NOTE, "bob")
    assert owed(advance) == [(Step.CONSUME, number), (Step.TELL_CONFIRMED, number)]


@pytest.mark.parametrize(
    ("order", "resolution", "missing"),
    [
        (DOUBTFUL, Resolution(kind="confirmed", note=NOTE), ["check_number", "check_ref"]),
        (DOUBTFUL, Resolution(kind="confirmed", note=NOTE, check_ref="s"), ["check_number"]),
        (DOUBTFUL_VOID, Resolution(kind="confirmed", note=NOTE, check_number=2), ["check_ref"]),
    ],
)
def test_a_doubt_is_not_settled_as_confirmed_without_a_whole_check(
    order: Order, resolution: Resolution, missing: list[str]
) -> None:
    with pytest.raises(ProblemError) as error:
        wishes.resolve(order, resolution, "bob", LATER)
    assert refused(error).code == "invalid_request"
    assert error.value.members["errors"] == [{"field": name, "message": "is required"} for name in missing]


def test_a_doubt_is_settled_without_a_check() -> None:
    rejected = get(wishes.resolve(DOUBTFUL, Resolution(kind="rejected", note=NOTE), "bob", LATER))
    assert (rejected.order.status, rejected.order.reason) == (Status.REJECTED, "resolved")
    assert owed(rejected) == [(Step.RELEASE, 5), (Step.TELL_REJECTED, 5)]
    gone = get(wishes.resolve(DOUBTFUL_VOID, Resolution(kind="cancelled", note=NOTE), "bob", LATER))
    assert gone.order.status is Status.CANCELLED
    assert owed(gone) == [(Step.RELEASE, 7), (Step.TELL_CANCELLED, 7)]


@pytest.mark.parametrize(
    ("before", "step"), [(POSTING, Step.POST), (CALLED_OFF, Step.POST), (VOIDING, Step.VOID)]
)
def test_a_doubt_that_is_tried_again_goes_back_and_is_looked_up_first(before: Order, step: Step) -> None:
    doubtful = transitions.left_in_doubt(before, WORK, "no answer", NOON + timedelta(seconds=2)).order
    again = get(wishes.resolve(doubtful, Resolution(kind="retry", note=NOTE), "bob", LATER))
    assert again.order.status is before.status
    assert doubtful.reason is not None
    assert again.order.reason is None
    assert owed(again) == [(step, doubtful.sequence + 1)]
    (work,) = again.begun
    assert (work.first_sent_at, work.last_deadline) == (NOON, NOON + timedelta(seconds=2) + A_CALL_LASTS)
    assert again.order.awaited == (work.ask,)


def test_a_doubt_is_not_tried_again_for_ever_and_can_be_settled_otherwise() -> None:
    doubtful = DOUBTFUL_VOID
    while len(doubtful.history) < wishes.MOST_HISTORY:
        again = get(wishes.resolve(doubtful, Resolution(kind="retry", note=NOTE), "bob", LATER)).order
        doubtful = transitions.left_in_doubt(again, WORK, "no answer", NOON).order
    with pytest.raises(ProblemError) as error:
        wishes.resolve(doubtful, Resolution(kind="retry", note=NOTE), "bob", LATER)
    assert refused(error) is wishes.TOO_MANY_CHANGES
    for kind in (Status.CONFIRMED, Status.REJECTED, Status.CANCELLED):
        settled = wishes.resolve(doubtful, Resolution(kind=kind.value, note=NOTE), "bob", LATER)
        assert get(settled).order.status is kind


@pytest.mark.parametrize("order", [RECEIVED, POSTING, CONFIRMED, VOIDING, REJECTED])
def test_only_a_doubt_is_settled(order: Order) -> None:
    with pytest.raises(ProblemError) as error:
        wishes.resolve(order, Resolution(kind="rejected", note=NOTE), "bob", LATER)
    assert refused(error) is wishes.NOT_IN_DOUBT


def test_an_outcome_is_unsettled_two_hours_after_the_first_call_or_since_it_was_tried_again() -> None:
    limit = NOON + transitions.ATTENTION_AFTER
    work = replace(WORK, first_sent_at=NOON, born_at=NOON)
    assert not transitions.is_unsettled(work, limit - timedelta(microseconds=1))
    assert transitions.is_unsettled(work, limit)
    assert transitions.is_unsettled(replace(work, first_sent_at=None), limit)  # as of when it was asked for
    assert not transitions.is_unsettled(replace(work, born_at=LATER), limit)


def test_a_cancel_that_an_older_version_stored_is_read_and_carried_out() -> None:
    """It had the words of whoever cancelled where the code is now."""
    stored = VOIDING.model_dump(mode="json")
    stored["reason"] = stored["history"][-1]["reason"] = "too slow"
    for entry in stored["history"]:
        del entry["comment"]
    older = Order.model_validate_json(json.dumps(stored))
    assert (older.history[-1].reason, older.history[-1].comment) == ("too slow", None)
    assert older.awaited == VOIDING.awaited
    done = transitions.cancellation_done(older, LATER, "simphony").order
    assert (done.status, done.reason, done.history[:-1]) == (Status.CANCELLED, None, older.history)
    kept = transitions.void_refused(older, "no", LATER).order
    assert (kept.reason, wishes.cancel(kept, "ann", None, LATER) is None) == ("cancel_refused", False)
