"""The rows of inventory: one partition a property.

| row | what |
|---|---|
| `item|<sku>` | a stock item |
| `hold|<order>` | an order's stock and what became of it |
| `recipe|<menu item>` | what one sold item uses |
| `availability` | menu items that cannot be made |
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pydantic import TypeAdapter

from muneris.cloud.tables import Row, RowConflictError, Table, Transaction, Values, rows_with_prefix
from muneris.inventory.availability import Availability
from muneris.inventory.model import Decision, Hold, HoldStatus, StockItem, StockLine
from muneris.inventory.recipes import Ingredient, Recipes

_LINES = TypeAdapter(tuple[StockLine, ...])
_INGREDIENTS = TypeAdapter(tuple[Ingredient, ...])
_AVAILABILITY = "availability"


@dataclass(frozen=True)
class Stored[T]:
    """A thing and the version of it that was read."""

    value: T
    etag: str


class InventoryStore:
    """Stock, holds and recipes, in table `Inventory`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def find_hold(self, property_code: str, order_id: str) -> Stored[Hold] | None:
        """An order's hold, or None."""
        row = await self._table.find(property_code, f"hold|{order_id}")
        return None if row is None else Stored(_hold(row), row.etag)

    async def find_item(self, property_code: str, sku: str) -> Stored[StockItem] | None:
        """A stock item, or None."""
        row = await self._table.find(property_code, f"item|{sku}")
        return None if row is None else Stored(_item(row), row.etag)

    async def find_items(self, property_code: str, skus: Iterable[str]) -> Mapping[str, Stored[StockItem]]:
        """Those of the items that exist, read at once."""
        found = await asyncio.gather(*(self.find_item(property_code, sku) for sku in skus))
        return {each.value.sku: each for each in found if each is not None}

    async def items(self, property_code: str, start: str = "") -> AsyncIterator[StockItem]:
        """Every stock item by SKU, from the SKU `start` on."""
        async for row in rows_with_prefix(self._table, property_code, "item|", start):
            yield _item(row)

    async def decide(
        self,
        property_code: str,
        decision: Decision,
        read: Mapping[str, Stored[StockItem]],
        hold_etag: str | None,
    ) -> bool:
        """Write a decision on the versions it was made from; False: one changed, nothing was written."""
        transaction = Transaction(property_code)
        key, values = f"hold|{decision.hold.order_id}", _hold_values(decision.hold)
        if hold_etag is None:
            transaction.insert(key, values)
        else:
            transaction.merge(key, values, etag=hold_etag)
        for item in decision.items:
            stock: Values = {"OnHand": str(item.on_hand), "Held": str(item.held)}
            transaction.merge(f"item|{item.sku}", stock, etag=read[item.sku].etag)
        try:
            await self._table.transact(transaction)
        except RowConflictError:
            return False
        return True

    async def put_item(self, property_code: str, item: StockItem, etag: str | None) -> bool:
        """Write an item over the version `etag`, or as a new one; False: that is not what is there."""
        key = f"item|{item.sku}"
        transaction = Transaction(property_code)
        if etag is None:
            transaction.insert(key, _item_values(item))
        else:
            transaction.replace(key, _item_values(item), etag=etag)
        try:
            await self._table.transact(transaction)
        except RowConflictError:
            return False
        return True

    async def put_recipe(
        self, property_code: str, menu_item_id: int, ingredients: tuple[Ingredient, ...]
    ) -> None:
        """Write a recipe."""
        values: Values = {"Ingredients": _INGREDIENTS.dump_json(ingredients).decode()}
        await self._table.transact(Transaction(property_code).upsert(f"recipe|{menu_item_id}", values))

    async def get_recipes(self, property_code: str) -> Recipes:
        """All recipes."""
        recipes = {}
        async for row in rows_with_prefix(self._table, property_code, "recipe|"):
            menu_item_id = int(row.key.removeprefix("recipe|"))
            recipes[menu_item_id] = _INGREDIENTS.validate_json(row.text("Ingredients"))
        return Recipes(recipes=recipes)

    async def find_availability(self, property_code: str) -> Stored[Availability] | None:
        """What is known of menu items' availability, or None."""
        row = await self._table.find(property_code, _AVAILABILITY)
        if row is None:
            return None
        return Stored(Availability.model_validate_json(row.text("Items")), row.etag)

    async def put_availability(
        self, property_code: str, availability: Availability, etag: str | None
    ) -> bool:
        """Write it over the version `etag`, or as new; False: that is not what is there."""
        values: Values = {"Items": availability.model_dump_json()}
        transaction = Transaction(property_code)
        if etag is None:
            transaction.insert(_AVAILABILITY, values)
        else:
            transaction.replace(_AVAILABILITY, values, etag=etag)
        try:
            await self._table.transact(transaction)
        except RowConflictError:
            return False
        return True


def _item_values(item: StockItem) -> Values:
    return {
        "Name": item.name,
        "Unit": item.unit,
        "OnHand": str(item.on_hand),
        "Held": str(item.held),
        "ReorderPoint": "" if item.reorder_point is None else str(item.reorder_point),
        "Supplier": item.supplier or "",
    }


def _item(row: Row) -> StockItem:
    return StockItem(
        sku=row.key.removeprefix("item|"),
        name=row.text("Name"),
        unit=row.text("Unit"),
        on_hand=Decimal(row.text("OnHand")),
        held=Decimal(row.text("Held")),
        reorder_point=Decimal(row.text("ReorderPoint")) if row.text("ReorderPoint") else None,
        supplier=row.text("Supplier") or None,
    )


def _hold_values(hold: Hold) -> Values:
    return {
        "Status": hold.status,
        "Lines": _LINES.dump_json(hold.lines).decode(),
        "Short": " ".join(hold.short),
    }


def _hold(row: Row) -> Hold:
    return Hold(
        order_id=row.key.removeprefix("hold|"),
        status=HoldStatus(row.text("Status")),
        lines=_LINES.validate_json(row.text("Lines")),
        short=tuple(row.text("Short").split()),
    )
