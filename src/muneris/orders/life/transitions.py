"""How orders move on: what each answer makes of an order, and what it owes then. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from muneris.core.clock import to_rfc3339
from muneris.orders.differences import CHECK_DIFFERS, Differences, payload_of
from muneris.orders.life import round_transitions
from muneris.orders.model import (
    FULFILMENT,
    PAYMENT,
    TRANSITIONS,
    Advance,
    CheckReference,
    Fulfilment,
    FulfilmentStatus,
    HistoryEntry,
    Order,
    Payment,
    PaymentStatus,
    Status,
    Step,
    Work,
)

ATTENTION_AFTER = timedelta(hours=2)
"""A call whose outcome is still unknown this long after it is a person's to settle."""
MOST_CALLS_LOST = 20
"""Some two hours' worth: after a lost call it takes minutes until the next one."""

_TELLS: Mapping[Status, Step] = {
    Status.CONFIRMED: Step.TELL_CONFIRMED,
    Status.REJECTED: Step.TELL_REJECTED,
    Status.CANCELLED: Step.TELL_CANCELLED,
    Status.COMPLETED: Step.TELL_COMPLETED,
    Status.NEEDS_ATTENTION: Step.TELL_NEEDS_ATTENTION,
}
_PAYMENT_ENDS: Mapping[Status, PaymentStatus] = {
    Status.COMPLETED: "paid",
    Status.REJECTED: "void",
    Status.CANCELLED: "void",
}
"""What becomes of what is due once its order is over."""


class ForbiddenTransitionError(Exception):
    """An order, its payment or its fulfilment cannot go from its status to that one."""


@dataclass(frozen=True)
class Change:
    """Who changes an order and why: `reason` is a code for everybody, `comment` their own words.

    `detail` is for staff; `items` are menu items, `differences` those of its check. `asks`: with it begins
    the ask whose answer moves the order on.
    """

    by: str
    reason: str | None = None
    detail: str = ""
    items: tuple[int, ...] = ()
    differences: Differences = ()
    comment: str | None = None
    asks: bool = False


def moved(order: Order, status: Status, now: datetime, change: Change) -> Order:
    """An order in its next status.

    Raises:
        ForbiddenTransitionError: `TRANSITIONS` does not allow it.
    """
    if status not in TRANSITIONS[order.status]:
        raise ForbiddenTransitionError(f"{order.order_id}: {order.status} -> {status}")
    changed = {**_changed(order, status, now, change), "reason": change.reason}
    if status in _PAYMENT_ENDS:
        changed["payment"] = _payment_ended(order.payment, _PAYMENT_ENDS[status])
    return order.model_copy(update=changed)


def noted(order: Order, now: datetime, change: Change) -> Order:
    """An order in the same status and for the same reason, with one more entry in its history."""
    return order.model_copy(update=_changed(order, order.status, now, change))


def with_fulfilment(order: Order, status: FulfilmentStatus) -> Order:
    """An order in the next status of its fulfilment.

    Raises:
        ForbiddenTransitionError: `FULFILMENT` does not allow it.
    """
    before: Fulfilment = order.fulfilment
    if status not in FULFILMENT[before.status or "accepted"]:
        raise ForbiddenTransitionError(f"{order.order_id}: fulfilment {before.status} -> {status}")
    return order.model_copy(update={"fulfilment": before.model_copy(update={"status": status})})


def advanced(order: Order, now: datetime, *steps: Step) -> Advance:
    """A step forward that begins these steps."""
    return Advance(order, tuple(order.owes(step, now) for step in steps))


def told(order: Order, now: datetime, *steps: Step) -> Advance:
    """A step forward that begins these steps, and that everybody is told of."""
    said = "{}"
    if order.status is Status.CONFIRMED:
        said = payload_of(tuple(each for entry in order.history for each in entry.differences or ()))
    advance = advanced(order, now, *steps)
    return replace(advance, begun=(*advance.begun, order.owes(_TELLS[order.status], now, said)))


def stock_reserved(order: Order, now: datetime) -> Advance:
    """Its stock is held: it goes to Simphony."""
    reserved = moved(order, Status.RESERVED, now, Change("inventory", asks=True))
    return advanced(reserved, now, Step.POST)


def stock_rejected(
    order: Order, skus: Sequence[str], now: datetime, items: Sequence[int] = (), reason: str = "out_of_stock"
) -> Advance:
    """There is no stock for it, for these menu `items`. Nothing was held, so nothing is given back."""
    change = Change("inventory", reason, ", ".join(skus), tuple(items))
    return told(moved(order, Status.REJECTED, now, change), now)


