"""An order: its states, what may follow what, and the steps it owes. Pure; `life` moves it on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from muneris.core.clock import from_rfc3339, to_rfc3339
from muneris.orders.differences import Differences
from muneris.orders.priced import PricedLine, Totals
from muneris.orders.round import Round, RoundStatus

FIRST_DUE = timedelta(seconds=10)
"""Work is born due this much later: sending it right after the commit has its chance first."""
INTERNAL = frozenset({"sequence", "asked", "expires_at"})
"""The fields of an order that it is not shown with."""


class Status(StrEnum):
    """Where an order stands."""

    RECEIVED = "received"
    RESERVED = "reserved"
    POSTING = "posting"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    NEEDS_ATTENTION = "needs_attention"


TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.RECEIVED: frozenset({Status.RESERVED, Status.REJECTED, Status.CANCELLED}),
    Status.RESERVED: frozenset({Status.POSTING, Status.REJECTED, Status.CANCELLED}),
    Status.POSTING: frozenset({Status.CONFIRMED, Status.REJECTED, Status.CANCELLING, Status.NEEDS_ATTENTION}),
    Status.CONFIRMED: frozenset({Status.COMPLETED, Status.CANCELLING}),
    Status.COMPLETED: frozenset(),
    Status.REJECTED: frozenset(),
    Status.CANCELLING: frozenset({Status.CANCELLED, Status.CONFIRMED, Status.NEEDS_ATTENTION}),
    Status.CANCELLED: frozenset(),
    Status.NEEDS_ATTENTION: frozenset(
        {Status.CONFIRMED, Status.REJECTED, Status.CANCELLED, Status.POSTING, Status.CANCELLING}
    ),
}
"""What may follow what; anything else raises."""

AT_REST = frozenset({Status.CONFIRMED, Status.COMPLETED, Status.REJECTED, Status.CANCELLED})
"""Nothing moves an order on from here by itself."""

type PricedBy = Literal["menu", "simphony"]
type PaymentMethod = Literal["online", "terminal", "at_counter", "none"]
type PaymentStatus = Literal["none", "due", "paid", "void"]

PAYMENT: Mapping[PaymentStatus, frozenset[PaymentStatus]] = {
    "none": frozenset(),
    "due": frozenset({"paid", "void"}),
    "paid": frozenset(),
    "void": frozenset(),
}
"""What may follow what in an order's payment."""

type FulfilmentStatus = Literal["accepted", "preparing", "ready", "completed"]

FULFILMENT: Mapping[FulfilmentStatus, frozenset[FulfilmentStatus]] = {
    "accepted": frozenset({"preparing", "ready", "completed"}),
    "preparing": frozenset({"ready", "completed"}),
    "ready": frozenset({"completed"}),
    "completed": frozenset(),
}
"""What may follow what in an order's fulfilment; it is accepted until something is said."""


class Step(StrEnum):
    """What an order may still owe. Asks are answered; tells are only said."""

    RESERVE = "reserve"
    POST = "post"
    CONSUME = "consume"
    RELEASE = "release"
    VOID = "void"
    TELL_CONFIRMED = "tell-confirmed"
    TELL_REJECTED = "tell-rejected"
    TELL_CANCELLED = "tell-cancelled"
    TELL_COMPLETED = "tell-completed"
    TELL_NEEDS_ATTENTION = "tell-needs-attention"
    TELL_ROUND_CONFIRMED = "tell-round-confirmed"
    TELL_ROUND_REJECTED = "tell-round-rejected"

    @property
    def is_tell(self) -> bool:
        """Whether nobody answers it: it is done once Event Grid has it."""
        return self.value.startswith("tell-")


_ROUND_ASKS: Mapping[RoundStatus, Step] = {
    RoundStatus.RECEIVED: Step.RESERVE,
    RoundStatus.RESERVED: Step.POST,
    RoundStatus.POSTING: Step.POST,
}
"""What a round waits for."""


@dataclass(frozen=True)
class Ask:
    """Names one owed step for good: `number` is the order's sequence when it began; answers return it.

    `round`: the id of the round whose step it is; empty for the order's own.
    """

    property_code: str
    order_id: UUID
    number: int
    step: Step
    round: str = ""


@dataclass(frozen=True)
class Work:
    """One owed step of an order, and how it went so far.

    `payload` is JSON that is said with it. `claimed_until`: somebody is calling Simphony until then;
    `first_sent_at` and `last_deadline` bound when a call may have been, or still be, executed there.
    `calls_lost`: how many were made whose outcome nobody heard.
    `expires_at`: from then on the property no longer wants it done.
    """

    ask: Ask
    payload: str
    born_at: datetime
    due_at: datetime
    attempts: int = 0
    first_sent_at: datetime | None = None
    last_deadline: datetime | None = None
    calls_lost: int = 0
    claimed_until: datetime | None = None
    expires_at: datetime | None = None
    etag: str = ""

    @property
    def is_to_begin(self) -> bool:
        """Whether it was never sent and is to be as it falls due, or somebody wants it sent at once."""
        return self.due_at <= self.born_at

    def is_expired(self, now: datetime) -> bool:
        """Whether it is no longer wanted; never while Simphony may have carried it out."""
        return self.expires_at is not None and self.expires_at <= now and self.first_sent_at is None

    def evidence(self, error: str) -> str:
        """What is known of its calls to Simphony, for whoever is to find out what became of them."""
        first, last = (moment and to_rfc3339(moment) for moment in (self.first_sent_at, self.last_deadline))
        calls = f"first sent {first or 'never'}, last call until {last or 'never'}"
        return f"{self.ask.step}: {calls}, attempts {self.attempts}: {error}"


