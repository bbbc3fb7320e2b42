"""Stock and what is held of it. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class StockItem(BaseModel):
    """Something kept in stock. `held` is the part of `on_hand` that accepted orders will use."""

    model_config = ConfigDict(frozen=True)
    sku: str
    name: str
    unit: str = "piece"
    on_hand: Decimal
    held: Decimal = Decimal(0)
    reorder_point: Decimal | None = None
    supplier: str | None = None

    @property
    def available(self) -> Decimal:
        """What is left for new orders."""
        return self.on_hand - self.held

    def moved(self, *, on_hand: Decimal = Decimal(0), held: Decimal = Decimal(0)) -> "StockItem":
        """The item after these differences."""
        return self.model_copy(update={"on_hand": self.on_hand + on_hand, "held": self.held + held})


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


class Hold(BaseModel):
    """An order's stock: what it takes and what became of it."""

    model_config = ConfigDict(frozen=True)
    order_id: str
    status: HoldStatus
    lines: tuple[StockLine, ...] = ()
    short: tuple[str, ...] = ()
    """SKUs there was not enough of, where it was rejected for that."""


class Decision(BaseModel):
    """A hold after a command, and the items that changed with it."""

    model_config = ConfigDict(frozen=True)
    hold: Hold
    items: tuple[StockItem, ...] = ()


class ImpossibleCommandError(Exception):
    """Consuming what is not held: no order asks for it."""


def reserve(order_id: str, lines: Sequence[StockLine], items: Mapping[str, StockItem]) -> Decision:
    """Hold all of an order's stock, or nothing of it. Lines of one item count together."""
    wanted = merged(lines)
    short = tuple(
        line.sku for line in wanted if line.sku not in items or items[line.sku].available < line.quantity
    )
    if short:
        return Decision(hold=Hold(order_id=order_id, status=HoldStatus.REJECTED, lines=wanted, short=short))
    changed = tuple(items[line.sku].moved(held=line.quantity) for line in wanted)
    return Decision(hold=Hold(order_id=order_id, status=HoldStatus.HELD, lines=wanted), items=changed)


def settle(hold: Hold, command: Command, items: Mapping[str, StockItem]) -> Decision | None:
    """Consume or release a hold; None: it stays as it is.

    Raises:
        ImpossibleCommandError: to consume what is not held.
    """
    status = TRANSITIONS.get((hold.status, command))
    if status is None:
        if command is Command.CONSUME and hold.status is not HoldStatus.CONSUMED:
            raise ImpossibleCommandError(f"{hold.order_id} is {hold.status}")
        return None
    changed = []
    for line in hold.lines:
        item = items[line.sku]
        if status is HoldStatus.CONSUMED:
            changed.append(item.moved(on_hand=-line.quantity, held=-line.quantity))
        elif status is HoldStatus.RELEASED:
            changed.append(item.moved(held=-line.quantity))
        else:
            changed.append(item.moved(on_hand=line.quantity))
    return Decision(hold=hold.model_copy(update={"status": status}), items=tuple(changed))


def merged(lines: Sequence[StockLine]) -> tuple[StockLine, ...]:
    """Lines with those of one item added up, by SKU."""
    totals: dict[str, Decimal] = {}
    for line in lines:
        totals[line.sku] = totals.get(line.sku, Decimal(0)) + line.quantity
    return tuple(StockLine(sku=sku, quantity=totals[sku]) for sku in sorted(totals))
