"""How an order's rounds move on: what each answer makes of one, and what the order owes then. Pure.

None says that nothing follows: the round is not, or no longer, where that could be.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from muneris.core.clock import from_rfc3339, to_rfc3339
from muneris.core.money import to_wire
from muneris.orders.differences import CHECK_DIFFERS, Differences, payload_of
from muneris.orders.model import Advance, Order, Status, Step, Work
from muneris.orders.priced import Totals
from muneris.orders.round import ROUND, Round, RoundStatus

ORDER_CANCELLED = "order_cancelled"
"""Why a round is rejected whose order is cancelled."""


@dataclass(frozen=True)
class Ending:
    """Why a round ends as it does: `reason` is for everybody, `detail` for staff; `items` are menu items.

    `differences`: what its check holds otherwise than it was asked for.
    """

    reason: str | None = None
    detail: str = ""
    items: tuple[int, ...] = ()
    differences: Differences = ()


def added(order: Order, new: Round, stock: str, now: datetime) -> Advance:
    """A new round of a confirmed order: its stock is asked for. `stock`: JSON of the quantities to hold."""
    sequence = order.sequence + 1
    asking = new.model_copy(update={"asked": sequence})
    grown = _changed(order, (*order.rounds, asking), now)
    return Advance(grown, (_owes(grown, asking, Step.RESERVE, now, stock),))


def stock_reserved(order: Order, round_id: str, now: datetime) -> Advance | None:
    """Its stock is held: it goes to Simphony."""
    return _moved(order, round_id, RoundStatus.RESERVED, now, Ending(), Step.POST)


def stock_rejected(
    order: Order, round_id: str, skus: Sequence[str], now: datetime, items: Sequence[int], reason: str
) -> Advance | None:
    """There is no stock for it, for these menu `items`. Nothing was held, so nothing is given back."""
    ending = Ending(reason, ", ".join(skus), tuple(items))
    return _moved(order, round_id, RoundStatus.REJECTED, now, ending, Step.TELL_ROUND_REJECTED)


def posting_begun(order: Order, round_id: str, now: datetime) -> Order | None:
    """Somebody is about to call Simphony for it; again if an earlier call's answer was lost."""
    found = find(order, round_id)
    if found is not None and found.status is RoundStatus.POSTING:
        return order
    posting = _moved(order, round_id, RoundStatus.POSTING, now, Ending())
    return None if posting is None else posting.order


def confirmed(
    order: Order, round_id: str, now: datetime, detail: str = "", differences: Differences = ()
) -> Advance | None:
    """Simphony holds it: it is to be paid, its stock is used up, everybody is told."""
    steps = (Step.CONSUME, Step.TELL_ROUND_CONFIRMED)
    ending = Ending(CHECK_DIFFERS if differences else None, detail, differences=differences)
    advance = _moved(order, round_id, RoundStatus.CONFIRMED, now, ending, *steps)
    found = find(order, round_id)
    if advance is None or found is None:
        return None
    totals = {"totals": _with_total(order.totals, Decimal(found.total))}
    return replace(advance, order=advance.order.model_copy(update=totals))


def rejected(order: Order, round_id: str, reason: str, now: datetime, detail: str = "") -> Advance | None:
    """Simphony surely does not hold it: its stock is given back, everybody is told."""
    steps = (Step.RELEASE, Step.TELL_ROUND_REJECTED)
    return _moved(order, round_id, RoundStatus.REJECTED, now, Ending(reason, detail), *steps)


def expired(order: Order, round_id: str, now: datetime) -> Advance | None:
    """It waited longer than its property wants, and surely nothing of it is in Simphony."""
    reason = ORDER_CANCELLED if order.status is Status.CANCELLING else "expired"
    return rejected(order, round_id, reason, now)


def left_in_doubt(order: Order, work: Work, error: str, now: datetime) -> Advance | None:
    """Nobody here can tell whether Simphony carried it out: a person settles it, with this evidence."""
    ending, steps = Ending("in_doubt", work.evidence(error)), (Step.TELL_NEEDS_ATTENTION,)
    return _moved(order, work.ask.round, RoundStatus.NEEDS_ATTENTION, now, ending, *steps)


