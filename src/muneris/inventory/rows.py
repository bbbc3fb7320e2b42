"""The rows of inventory: one partition a property.

| row | what |
|---|---|
| `item|<sku>` | a stock item, or a menu item's limit |
| `hold|<order>[|<round>]` | the stock of an order or of a round, and what became of it |
| `move|<sku>|<~key>|<kind>` | a movement of stock: the claim of its key, and the journal |
| `recipe|<menu item>` | what one sold item uses |
| `availability|<menu item>` | what staff said of it |
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import TypeAdapter

from muneris.cloud.tables import Row, Values
from muneris.core.clock import from_rfc3339, to_rfc3339
from muneris.core.ids import from_newest_first, newest_first
from muneris.inventory.availability import ItemAvailability
from muneris.inventory.model import Hold, HoldStatus, StockItem, StockLine
from muneris.inventory.movement import Kind, Movement
from muneris.inventory.recipes import Ingredient

ITEM, HOLD, MOVE, RECIPE, AVAILABILITY = "item|", "hold|", "move|", "recipe|", "availability|"
_LINES = TypeAdapter(tuple[StockLine, ...])
_INGREDIENTS = TypeAdapter(tuple[Ingredient, ...])


def item_values(item: StockItem) -> Values:
    """All of a stock item."""
    return {
        "Name": item.name,
        "Unit": item.unit,
        **stock_values(item),
        "ReorderPoint": "" if item.reorder_point is None else str(item.reorder_point),
        "Supplier": item.supplier or "",
        "Until": "" if item.until is None else to_rfc3339(item.until),
    }


def stock_values(item: StockItem) -> Values:
    """How much there is of a stock item."""
    return {"OnHand": str(item.on_hand), "Held": str(item.held)}


def read_item(row: Row) -> StockItem:
    """The stock item in a row."""
    return StockItem(
        sku=row.key.removeprefix(ITEM),
        name=row.text("Name"),
        unit=row.text("Unit"),
        on_hand=Decimal(row.text("OnHand")),
        held=Decimal(row.text("Held")),
        reorder_point=Decimal(row.text("ReorderPoint")) if row.text("ReorderPoint") else None,
        supplier=row.text("Supplier") or None,
        until=from_rfc3339(row.text("Until")) if row.text("Until") else None,
    )


def hold_values(hold: Hold, now: datetime) -> Values:
    """All of a new hold."""
    return {
        **status_values(hold, now),
        "Lines": _LINES.dump_json(hold.lines).decode(),
        "Short": " ".join(hold.short),
    }


def status_values(hold: Hold, now: datetime) -> Values:
    """What became of a hold, and when."""
    return {"Status": hold.status, "ChangedAt": to_rfc3339(now)}


def read_hold(row: Row) -> Hold:
    """The hold in a row."""
    return Hold(
        hold_id=row.key.removeprefix(HOLD),
        status=HoldStatus(row.text("Status")),
        lines=_LINES.validate_json(row.text("Lines")),
        short=tuple(row.text("Short").split()),
    )


def has_settled(row: Row, before: datetime) -> bool:
    """Whether a hold became what it is before that moment, and holds nothing."""
    return row.text("Status") != HoldStatus.HELD and row.text("ChangedAt") < to_rfc3339(before)


def ingredients_values(ingredients: tuple[Ingredient, ...]) -> Values:
    """A recipe."""
    return {"Ingredients": _INGREDIENTS.dump_json(ingredients).decode()}


def read_recipe(row: Row) -> tuple[int, tuple[Ingredient, ...]]:
    """The menu item and the recipe in a row."""
    return int(row.key.removeprefix(RECIPE)), _INGREDIENTS.validate_json(row.text("Ingredients"))


def availability_values(said: ItemAvailability) -> Values:
    """What staff said of a menu item."""
    return {"Availability": said.model_dump_json()}


def read_availability(row: Row) -> tuple[int, ItemAvailability]:
    """The menu item in a row, and what staff said of it."""
    said = ItemAvailability.model_validate_json(row.text("Availability"))
    return int(row.key.removeprefix(AVAILABILITY)), said


def movement_key(sku: str, key: UUID, kind: Kind) -> str:
    """The key of the row that claims an Idempotency-Key: an item's newest movement comes first."""
    return f"{MOVE}{sku}|{newest_first(key)}|{kind}"


def movement_values(movement: Movement, fingerprint: str) -> Values:
    """A movement, and what was asked."""
    return {
        "Delta": str(movement.delta),
        "Before": str(movement.on_hand_before),
        "At": to_rfc3339(movement.at),
        "By": movement.by,
        "Reason": movement.reason or "",
        "Supplier": movement.supplier or "",
        "Reference": movement.reference or "",
        "Fingerprint": fingerprint,
    }


def read_movement(row: Row) -> Movement:
    """The movement in a row."""
    _, sku, key, kind = row.key.split("|")
    before, delta = Decimal(row.text("Before")), Decimal(row.text("Delta"))
    return Movement.model_validate(
        {
            "movement_id": from_newest_first(key),
            "sku": sku,
            "kind": kind,
            "delta": delta,
            "on_hand_before": before,
            "on_hand": before + delta,
            "at": row.text("At"),
            "by": row.text("By"),
            "reason": row.text("Reason") or None,
            "supplier": row.text("Supplier") or None,
            "reference": row.text("Reference") or None,
        }
    )
