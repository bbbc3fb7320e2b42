"""An order's life: its states, what may follow what, and what each step leaves owed. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from muneris.core.clock import to_rfc3339

FIRST_DUE = timedelta(seconds=10)
"""Work is born due this much later: sending it right after the commit has its chance first."""


class Status(StrEnum):
    """Where an order stands."""

    RECEIVED = "received"
    RESERVED = "reserved"
    POSTING = "posting"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.RECEIVED: frozenset({Status.RESERVED, Status.REJECTED}),
    Status.RESERVED: frozenset({Status.POSTING, Status.REJECTED}),
    Status.POSTING: frozenset({Status.CONFIRMED, Status.REJECTED}),
    Status.CONFIRMED: frozenset(),
    Status.REJECTED: frozenset(),
}
"""What may follow what; anything else raises."""

AT_REST = frozenset({Status.CONFIRMED, Status.REJECTED})
"""Nothing moves an order on from here by itself."""


class Step(StrEnum):
    """What an order may still owe. Asks are answered; tells are only said."""

    RESERVE = "reserve"
    POST = "post"
    CONSUME = "consume"
    RELEASE = "release"
    TELL_CONFIRMED = "tell-confirmed"
    TELL_REJECTED = "tell-rejected"

    @property
    def is_tell(self) -> bool:
        """Whether nobody answers it: it is done once Event Grid has it."""
        return self in {Step.TELL_CONFIRMED, Step.TELL_REJECTED}


class ForbiddenTransitionError(Exception):
    """An order cannot go from its status to that one."""


@dataclass(frozen=True)
class Ask:
    """Names one owed step for good: `number` is the order's sequence when it began; answers return it."""

    property_code: str
    order_id: UUID
    number: int
    step: Step


@dataclass(frozen=True)
class Work:
    """One owed step of an order, and how it went so far.

    `payload` is JSON that is said with it. `claimed_until`: somebody is calling Simphony until then;
    `first_sent_at` and `last_deadline` bound when a call may have been, or still be, executed there.
    """

    ask: Ask
    payload: str
    born_at: datetime
    due_at: datetime
    attempts: int = 0
    first_sent_at: datetime | None = None
    last_deadline: datetime | None = None
    claimed_until: datetime | None = None
    etag: str = ""


class Fulfilment(BaseModel):
    """How and when the guest gets it."""

    model_config = ConfigDict(frozen=True)
    type: Literal["dine_in", "pickup", "delivery"]
    table: str | None = None
    requested_at: str | None = None


class PricedCondiment(BaseModel):
    """A condiment with its price for one."""

    model_config = ConfigDict(frozen=True)
    condiment_id: int
    definition_sequence: int
    quantity: int
    name: str
    unit_price: str


class PricedLine(BaseModel):
    """A line as the menu prices it. `total` is quantity x (unit price + its condiments)."""

    model_config = ConfigDict(frozen=True)
    menu_item_id: int
    definition_sequence: int
    price_sequence: int
    quantity: int
    name: str
    unit_price: str
    condiments: tuple[PricedCondiment, ...]
    total: str
    note: str | None = None


class Totals(BaseModel):
    """What is to be paid. `total` includes the tip."""

    model_config = ConfigDict(frozen=True)
    subtotal: str
    discount: str
    tax: str
    service_charge: str
    tip: str
    total: str
    currency: str


class Payment(BaseModel):
    """How it is paid."""

    model_config = ConfigDict(frozen=True)
    method: Literal["online", "terminal", "at_counter", "none"]
    status: str
    reference: str | None = None


class CheckReference(BaseModel):
    """The Simphony check that holds the order."""

    model_config = ConfigDict(frozen=True)
    check_ref: str
    check_number: int


class HistoryEntry(BaseModel):
    """One change of status; `detail` is what inventory or Simphony said, for staff alone."""

    model_config = ConfigDict(frozen=True)
    at: str
    status: Status
    reason: str | None = None
    detail: str | None = None
    by: str


