"""What people want of an order: to cancel it, to say how far the kitchen is, to settle a doubt. Pure.

Each wish makes a step forward, or nothing because it is done already, or it is refused.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from muneris.core.clock import from_rfc3339
from muneris.core.problems import ProblemType
from muneris.core.validation import refuse_invalid
from muneris.orders.life import round_transitions
from muneris.orders.life.transitions import (
    Change,
    ForbiddenTransitionError,
    moved,
    noted,
    told,
    with_fulfilment,
)
from muneris.orders.model import Advance, CheckReference, FulfilmentStatus, Order, Status, Step
from muneris.orders.round import RoundStatus

TOO_LATE_TO_CANCEL = ProblemType("too_late_to_cancel", 409, "Too late to cancel")
NEEDS_ATTENTION = ProblemType("needs_attention", 409, "Needs attention")
TOO_MANY_CHANGES = ProblemType("too_many_changes", 409, "Too many changes")
ORDER_NOT_CONFIRMED = ProblemType("order_not_confirmed", 409, "Order not confirmed")
ROUNDS_UNDER_WAY = ProblemType("rounds_under_way", 409, "Rounds under way")
FULFILMENT_ORDER = ProblemType("fulfilment_order", 409, "Fulfilment goes forward only")
NOT_IN_DOUBT = ProblemType("not_in_doubt", 409, "Not in doubt")

A_CALL_LASTS = timedelta(minutes=2)
"""No longer, from its claim until nothing of it is under way."""
MOST_HISTORY = 50
"""Changes of an order after which nothing begins that may lead back to where it was.

