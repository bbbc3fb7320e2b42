"""Stock and what is held of it. Pure."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict

SKU = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""How stock items are named: safe in a row's key and in a path."""
MOST_ITEMS = 98
"""How many stock items an order may take: they and its hold change in one transaction of at most 100 rows."""
_LIMIT = "limit."


def limit_sku(menu_item_id: int) -> str:
    """The stock item that counts how many more of a menu item may be sold while it is limited."""
    return f"{_LIMIT}{menu_item_id}"


def is_limit(sku: str) -> bool:
    """Whether a stock item is a menu item's limit."""
    return sku.startswith(_LIMIT)


class StockItem(BaseModel):
    """Something kept in stock. `held` is the part of `on_hand` that accepted orders will use.

    `until`: a limit ends then, and holds up no order any more. What is in stock has none.
    """

    model_config = ConfigDict(frozen=True)
    sku: str
    name: str
    unit: str = "piece"
    on_hand: Decimal
    held: Decimal = Decimal(0)
    reorder_point: Decimal | None = None
    supplier: str | None = None
    until: datetime | None = None

    @property
    def available(self) -> Decimal:
        """What is left for new orders."""
        return self.on_hand - self.held

    def is_over(self, now: datetime) -> bool:
        """Whether it is a limit that has ended."""
        return self.until is not None and self.until <= now

    def moved(self, *, on_hand: Decimal = Decimal(0), held: Decimal = Decimal(0)) -> "StockItem":
        """The item after these differences."""
        return self.model_copy(update={"on_hand": self.on_hand + on_hand, "held": self.held + held})


def version_of(item: StockItem) -> str:
    """A version of an item that changes whenever anything in it does, what is held of it included."""
    return hashlib.sha256(item.model_dump_json().encode()).hexdigest()[:32]


class StockLine(BaseModel):
    """How much of an item an order takes, in the item's unit."""

    model_config = ConfigDict(frozen=True)
    sku: str
    quantity: Decimal


class HoldStatus(StrEnum):
    """What became of an order's stock."""

    HELD = "held"
    REJECTED = "rejected"
    CONSUMED = "consumed"
    RELEASED = "released"
    RETURNED = "returned"


class Command(StrEnum):
    """What orders ask of a hold."""

    RESERVE = "reserve"
    CONSUME = "consume"
    RELEASE = "release"


TRANSITIONS: Mapping[tuple[HoldStatus | None, Command], HoldStatus] = {
    (None, Command.RESERVE): HoldStatus.HELD,
    (None, Command.RELEASE): HoldStatus.RELEASED,
    (HoldStatus.HELD, Command.CONSUME): HoldStatus.CONSUMED,
    (HoldStatus.HELD, Command.RELEASE): HoldStatus.RELEASED,
    (HoldStatus.CONSUMED, Command.RELEASE): HoldStatus.RETURNED,
}
"""What changes a hold. Any other command leaves it as it is, and is answered from it.

A release of what was never held leaves a tombstone: the reserve it overtook finds it, and holds nothing.
"""

TERMINAL = frozenset({HoldStatus.REJECTED, HoldStatus.RELEASED, HoldStatus.RETURNED})
"""What nothing changes any more: an answer from it is right for ever."""


class Hold(BaseModel):
    """The stock of an order, or of one of its rounds: what it takes and what became of it."""

    model_config = ConfigDict(frozen=True)
    hold_id: str
    status: HoldStatus
    lines: tuple[StockLine, ...] = ()
    short: tuple[str, ...] = ()
    """SKUs there was not enough of, where it was rejected for that."""


def hold_id_of(order_id: str, round_id: UUID | None) -> str:
    """What the hold of an order, or of one of its rounds, is known by."""
    return order_id if round_id is None else f"{order_id}|{round_id}"


class ImpossibleCommandError(Exception):
    """Consuming what was never held, or moving stock of an item that is gone: no order asks for it."""


type Outcome = Hold | ImpossibleCommandError
"""The hold after a command, or why the command is impossible."""


@dataclass(frozen=True)
class StockCommand:
    """What is asked of a hold. `lines` is what a reserve takes, an item once."""

    command: Command
    hold_id: str
    lines: tuple[StockLine, ...] = ()

    def lines_of(self, hold: Hold | None) -> tuple[StockLine, ...]:
        """What it is about, given the hold."""
        if hold is not None:
            return hold.lines
        return self.lines if self.command is Command.RESERVE else ()


@dataclass(frozen=True)
class Decision:
    """What one command comes to.

    `hold` and `items` are what changes. The outcome relies on more where it says so: nothing is written of
    that, so nothing but a read vouches for it.
    """

    outcome: Outcome
    hold: Hold | None = None
    items: tuple[StockItem, ...] = ()
    relies_on_hold: bool = False
    relies_on_items: frozenset[str] = frozenset()