class Order(BaseModel):
    """An order as it is stored and as GET answers it; `sequence` counts its changes."""

    model_config = ConfigDict(frozen=True)
    order_id: UUID
    property_code: str
    region: str
    status: Status
    reason: str | None = None
    channel: Literal["online", "table", "counter"]
    fulfilment: Fulfilment
    lines: tuple[dict[str, Any], ...]
    priced_lines: tuple[PricedLine, ...]
    totals: Totals
    payment: Payment
    customer: dict[str, str] | None = None
    check: CheckReference | None = None
    rounds: tuple[()] = ()
    refunds: tuple[()] = ()
    history: tuple[HistoryEntry, ...]
    placed_by: str
    created_at: str
    updated_at: str
    sequence: int = 1

    @property
    def at_rest(self) -> bool:
        """Whether nothing moves it on by itself."""
        return self.status in AT_REST

    def moved(
        self, status: Status, now: datetime, by: str, *, reason: str | None = None, detail: str = ""
    ) -> "Order":
        """The order in its next status; `reason` is stable and for everybody, `detail` is for staff.

        Raises:
            ForbiddenTransitionError: `TRANSITIONS` does not allow it.
        """
        if status not in TRANSITIONS[self.status]:
            raise ForbiddenTransitionError(f"{self.order_id}: {self.status} -> {status}")
        at = to_rfc3339(now)
        entry = HistoryEntry(at=at, status=status, reason=reason, detail=detail or None, by=by)
        return self.model_copy(
            update={
                "status": status,
                "reason": reason,
                "history": (*self.history, entry),
                "updated_at": at,
                "sequence": self.sequence + 1,
            }
        )

    def owes(self, step: Step, now: datetime, payload: str = "{}") -> Work:
        """A step it owes from now on."""
        ask = Ask(self.property_code, self.order_id, self.sequence, step)
        return Work(ask, payload, born_at=now, due_at=now + FIRST_DUE)


@dataclass(frozen=True)
class Advance:
    """A step forward: the order after it, and the work that begins with it."""

    order: Order
    begun: tuple[Work, ...] = ()


def reserve_stock(order: Order, stock: str, now: datetime) -> Work:
    """The first thing an accepted order owes. `stock`: JSON of the quantities to hold."""
    return order.owes(Step.RESERVE, now, stock)


def stock_reserved(order: Order, now: datetime) -> Advance:
    """Its stock is held: it goes to Simphony."""
    reserved = order.moved(Status.RESERVED, now, "inventory")
    return Advance(reserved, (reserved.owes(Step.POST, now),))


def stock_rejected(order: Order, items: Sequence[str], now: datetime) -> Advance:
    """There is no stock for it. Nothing was held, so nothing is given back."""
    rejected = order.moved(Status.REJECTED, now, "inventory", reason="out_of_stock", detail=", ".join(items))
    return Advance(rejected, (rejected.owes(Step.TELL_REJECTED, now),))


def posting_begun(order: Order, now: datetime) -> Order:
    """Somebody is about to call Simphony for it; again if an earlier call's answer was lost."""
    return order if order.status is Status.POSTING else order.moved(Status.POSTING, now, "orders")


def check_opened(order: Order, check: CheckReference, now: datetime) -> Advance:
    """Simphony holds it: its stock is used up, everybody is told."""
    confirmed = order.moved(Status.CONFIRMED, now, "simphony").model_copy(update={"check": check})
    return Advance(
        confirmed,
        (confirmed.owes(Step.CONSUME, now), confirmed.owes(Step.TELL_CONFIRMED, now)),
    )


def check_refused(order: Order, detail: str, now: datetime) -> Advance:
    """Simphony will not have it: its stock is given back, everybody is told."""
    rejected = order.moved(Status.REJECTED, now, "simphony", reason="refused_by_simphony", detail=detail)
    return Advance(
        rejected,
        (rejected.owes(Step.RELEASE, now), rejected.owes(Step.TELL_REJECTED, now)),
    )


def postponed(work: Work, due_at: datetime) -> Work:
    """The same work, once more tried, to be tried again at `due_at`."""
    return replace(work, due_at=due_at, attempts=work.attempts + 1)
