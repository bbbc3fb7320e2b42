"""Inventory on one storage account, which several kitchens may share as processes do."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from tests.faults import Faults, FaultyTable
from tests.tenants import ManualClock

from muneris.cloud.agenda import REMEMBERED_FOR, Agenda
from muneris.cloud.documents import DocumentsUnavailableError
from muneris.cloud.documents.memory import MemoryDocuments
from muneris.cloud.events import Event
from muneris.cloud.events.memory import MemoryPublisher
from muneris.cloud.tables import Page, Row, Table, Transaction
from muneris.cloud.tables.memory import MemoryTable
from muneris.core.attempts import Attempts
from muneris.core.ids import new_uuid7
from muneris.core.problems import Json
from muneris.core.turns import Turns
from muneris.inventory.availability import Availability, ItemAvailability
from muneris.inventory.events import StockAnswers
from muneris.inventory.holds import Holds
from muneris.inventory.model import Hold, StockItem
from muneris.inventory.movement import Kind, MovementAsk
from muneris.inventory.movements import Moved, Movements
from muneris.inventory.publishing import Publishing
from muneris.inventory.read_models import availability_read_model, recipe_read_model
from muneris.inventory.recipes import Ingredient, Recipes
from muneris.inventory.service import Inventory
from muneris.inventory.store import InventoryStore
from muneris.inventory.upkeep import AGENDA, Upkeep

CODE = "NOR-CPH01"


class ContestedDocuments(MemoryDocuments):
    """Documents before whose next write another process gets its turn.

    `puts` names what was written, in order; nothing is whose name it `refuses`.
    """

    other: Callable[[], Awaitable[object]] | None = None

    def __init__(self) -> None:
        super().__init__()
        self.puts: list[str] = []
        self.refuses: Callable[[str], bool] = lambda _: False

    def down(self) -> None:
        self.refuses = lambda _: True

    def up(self) -> None:
        self.refuses = lambda _: False

    async def put(self, name: str, body: bytes) -> str:
        if self.refuses(name):
            raise DocumentsUnavailableError("down")
        self.puts.append(name)
        if self.other is not None:
            other, self.other = self.other, None
            await other()
        return await super().put(name, body)


class RecordingTable:
    """A table that keeps the keys of what was read, and of what was sent to be written together.

    Before its next transaction `other` gets its turn.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self.reads: list[str] = []
        self.transactions: list[list[str]] = []
        self.other: Callable[[], Awaitable[object]] | None = None

    async def find(self, partition: str, key: str) -> Row | None:
        self.reads.append(key)
        return await self._table.find(partition, key)

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        if self.other is not None:
            other, self.other = self.other, None
            await other()
        self.transactions.append([each.key for each in transaction])
        return await self._table.transact(transaction)

    async def page(
        self,
        partition: str,
        *,
        start: str = "",
        end: str = "\uffff",
        limit: int = 1000,
        continuation: str | None = None,
    ) -> Page:
        return await self._table.page(partition, start=start, end=end, limit=limit, continuation=continuation)

    def forget(self) -> None:
        """Keep what comes from now on."""
        self.reads.clear()
        self.transactions.clear()


