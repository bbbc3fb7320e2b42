"""Stock that comes, goes and is counted: what is asked, and what it comes to. Pure."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from muneris.core.problems import ProblemType
from muneris.inventory.model import StockItem

LESS_THAN_HELD = ProblemType("less_than_held", 409, "Less than orders hold")

Kind = Literal["adjust", "receive", "waste", "stock-take"]
"""Why stock moves: corrected, delivered, thrown away, counted."""


@dataclass(frozen=True)
class MovementAsk:
    """What somebody asks once: `quantity` is a difference to adjust by, and what was counted in a stock-take.

    `key` and `fingerprint` tell a repeat from another request; `by` is who asks.
    """

    sku: str
    kind: Kind
    quantity: Decimal
    key: UUID
    fingerprint: str
    by: str
    reason: str | None = None
    supplier: str | None = None
    reference: str | None = None

    def delta_on(self, on_hand: Decimal) -> Decimal:
        """By how much it changes what is on hand."""
        if self.kind == "stock-take":
            return self.quantity - on_hand
        return -self.quantity if self.kind == "waste" else self.quantity


class Movement(BaseModel):
    """What was moved of a stock item: `on_hand` is what there was of it afterwards, in the item's unit."""

    model_config = ConfigDict(frozen=True)
    movement_id: UUID = Field(examples=["01a2006b-2f0e-7c44-9d3a-5a4b1c2d3e4f"])
    sku: str = Field(examples=["tomato"])
    kind: Kind = Field(examples=["receive"])
    delta: Decimal = Field(examples=["2.5"])
    on_hand_before: Decimal = Field(examples=["10"])
    on_hand: Decimal = Field(examples=["12.5"])
    at: datetime = Field(examples=["2030-05-04T10:30:00Z"])
    by: str = Field(examples=["staff"])
    reason: str | None = Field(default=None, examples=["Spilled"])
    supplier: str | None = Field(default=None, examples=["Grønttorvet"])
    reference: str | None = Field(default=None, examples=["Delivery note 4711"])


def moved(item: StockItem, asked: MovementAsk, now: datetime) -> tuple[StockItem, Movement]:
    """An item after a movement, and the movement.

    Raises:
        ProblemError: `less_than_held`.
    """
    delta = asked.delta_on(item.on_hand)
    after = item.moved(on_hand=delta)
    _require_held(after)
    return after, Movement(
        movement_id=asked.key,
        sku=item.sku,
        kind=asked.kind,
        delta=delta,
        on_hand_before=item.on_hand,
        on_hand=after.on_hand,
        at=now,
        by=asked.by,
        reason=asked.reason,
        supplier=asked.supplier,
        reference=asked.reference,
    )


def put_over(
    before: StockItem | None, after: StockItem, asked: MovementAsk, now: datetime
) -> Movement | None:
    """The stock-take that putting an item amounts to: its opening stock if it is new.

    None: there is as much of it as there was `before`.

    Raises:
        ProblemError: `less_than_held`.
    """
    on_hand = Decimal(0) if before is None else before.on_hand
    _, movement = moved(after.model_copy(update={"on_hand": on_hand}), asked, now)
    return movement if before is None or movement.delta else None


def _require_held(item: StockItem) -> None:
    if item.available < 0:
        raise LESS_THAN_HELD(f"Orders hold {item.held} of {item.sku}: not less can be on hand.")