class Fulfilment(BaseModel):
    """How and when the guest gets it; `promised_at` is when it is to be ready."""

    model_config = ConfigDict(frozen=True)
    type: Literal["dine_in", "pickup", "delivery"]
    table: str | None = None
    requested_at: str | None = None
    promised_at: str | None = None
    status: FulfilmentStatus | None = None


class Payment(BaseModel):
    """How it is paid, and whether it still is to be."""

    model_config = ConfigDict(frozen=True)
    method: PaymentMethod
    status: PaymentStatus
    reference: str | None = None

    @classmethod
    def of_new_order(cls, method: PaymentMethod, reference: str | None) -> "Payment":
        """As an order is accepted with it: due, unless it is paid elsewhere or not at all."""
        status: PaymentStatus = "due" if method in {"at_counter", "terminal"} else "none"
        return cls(method=method, status=status, reference=reference)


class CheckReference(BaseModel):
    """The Simphony check that holds the order."""

    model_config = ConfigDict(frozen=True)
    check_ref: str
    check_number: int


class HistoryEntry(BaseModel):
    """One change.

    `reason` is one of our codes, `comment` the words of whoever cancelled, which are shown as the reason of
    that; `items` are the menu items it is about, `differences` what its check holds otherwise than it was
    asked for, `detail` is what others said, for staff alone. Before there was `comment`, `reason` had those
    words.
    """

    model_config = ConfigDict(frozen=True)
    at: str
    status: Status
    reason: str | None = None
    items: tuple[int, ...] | None = None
    differences: Differences | None = None
    detail: str | None = None
    comment: str | None = None
    by: str


class Order(BaseModel):
    """An order as it is stored, and but for `INTERNAL` as GET answers it.

    `sequence` counts its changes. `asked` is the sequence at which the ask began that it waits for; 0 as it
    is accepted, and in rows written before that was kept. From `expires_at` on it is not wanted any more.
    `priced_by`: whose prices its totals began with, the published menu's or those of Simphony's calculator.
    """

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
    priced_by: PricedBy = "menu"
    payment: Payment
    customer: dict[str, str] | None = None
    check: CheckReference | None = None
    rounds: tuple[Round, ...] = ()
    refunds: tuple[()] = ()
    history: tuple[HistoryEntry, ...]
    placed_by: str
    created_at: str
    updated_at: str
    sequence: int = 1
    asked: int = 0
    expires_at: str | None = None

    @property
    def at_rest(self) -> bool:
        """Whether nothing moves it on by itself."""
        return self.status in AT_REST

    @property
    def needs_attention(self) -> bool:
        """Whether a person is to settle something of it."""
        return self.status is Status.NEEDS_ATTENTION or any(
            each.status is RoundStatus.NEEDS_ATTENTION for each in self.rounds
        )

    @property
    def is_adding_a_round(self) -> bool:
        """Whether a round of it may be on its way to Simphony."""
        return any(each.status is RoundStatus.POSTING for each in self.rounds)

    @property
    def awaited(self) -> tuple[Ask, ...]:
        """The asks whose answers move it on: its own and its rounds'.

        It has none of its own at rest, while it waits for a person, and while its void waits for a round.
        """
        steps = ((each, _ROUND_ASKS.get(each.status)) for each in self.rounds)
        of_rounds = [
            Ask(self.property_code, self.order_id, each.asked, step, each.id)
            for each, step in steps
            if step is not None
        ]
        return (*self._awaited_for_itself, *of_rounds)

    @property
    def _awaited_for_itself(self) -> tuple[Ask, ...]:
        if self.at_rest or self.status is Status.NEEDS_ATTENTION or self.is_adding_a_round:
            return ()
        step = Step.RESERVE if self.status is Status.RECEIVED else Step.POST
        if self.status is Status.CANCELLING and self.check is not None:
            step = Step.VOID
        number = self.asked or (1 if step is Step.RESERVE else 2)
        return (Ask(self.property_code, self.order_id, number, step),)

    def owes(self, step: Step, now: datetime, payload: str = "{}", round_id: str = "") -> Work:
        """A step it owes from now on, for a round of it if one is named: that one has its own expiry."""
        ask = Ask(self.property_code, self.order_id, self.sequence, step, round_id)
        expires_at = None
        if self.expires_at is not None and step in {Step.RESERVE, Step.POST} and not round_id:
            expires_at = from_rfc3339(self.expires_at)
        return Work(ask, payload, born_at=now, due_at=now + FIRST_DUE, expires_at=expires_at)


@dataclass(frozen=True)
class Advance:
    """A step forward: the order after it, the work that begins with it, and the asks that go unanswered."""

    order: Order
    begun: tuple[Work, ...] = ()
    ended: tuple[Ask, ...] = ()


def reserve_stock(order: Order, stock: str, now: datetime, *, release_at: datetime | None = None) -> Work:
    """The first thing an accepted order owes; due at `release_at` if that is still to come.

    `stock`: JSON of the quantities to hold.
    """
    work = order.owes(Step.RESERVE, now, stock)
    return work if release_at is None else replace(work, born_at=release_at, due_at=release_at)


def postponed(work: Work, due_at: datetime) -> Work:
    """The same work, once more tried, to be tried again at `due_at`."""
    return replace(work, due_at=due_at, attempts=work.attempts + 1)