An ordinary life has some ten. Who cancels in vain adds two each time, and so does who settles a doubt by
asking again: all ways that lead back begin with one of these.
"""
_RESOLVED = "resolved"


class Resolution(BaseModel):
    """What a person found out about an order that needs attention, or of its `round`; `note` is for staff.

    `confirmed` names the check that holds it; `retry` asks Simphony again what is unknown. A round is
    confirmed or rejected.
    """

    model_config = ConfigDict(frozen=True)
    kind: Literal["confirmed", "rejected", "cancelled", "retry"]
    round: str | None = Field(None, max_length=36)
    check_ref: str | None = Field(None, min_length=1, max_length=100)
    check_number: int | None = None
    note: str = Field(min_length=1, max_length=1000)


def cancel(order: Order, by: str, comment: str | None, now: datetime) -> Advance | None:
    """Call an order off; None: it is being, or has been.

    What was asked of inventory, or is still to be posted, goes with it, and its stock is given back. A post
    that may be under way stays owed, and a check is voided first.

    Raises:
        ProblemError: `too_late_to_cancel`; `needs_attention`: a person is to settle it first;
            `too_many_changes`.
    """
    change = Change(by, comment=comment)
    match order.status:
        case Status.RECEIVED | Status.RESERVED:
            advance = told(moved(order, Status.CANCELLED, now, change), now, Step.RELEASE)
            return replace(advance, ended=order.awaited)
        case Status.POSTING:
            return Advance(moved(order, Status.CANCELLING, now, change))
        case Status.CONFIRMED:
            _require_room(order)
            return round_transitions.call_off(moved(order, Status.CANCELLING, now, change), now)
        case Status.CANCELLING | Status.CANCELLED:
            return None
        case Status.NEEDS_ATTENTION:
            raise NEEDS_ATTENTION(
                "Whether Simphony holds the order is not known: staff must settle it first."
            )
        case _:
            raise TOO_LATE_TO_CANCEL(f"The order is {order.status}.")


def fulfil(order: Order, status: FulfilmentStatus, by: str, now: datetime) -> Advance | None:
    """Say how far the kitchen is with an order; None: that was said before. `completed` ends the order.

    Raises:
        ProblemError: `order_not_confirmed`; `fulfilment_order`: it is further than that; `rounds_under_way`:
            what is to be paid is not known yet.
    """
    if order.status not in {Status.CONFIRMED, Status.COMPLETED}:
        raise ORDER_NOT_CONFIRMED(f"The order is {order.status}: only a confirmed one is prepared.")
    if order.fulfilment.status == status:
        return None
    try:
        further = with_fulfilment(order, status)
    except ForbiddenTransitionError as error:
        raise FULFILMENT_ORDER(f"The order is {order.fulfilment.status or 'accepted'} already.") from error
    if status == "completed":
        if not all(each.is_over for each in order.rounds):
            raise ROUNDS_UNDER_WAY("A round is not confirmed yet, nor rejected.")
        return told(moved(further, Status.COMPLETED, now, Change(by)), now)
    return Advance(noted(further, now, Change(by, status)))


def resolve(order: Order, resolution: Resolution, by: str, now: datetime) -> Advance | None:
    """Settle what could not be settled from here; None: this was done before.

    Raises:
        ProblemError: `not_in_doubt`; `invalid_request`: no check is named, and none is known, or that cannot
            become of a round; `too_many_changes`: it is to be tried again.
    """
    if resolution.round is not None:
        return _resolve_round(order, resolution.round, resolution, by, now)
    if order.status is not Status.NEEDS_ATTENTION:
        if _is_settled_so(order, resolution, by):
            return None
        raise NOT_IN_DOUBT(f"The order is {order.status}: there is nothing to settle.")
    change = Change(by, _RESOLVED, resolution.note)
    match resolution.kind:
        case "confirmed":
            held = {"check": _get_check(order, resolution)}
            confirmed = moved(order, Status.CONFIRMED, now, change).model_copy(update=held)
            return told(confirmed, now, Step.CONSUME)
        case "rejected":
            rejected = told(moved(order, Status.REJECTED, now, change), now, Step.RELEASE)
            return round_transitions.given_back(rejected, now)
        case "cancelled":
            cancelled = told(moved(order, Status.CANCELLED, now, change), now, Step.RELEASE)
            return round_transitions.given_back(cancelled, now)
        case "retry":
            _require_room(order)
            return _asked_again(order, replace(change, asks=True), now)


def _require_room(order: Order) -> None:
    if len(order.history) >= MOST_HISTORY:
        raise TOO_MANY_CHANGES(f"The order was changed {len(order.history)} times: nothing is tried again.")


def _is_settled_so(order: Order, resolution: Resolution, by: str) -> bool:
    """Whether the same person settled it in the same way."""
    settled = next((each for each in reversed(order.history) if each.reason == _RESOLVED), None)
    if settled is None or (settled.by, settled.detail or "") != (by, resolution.note):
        return False
    return resolution.kind in ("retry", settled.status)


def _resolve_round(
    order: Order, round_id: str, resolution: Resolution, by: str, now: datetime
) -> Advance | None:
    """Settle what could not be settled of a round."""
    if resolution.kind not in {"confirmed", "rejected"}:
        raise refuse_invalid([("kind", "must be confirmed or rejected for a round")])
    found = round_transitions.find(order, round_id)
    said = f"{by}: {resolution.note}"
    settled = None
    if found is not None and found.status is RoundStatus.NEEDS_ATTENTION:
        is_there = resolution.kind == "confirmed"
        settled = (
            round_transitions.confirmed(order, round_id, now, said)
            if is_there
            else round_transitions.rejected(order, round_id, _RESOLVED, now, said)
        )
    if settled is None and (found is None or (found.status, found.detail) != (resolution.kind, said)):
        raise NOT_IN_DOUBT("There is nothing to settle of such a round.")
    return settled


def _get_check(order: Order, resolution: Resolution) -> CheckReference:
    """The check that holds the order: the one that is named, else the one that is known."""
    named = resolution.model_dump(include={"check_ref", "check_number"}, exclude_none=True)
    if not named and order.check is not None:
        return order.check
    missing = {"check_ref", "check_number"} - named.keys()
    if missing:
        raise refuse_invalid((name, "is required") for name in sorted(missing))
    return CheckReference(**named)


def _asked_again(order: Order, change: Change, now: datetime) -> Advance:
    """Back to where the doubt arose, with an ask that looks up first what became of the earlier calls.

    They were made after the order was, and the last one may have been under way when the doubt was left to a
    person. Who wants it again wants it though it had expired.
    """
    before = order.history[-2].status
    again = moved(order, before, now, change).model_copy(update={"reason": None})
    calls_from, calls_until = from_rfc3339(order.created_at), from_rfc3339(order.updated_at) + A_CALL_LASTS
    works = (again.owes(ask.step, now) for ask in again.awaited)
    return Advance(
        again,
        tuple(
            replace(work, first_sent_at=calls_from, last_deadline=calls_until, expires_at=None)
            for work in works
        ),
    )