def posting_begun(order: Order, now: datetime) -> Order:
    """Somebody is about to call Simphony for it; again if an earlier call's answer was lost."""
    return order if order.status is Status.POSTING else moved(order, Status.POSTING, now, Change("orders"))


def check_opened(
    order: Order, check: CheckReference, now: datetime, differences: Differences = ()
) -> Advance:
    """Simphony holds it: its stock is used up, everybody is told. If it was cancelled its check is voided.

    `differences`: what the check holds otherwise than it was asked for.
    """
    if order.status is Status.CANCELLING:
        change = Change("simphony", "check_opened", differences=differences, asks=True)
        held = noted(order, now, change)
        return advanced(held.model_copy(update={"check": check}), now, Step.VOID)
    reason = CHECK_DIFFERS if differences else None
    confirmed = moved(order, Status.CONFIRMED, now, Change("simphony", reason, differences=differences))
    return told(confirmed.model_copy(update={"check": check}), now, Step.CONSUME)


def check_refused(order: Order, detail: str, now: datetime) -> Advance:
    """Simphony will not have it: its stock is given back, everybody is told."""
    if order.status is Status.CANCELLING:
        return cancellation_done(order, now, "simphony", detail)
    change = Change("simphony", "refused_by_simphony", detail)
    return told(moved(order, Status.REJECTED, now, change), now, Step.RELEASE)


def cancellation_done(order: Order, now: datetime, by: str, detail: str = "") -> Advance:
    """Simphony holds nothing of an order that was cancelled: its stock is given back, everybody is told."""
    change = Change(by, detail=detail)
    return round_transitions.given_back(
        told(moved(order, Status.CANCELLED, now, change), now, Step.RELEASE), now
    )


def void_refused(order: Order, detail: str, now: datetime) -> Advance:
    """Simphony keeps its check: it is confirmed, for the first time if it was cancelled before its check."""
    change = Change("simphony", "cancel_refused", detail)
    confirmed = moved(order, Status.CONFIRMED, now, change)
    if any(entry.status is Status.CONFIRMED for entry in order.history):
        return Advance(confirmed)
    return told(confirmed, now, Step.CONSUME)


def is_unsettled(work: Work, now: datetime) -> bool:
    """Whether the outcome of its calls has been unknown for so long that a person is to settle it.

    Asked only where something is in doubt: a refusal that cannot be checked leaves no call in its work.
    """
    return now - max(work.first_sent_at or work.born_at, work.born_at) >= ATTENTION_AFTER


def is_in_vain(work: Work) -> bool:
    """Whether so many calls got lost, each found to have done nothing, that a person is to see to it."""
    return work.calls_lost >= MOST_CALLS_LOST


def left_in_doubt(order: Order, work: Work, error: str, now: datetime) -> Advance:
    """Nobody here can tell whether Simphony carried it out: a person settles it, with this evidence."""
    change = Change("orders", "in_doubt", work.evidence(error))
    return told(moved(order, Status.NEEDS_ATTENTION, now, change), now)


def expired(order: Order, now: datetime) -> Advance:
    """It waited longer than its property wants, and surely nothing of it is in Simphony."""
    if order.status is Status.CANCELLING:
        return cancellation_done(order, now, "orders")
    rejected = moved(order, Status.REJECTED, now, Change("orders", "expired"))
    return told(rejected, now, Step.RELEASE)


def _changed(order: Order, status: Status, now: datetime, change: Change) -> dict[str, Any]:
    at, sequence = to_rfc3339(now), order.sequence + 1
    entry = HistoryEntry(
        at=at,
        status=status,
        reason=change.reason,
        items=change.items or None,
        differences=change.differences or None,
        detail=change.detail or None,
        comment=change.comment or None,
        by=change.by,
    )
    return {
        "status": status,
        "history": (*order.history, entry),
        "updated_at": at,
        "sequence": sequence,
        "asked": sequence if change.asks else order.asked,
    }


def _payment_ended(payment: Payment, status: PaymentStatus) -> Payment:
    """What was due is so no more; what never was stays as it is."""
    if payment.status == "none":
        return payment
    if status not in PAYMENT[payment.status]:
        raise ForbiddenTransitionError(f"payment: {payment.status} -> {status}")
    return payment.model_copy(update={"status": status})