def call_off(order: Order, now: datetime) -> Advance:
    """What becomes of the rounds of an order that is `cancelling` now, and when its check is voided.

    Those that surely are not in Simphony end. While one may be on its way the void waits for its answer.
    """
    early = {RoundStatus.RECEIVED, RoundStatus.RESERVED}
    off = [each for each in order.rounds if each.status in early]
    ended = [ask for ask in order.awaited if ask.round in {each.id for each in off}]
    advance = _ended_together(Advance(order, ended=tuple(ended)), off, now)
    return advance if order.is_adding_a_round else _voiding(advance, now)


def given_back(advance: Advance, now: datetime) -> Advance:
    """With its order over, and no check left, the stock of its rounds is given back; doubts are settled."""
    order = advance.order
    held = [each for each in order.rounds if each.status is RoundStatus.CONFIRMED]
    doubts = [each for each in order.rounds if each.status is RoundStatus.NEEDS_ATTENTION]
    releases = (_owes(order, each, Step.RELEASE, now) for each in held)
    return _ended_together(replace(advance, begun=(*advance.begun, *releases)), doubts, now)


def find(order: Order, round_id: str) -> Round | None:
    """An order's round, or None."""
    return next((each for each in order.rounds if each.id == round_id), None)


def _moved(
    order: Order, round_id: str, status: RoundStatus, now: datetime, ending: Ending, *steps: Step
) -> Advance | None:
    """An order with a round in its next status, which begins these steps; None: `ROUND` does not allow it."""
    found = find(order, round_id)
    if found is None or status not in ROUND[found.status]:
        return None
    asked = order.sequence + 1 if Step.POST in steps else found.asked
    after = _in_status(found, status, ending).model_copy(update={"asked": asked})
    moved = _changed(order, tuple(after if each is found else each for each in order.rounds), now)
    said = {Step.TELL_ROUND_CONFIRMED: payload_of(ending.differences)}
    advance = Advance(moved, tuple(_owes(moved, after, step, now, said.get(step, "{}")) for step in steps))
    is_last_to_wait_for = order.is_adding_a_round and not moved.is_adding_a_round
    return _voiding(advance, now) if order.status is Status.CANCELLING and is_last_to_wait_for else advance


def _ended_together(advance: Advance, rounds: Sequence[Round], now: datetime) -> Advance:
    """These rounds of an order that is cancelled end with that step forward of it."""
    ending = Ending(ORDER_CANCELLED)
    ended = {each.id: _in_status(each, RoundStatus.REJECTED, ending) for each in rounds}
    after = tuple(ended.get(each.id, each) for each in advance.order.rounds)
    order = advance.order.model_copy(update={"rounds": after})
    steps = (Step.RELEASE, Step.TELL_ROUND_REJECTED)
    begun = (_owes(order, each, step, now) for each in rounds for step in steps)
    return replace(advance, order=order, begun=(*advance.begun, *begun))


def _voiding(advance: Advance, now: datetime) -> Advance:
    """With that step forward begins the ask to void the order's check."""
    asking = advance.order.model_copy(update={"asked": advance.order.sequence})
    return replace(advance, order=asking, begun=(*advance.begun, asking.owes(Step.VOID, now)))


def _in_status(before: Round, status: RoundStatus, ending: Ending) -> Round:
    update = {
        "status": status,
        "reason": ending.reason,
        "items": ending.items or None,
        "differences": ending.differences or None,
        "detail": ending.detail or None,
    }
    return before.model_copy(update=update)


def _changed(order: Order, rounds: tuple[Round, ...], now: datetime) -> Order:
    update = {"rounds": rounds, "updated_at": to_rfc3339(now), "sequence": order.sequence + 1}
    return order.model_copy(update=update)


def _owes(order: Order, whose: Round, step: Step, now: datetime, payload: str = "{}") -> Work:
    work = order.owes(step, now, payload, whose.id)
    if whose.expires_at is None or step not in {Step.RESERVE, Step.POST}:
        return work
    return replace(work, expires_at=from_rfc3339(whose.expires_at))


def _with_total(totals: Totals, more: Decimal) -> Totals:
    """What is to be paid with a round of that price."""
    update = {
        "subtotal": to_wire(Decimal(totals.subtotal) + more, totals.currency),
        "total": to_wire(Decimal(totals.total) + more, totals.currency),
    }
    return totals.model_copy(update=update)
