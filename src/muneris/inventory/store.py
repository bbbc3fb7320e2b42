"""Inventory's table: its rows read, written together, and remembered."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from muneris.cloud.agenda import Agenda
from muneris.cloud.tables import Row, RowConflictError, Table, Transaction, rows_between, rows_with_prefix
from muneris.cloud.tables.remembered import Remembered, Stored
from muneris.cloud.tables.transaction import MAX_ROWS
from muneris.core.clock import Clock
from muneris.core.ids import new_uuid7
from muneris.inventory import rows
from muneris.inventory.availability import ItemAvailability
from muneris.inventory.model import Hold, StockItem
from muneris.inventory.movement import Movement, MovementAsk
from muneris.inventory.pantry import Pantry
from muneris.inventory.recipes import Ingredient, Recipes

HOLDS_REMEMBERED = 20_000
"""In one process: enough for all orders between their reserve and their last command."""
ITEMS_REMEMBERED = 50_000
"""In one process: enough for all items of its busy properties."""


@dataclass(frozen=True)
class Change[T]:
    """A new value, and the version whose place it takes; None: a new row."""

    value: T
    before: Stored[T] | None


@dataclass(frozen=True)
class StoredMovement:
    """A movement as it was written, and the fingerprint of what was asked."""

    movement: Movement
    fingerprint: str


class InventoryStore:
    """Stock, holds, movements, recipes and what staff said of menu items, in table `Inventory`.

    It remembers the holds and items that it read or wrote last. Who recalls one must not rely on it, unless
    a write is conditional on its version, or nothing can change it any more.

    A property is on `agenda` before anything is written there: timers look after what is.
    """

    def __init__(self, table: Table, agenda: Agenda, clock: Clock) -> None:
        self._table = table
        self._agenda = agenda
        self._clock = clock
        self._holds = Remembered[Hold](HOLDS_REMEMBERED)
        self._items = Remembered[StockItem](ITEMS_REMEMBERED)

    def recall_hold(self, property_code: str, hold_id: str) -> Stored[Hold] | None:
        """A hold as it is remembered, or None."""
        return self._holds.recall(property_code, hold_id)

    def recall_item(self, property_code: str, sku: str) -> Stored[StockItem] | None:
        """A stock item as it is remembered, or None."""
        return self._items.recall(property_code, sku)

    async def find_hold(self, property_code: str, hold_id: str) -> Stored[Hold] | None:
        """A hold, or None."""
        row = await self._table.find(property_code, f"{rows.HOLD}{hold_id}")
        if row is None:
            self._holds.forget(property_code, hold_id)
            return None
        return self._holds.read(property_code, hold_id, rows.read_hold(row), row.etag)

    async def find_item(self, property_code: str, sku: str) -> Stored[StockItem] | None:
        """A stock item, or None."""
        row = await self._table.find(property_code, f"{rows.ITEM}{sku}")
        if row is None:
            self._items.forget(property_code, sku)
            return None
        return self._items.read(property_code, sku, rows.read_item(row), row.etag)

    async def items(self, property_code: str, start: str = "") -> AsyncIterator[StockItem]:
        """Every stock item by SKU, from the SKU `start` on."""
        async for row in rows_with_prefix(self._table, property_code, rows.ITEM, start):
            yield rows.read_item(row)

    async def write(
        self, property_code: str, holds: Sequence[Change[Hold]], items: Sequence[Change[StockItem]]
    ) -> None:
        """Write holds and the stock of items together.

        Raises:
            RowConflictError: a row is not the version it was changed from; nothing was written.
        """
        transaction, now = Transaction(property_code), self._clock.now()
        for hold in holds:
            _write_hold(transaction, hold, now)
        for item in items:
            _write_stock(transaction, item)
        await self._agenda.touch(property_code)
        etags = await self._table.transact(transaction)
        for hold in holds:
            key = hold.value.hold_id
            self._holds.wrote(property_code, key, hold.value, etags.get(f"{rows.HOLD}{key}"))
        for item in items:
            key = item.value.sku
            self._items.wrote(property_code, key, item.value, etags.get(f"{rows.ITEM}{key}"))

    async def put_item(self, property_code: str, item: Change[StockItem]) -> bool:
        """Write all of an item; False: what it was changed from is not what is there."""
        return await self._write_item(Transaction(property_code), item)

    async def put_availability(
        self, property_code: str, menu_item_id: int, said: ItemAvailability, limit: Change[StockItem] | None
    ) -> bool:
        """Write what is said of a menu item, and its limit; False: the limit is not what it was."""
        transaction = Transaction(property_code)
        transaction.upsert(f"{rows.AVAILABILITY}{menu_item_id}", rows.availability_values(said))
        return await self._write_item(transaction, limit)

    async def put_movement(
        self, property_code: str, asked: MovementAsk, movement: Movement, item: Change[StockItem]
    ) -> bool:
        """Write a movement and its item; False: the key is taken, or the item is not what it was."""
        transaction = Transaction(property_code)
        key = rows.movement_key(asked.sku, asked.key, asked.kind)
        transaction.insert(key, rows.movement_values(movement, asked.fingerprint))
        return await self._write_item(transaction, item)

    async def find_movement(self, property_code: str, asked: MovementAsk) -> StoredMovement | None:
        """What was moved by the same key, or None."""
        row = await self._table.find(property_code, rows.movement_key(asked.sku, asked.key, asked.kind))
        return None if row is None else StoredMovement(rows.read_movement(row), row.text("Fingerprint"))

    async def movements(
        self, property_code: str, sku: str, start: str = ""
    ) -> AsyncIterator[tuple[str, Movement]]:
        """What was moved of an item, the newest key first, from the place `start` on; each with its place."""
        prefix = f"{rows.MOVE}{sku}|"
        async for row in rows_with_prefix(self._table, property_code, prefix, start):
            yield row.key.removeprefix(prefix), rows.read_movement(row)

    async def put_recipe(
        self, property_code: str, menu_item_id: int, ingredients: tuple[Ingredient, ...]
    ) -> None:
        """Write a recipe."""
        await self._agenda.touch(property_code)
        values = rows.ingredients_values(ingredients)
        await self._table.transact(Transaction(property_code).upsert(f"{rows.RECIPE}{menu_item_id}", values))

    async def get_pantry(self, property_code: str) -> Pantry:
        """All that its menu items depend on."""
        recipes, said, items = await asyncio.gather(
            *(self._all(property_code, each) for each in (rows.RECIPE, rows.AVAILABILITY, rows.ITEM))
        )
        return Pantry(
            recipes=Recipes(recipes=dict(map(rows.read_recipe, recipes))),
            said=dict(map(rows.read_availability, said)),
            items={item.sku: item for item in map(rows.read_item, items)},
        )

    async def purge_holds(self, property_code: str, before: datetime, most: int) -> int:
        """Remove holds that settled before that moment, the oldest first, at most so many; how many.

        An order's id begins with the time it was made, so that later ones are not even looked at.
        """
        settled: list[Row] = []
        end = f"{rows.HOLD}{new_uuid7(before, bytes)}"
        async for row in rows_between(self._table, property_code, rows.HOLD, end):
            if rows.has_settled(row, before):
                settled.append(row)
            if len(settled) == most:
                break
        return sum(
            [await self._remove(property_code, some) for some in batched(settled, MAX_ROWS, strict=False)]
        )

    async def has_holds(self, property_code: str) -> bool:
        """Whether there is any hold."""
        async for _ in rows_with_prefix(self._table, property_code, rows.HOLD):
            return True
        return False

    async def _remove(self, property_code: str, holds: Sequence[Row]) -> int:
        """Remove rows together; none if one has changed: it is for the next time."""
        transaction = Transaction(property_code)
        for row in holds:
            transaction.delete(row.key, etag=row.etag)
        try:
            await self._table.transact(transaction)
        except RowConflictError:
            return 0
        return len(holds)

    async def _all(self, property_code: str, prefix: str) -> list[Row]:
        return [row async for row in rows_with_prefix(self._table, property_code, prefix)]

    async def _write_item(self, transaction: Transaction, item: Change[StockItem] | None) -> bool:
        """Carry out a transaction together with all of an item, if one is given; False: a row conflicts."""
        if item is not None:
            _write_whole(transaction, item)
        await self._agenda.touch(transaction.partition)
        try:
            etags = await self._table.transact(transaction)
        except RowConflictError:
            return False
        if item is not None:
            sku = item.value.sku
            self._items.wrote(transaction.partition, sku, item.value, etags.get(f"{rows.ITEM}{sku}"))
        return True


def _write_hold(transaction: Transaction, change: Change[Hold], now: datetime) -> None:
    hold, before = change.value, change.before
    key = f"{rows.HOLD}{hold.hold_id}"
    if before is None:
        transaction.insert(key, rows.hold_values(hold, now))
    else:
        transaction.merge(key, rows.status_values(hold, now), etag=before.etag)


def _write_stock(transaction: Transaction, change: Change[StockItem]) -> None:
    item, before = change.value, change.before
    if before is None:
        raise LookupError(f"{item.sku} is changed and was never read")
    transaction.merge(f"{rows.ITEM}{item.sku}", rows.stock_values(item), etag=before.etag)


def _write_whole(transaction: Transaction, change: Change[StockItem]) -> None:
    key, values = f"{rows.ITEM}{change.value.sku}", rows.item_values(change.value)
    if change.before is None:
        transaction.insert(key, values)
    else:
        transaction.replace(key, values, etag=change.before.etag)