class Kitchen:
    """Inventory as one process has it: over `table`, or what another kitchen works on, or in memory."""

    def __init__(self, shared: "Kitchen | None" = None, *, table: Table | None = None) -> None:
        self.faults: Faults = Faults() if shared is None else shared.faults
        self.below: Table = shared.below if shared is not None else table or FaultyTable(faults=self.faults)
        self.documents: ContestedDocuments = ContestedDocuments() if shared is None else shared.documents
        self.agenda_table: MemoryTable = MemoryTable() if shared is None else shared.agenda_table
        self.clock: ManualClock = ManualClock() if shared is None else shared.clock
        self.publisher = MemoryPublisher()
        self.pauses: list[float] = []
        self.restart()

    def restart(self) -> None:
        """The process anew: what was only in memory is gone."""
        self.table = RecordingTable(self.below)
        self.agenda = Agenda(self.agenda_table, AGENDA, self.clock, remembered=REMEMBERED_FOR)
        self.store = InventoryStore(self.table, self.agenda, self.clock)
        attempts = Attempts("the stock of", turns=Turns(), sleep=self._soon, chance=lambda: 0.5)
        self.publishing = Publishing(
            self.store, self.documents, self.clock, sleep=_at_once, monotonic=self.clock.monotonic
        )
        self.inventory = Inventory(self.store, self.publishing, self.clock, attempts)
        self.movements = Movements(self.store, self.publishing, self.clock, attempts)
        self.holds = Holds(self.store, self.publishing, self.clock, attempts)
        self.answers = StockAnswers(self.holds, self.publisher)
        self.upkeep = Upkeep(self.store, self.publishing, self.agenda, self.clock)

    async def stock(self, **on_hand: int) -> None:
        for sku, quantity in on_hand.items():
            await self.inventory.put_item(CODE, StockItem(sku=sku, name=sku, on_hand=Decimal(quantity)))

    async def recipe(self, menu_item_id: int, **quantities: str | int) -> None:
        """What one of a menu item takes."""
        ingredients = (Ingredient(sku=sku, quantity=Decimal(each)) for sku, each in quantities.items())
        await self.inventory.put_recipe(CODE, menu_item_id, tuple(ingredients))

    async def say(
        self,
        menu_item_id: int,
        state: Literal["available", "limited", "unavailable"],
        quantity: int | None = None,
        until: datetime | None = None,
    ) -> None:
        """Whether a menu item can be made."""
        said = ItemAvailability(state=state, quantity=quantity, until=until)
        await self.inventory.put_availability(CODE, menu_item_id, said)

    async def move(
        self, kind: Kind, quantity: str | int, sku: str = "bun", *, key: UUID | None = None, by: str = "staff"
    ) -> Moved:
        """Move stock, by a new key unless one is given; what was sent is told apart by its content."""
        asked = MovementAsk(
            sku=sku,
            kind=kind,
            quantity=Decimal(quantity),
            key=self.key() if key is None else key,
            fingerprint=f"{quantity}",
            by=by,
        )
        return await self.movements.move(CODE, asked)

    def key(self) -> UUID:
        """A new key of the clock's time."""
        return new_uuid7(self.clock.now())

    async def published_recipes(self) -> Recipes | None:
        """The recipes as they are published."""
        return await recipe_read_model(self.documents).find(CODE)

    async def published(self) -> Availability | None:
        """The availability as it is published once nothing is under way."""
        await self.publishing.quiet()
        return await availability_read_model(self.documents).find(CODE)

    async def ask(self, step: str, order_id: str = "a", **quantities: str | int) -> Event:
        """Ask, and the answer to it."""
        return await self.answer_to(ask(step, order_id, **quantities))

    async def answer_to(self, event: Event) -> Event:
        """The answer to an ask."""
        before = len(self.publisher.published)
        await self.answers.answer(event)
        (answer,) = self.publisher.published[before:]
        return answer

    async def ask_at_once(self, *asks: Event) -> Sequence[tuple[str, str]]:
        """Ask all at once; whose order was answered what."""
        before = len(self.publisher.published)
        await asyncio.gather(*(self.answers.answer(each) for each in asks))
        return said(self.publisher.published[before:])

    async def item(self, sku: str) -> tuple[Decimal | int, Decimal | int]:
        """What is on hand of an item and held, as it is stored."""
        stored = await self._below().find_item(CODE, sku)
        assert stored is not None
        return stored.value.on_hand, stored.value.held

    async def hold(self, order_id: str) -> Hold | None:
        """An order's hold as it is stored."""
        stored = await self._below().find_hold(CODE, order_id)
        return None if stored is None else stored.value

    def _below(self) -> InventoryStore:
        return InventoryStore(self.below, self.agenda, self.clock)

    async def _soon(self, pause: float) -> None:
        self.pauses.append(pause)
        await asyncio.sleep(0)


async def _at_once(_: float) -> None:
    await asyncio.sleep(0)


def said(answers: Sequence[Event]) -> Sequence[tuple[str, str]]:
    """Orders and what they were answered, in that order."""
    return [(str(each.data["order_id"]), each.type.rpartition(".")[2]) for each in answers]


def ask(step: str, order_id: str = "a", **quantities: str | int) -> Event:
    lines: list[Json] = [{"sku": sku, "quantity": str(count)} for sku, count in quantities.items()]
    data: dict[str, Json] = {"property_code": CODE, "order_id": order_id, "number": 1, "lines": lines}
    return Event(f"muneris.stock.{step}", f"{CODE}/orders/{order_id}", f"{order_id}-1-{step}", data)


def ask_of_round(round_id: str, step: str, **quantities: str | int) -> Event:
    """An ask about a round of order a."""
    event = ask(step, "a", **quantities)
    return Event(event.type, event.subject, event.id, {**event.data, "round": round_id})


def asks(step: str, order_ids: Sequence[str], **quantities: int) -> list[Event]:
    """One ask an order, each for the same."""
    return [ask(step, order_id, **quantities) for order_id in order_ids]
