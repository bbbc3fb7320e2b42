"""The rows of inventory: one partition a property.

| row | what |
|---|---|
| `item|<sku>` | a stock item |
| `hold|<order>` | an order's stock and what became of it |
| `recipe|<menu item>` | what one sold item uses |
| `availability` | menu items that cannot be made |
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic import TypeAdapter

from muneris.cloud.tables import Row, RowConflictError, Table, Transaction, Values, rows_with_prefix
from muneris.cloud.tables.remembered import Remembered, Stored
from muneris.inventory.availability import Availability
from muneris.inventory.model import Hold, HoldStatus, StockItem, StockLine
from muneris.inventory.recipes import Ingredient, Recipes

_LINES = TypeAdapter(tuple[StockLine, ...])
_INGREDIENTS = TypeAdapter(tuple[Ingredient, ...])
_AVAILABILITY = "availability"


HOLDS_REMEMBERED = 20_000
"""In one process: enough for all orders between their reserve and their last command."""
ITEMS_REMEMBERED = 50_000
"""In one process: enough for all items of its busy properties."""


@dataclass(frozen=True)
class Change[T]:
    """A new value, and the version whose place it takes; None: a new row."""

    value: T
    before: Stored[T] | None


class InventoryStore:
    """Stock, holds and recipes, in table `Inventory`.

    It remembers the holds and items that it read or wrote last. Who recalls one must not rely on it, unless
    a write is conditional on its version, or nothing can change it any more.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._holds = Remembered[Hold](HOLDS_REMEMBERED)
        self._items = Remembered[StockItem](ITEMS_REMEMBERED)

    def recall_hold(self, property_code: str, order_id: str) -> Stored[Hold] | None:
        """An order's hold as it is remembered, or None."""
        return self._holds.recall(property_code, order_id)

    def recall_item(self, property_code: str, sku: str) -> Stored[StockItem] | None:
        """A stock item as it is remembered, or None."""
        return self._items.recall(property_code, sku)

    async def find_hold(self, property_code: str, order_id: str) -> Stored[Hold] | None:
        """An order's hold, or None."""
        row = await self._table.find(property_code, f"hold|{order_id}")
        if row is None:
            self._holds.forget(property_code, order_id)
            return None
        return self._holds.read(property_code, order_id, _hold(row), row.etag)

    async def find_item(self, property_code: str, sku: str) -> Stored[StockItem] | None:
        """A stock item, or None."""
        row = await self._table.find(property_code, f"item|{sku}")
        if row is None:
            self._items.forget(property_code, sku)
            return None
        return self._items.read(property_code, sku, _item(row), row.etag)

    async def items(self, property_code: str, start: str = "") -> AsyncIterator[StockItem]:
        """Every stock item by SKU, from the SKU `start` on."""
        async for row in rows_with_prefix(self._table, property_code, "item|", start):
            yield _item(row)

    async def write(
        self, property_code: str, holds: Sequence[Change[Hold]], items: Sequence[Change[StockItem]]
    ) -> None:
        """Write holds and the stock of items together.

        Raises:
            RowConflictError: a row is not the version it was changed from; nothing was written.
        """
        transaction = Transaction(property_code)
        for hold in holds:
            _write_hold(transaction, hold)
        for item in items:
            _write_stock(transaction, item)
        etags = await self._table.transact(transaction)
        for hold in holds:
            key = hold.value.order_id
            self._holds.wrote(property_code, key, hold.value, etags.get(f"hold|{key}"))
        for item in items:
            key = item.value.sku
            self._items.wrote(property_code, key, item.value, etags.get(f"item|{key}"))

    async def put_item(self, property_code: str, item: StockItem, etag: str | None) -> bool:
        """Write an item over the version `etag`, or as a new one; False: that is not what is there."""
        key = f"item|{item.sku}"
        transaction = Transaction(property_code)
        if etag is None:
            transaction.insert(key, _item_values(item))
        else:
            transaction.replace(key, _item_values(item), etag=etag)
        try:
            etags = await self._table.transact(transaction)
        except RowConflictError:
            return False
        self._items.wrote(property_code, item.sku, item, etags.get(key))
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


def _write_hold(transaction: Transaction, change: Change[Hold]) -> None:
    hold, before = change.value, change.before
    key = f"hold|{hold.order_id}"
    if before is None:
        transaction.insert(key, _hold_values(hold))
    else:
        transaction.merge(key, {"Status": hold.status}, etag=before.etag)


def _write_stock(transaction: Transaction, change: Change[StockItem]) -> None:
    item, before = change.value, change.before
    if before is None:
        raise LookupError(f"{item.sku} is changed and was never read")
    values: Values = {"OnHand": str(item.on_hand), "Held": str(item.held)}
    transaction.merge(f"item|{item.sku}", values, etag=before.etag)


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