def decide(asked: StockCommand, hold: Hold | None, items: Mapping[str, StockItem], now: datetime) -> Decision:
    """What a command makes of a hold, and of those of its items that exist.

    A reserve holds all that it asks for, or nothing of it. Limits that are over count no more.
    """
    status = TRANSITIONS.get((None if hold is None else hold.status, asked.command))
    if status is None:
        return _unchanged(asked, hold)
    lines, over = asked.lines_of(hold), frozenset[str]()
    if status is HoldStatus.HELD:
        over = frozenset(line.sku for line in lines if _is_over(line.sku, items.get(line.sku), now))
        lines = tuple(line for line in lines if line.sku not in over)
        short = tuple(line.sku for line in lines if is_short(items.get(line.sku), line.quantity))
        if short:
            return _rejected(asked, short)
    moving = tuple(line for line in lines if _moves(status, line.sku))
    missing = frozenset(line.sku for line in moving if line.sku not in items)
    if missing:
        error = ImpossibleCommandError(f"{asked.hold_id}: there is no {', '.join(sorted(missing))}")
        return Decision(error, relies_on_hold=True, relies_on_items=missing)
    moved = Hold(hold_id=asked.hold_id, status=status, lines=lines)
    changed = tuple(_MOVES[status](items[line.sku], line.quantity) for line in moving)
    never_held = hold is None and status is HoldStatus.RELEASED
    return Decision(moved, moved, changed, relies_on_hold=never_held, relies_on_items=over)


def _unchanged(asked: StockCommand, hold: Hold | None) -> Decision:
    """A consume is answered from a hold that was given back, too: its order was cancelled meanwhile."""
    may_change = hold is None or hold.status not in TERMINAL
    if hold is not None and (asked.command is not Command.CONSUME or hold.status is not HoldStatus.REJECTED):
        return Decision(hold, relies_on_hold=may_change)
    state = "was never held" if hold is None else f"is {hold.status}"
    return Decision(ImpossibleCommandError(f"{asked.hold_id} {state}"), relies_on_hold=may_change)


def _rejected(asked: StockCommand, short: tuple[str, ...]) -> Decision:
    hold = Hold(hold_id=asked.hold_id, status=HoldStatus.REJECTED, lines=asked.lines, short=short)
    return Decision(hold, hold, relies_on_items=frozenset(line.sku for line in asked.lines))


def _moves(status: HoldStatus, sku: str) -> bool:
    """Whether an item changes: what was sold of a limit is not back on today's, which may be another one."""
    return status is not HoldStatus.RETURNED or not is_limit(sku)


def _is_over(sku: str, item: StockItem | None, now: datetime) -> bool:
    return is_limit(sku) and (item is None or item.is_over(now))


def is_short(item: StockItem | None, quantity: Decimal) -> bool:
    """Whether less than that is left of an item for new orders; of one that does not exist nothing is."""
    return item is None or item.available < quantity


_MOVES: Mapping[HoldStatus, Callable[[StockItem, Decimal], StockItem]] = {
    HoldStatus.HELD: lambda item, quantity: item.moved(held=quantity),
    HoldStatus.CONSUMED: lambda item, quantity: item.moved(on_hand=-quantity, held=-quantity),
    HoldStatus.RELEASED: lambda item, quantity: item.moved(held=-quantity),
    HoldStatus.RETURNED: lambda item, quantity: item.moved(on_hand=quantity),
}
"""What a hold's new status does to each of its items."""


class Stock(Protocol):
    """What is known of a property's holds and items; what is not known counts as absent."""

    def find_hold(self, hold_id: str) -> Hold | None:
        """A hold, or None."""
        ...

    def find_item(self, sku: str) -> StockItem | None:
        """A stock item, or None."""
        ...


@dataclass
class Decisions:
    """What commands come to that are decided together: their outcomes in order, and what changes.

    `relied_on_holds` and `relied_on_items`: what an outcome relies on though it does not change it, and none
    before it did.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    holds: dict[str, Hold] = field(default_factory=dict)
    items: dict[str, StockItem] = field(default_factory=dict)
    relied_on_holds: set[str] = field(default_factory=set)
    relied_on_items: set[str] = field(default_factory=set)

    def rows_with(self, hold_id: str, decision: Decision) -> int:
        """How many rows change once a decision is among them."""
        holds = self.holds.keys() | ({hold_id} if decision.hold else set())
        return len(holds) + len(self.items.keys() | {item.sku for item in decision.items})

    def add(self, hold_id: str, decision: Decision) -> None:
        """One decision more, made on what those before it left."""
        self.outcomes.append(decision.outcome)
        if decision.relies_on_hold and hold_id not in self.holds:
            self.relied_on_holds.add(hold_id)
        self.relied_on_items |= decision.relies_on_items - self.items.keys()
        if decision.hold is not None:
            self.holds[hold_id] = decision.hold
        self.items |= {item.sku: item for item in decision.items}


def decide_together(
    commands: Sequence[StockCommand], known: Stock, most_rows: int, now: datetime
) -> Decisions:
    """Decide commands one after the other, each on what those before it left.

    Ends before the command with which more than `most_rows` rows would change; the first is always decided.
    """
    decisions = Decisions()
    for asked in commands:
        hold = decisions.holds.get(asked.hold_id) or known.find_hold(asked.hold_id)
        skus = [line.sku for line in asked.lines_of(hold)]
        found = {sku: decisions.items.get(sku) or known.find_item(sku) for sku in skus}
        items = {sku: item for sku, item in found.items() if item is not None}
        decision = decide(asked, hold, items, now)
        if decisions.outcomes and decisions.rows_with(asked.hold_id, decision) > most_rows:
            break
        decisions.add(asked.hold_id, decision)
    return decisions


def merged(lines: Sequence[StockLine]) -> tuple[StockLine, ...]:
    """Lines with those of one item added up, by SKU."""
    totals: dict[str, Decimal] = {}
    for line in lines:
        totals[line.sku] = totals.get(line.sku, Decimal(0)) + line.quantity
    return tuple(StockLine(sku=sku, quantity=totals[sku]) for sku in sorted(totals))
