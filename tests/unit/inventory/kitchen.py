"""Inventory on one storage account, which several kitchens may share as processes do."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal

from tests.faults import Faults, FaultyTable
from tests.tenants import ManualClock

from muneris.cloud.documents.memory import MemoryDocuments
from muneris.cloud.events import Event
from muneris.cloud.events.memory import MemoryPublisher
from muneris.cloud.tables import Page, Row, Table, Transaction
from muneris.core.problems import Json
from muneris.inventory.attempts import Attempts
from muneris.inventory.events import StockAnswers
from muneris.inventory.holds import Holds
from muneris.inventory.model import Hold, StockItem
from muneris.inventory.service import Inventory
from muneris.inventory.store import InventoryStore

CODE = "NOR-CPH01"


class ContestedDocuments(MemoryDocuments):
    """Documents before whose next write another process gets its turn."""

    other: Callable[[], Awaitable[object]] | None = None

    async def put(self, name: str, body: bytes) -> str:
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
        self.publisher = MemoryPublisher()
        self.pauses: list[float] = []
        self.restart()

    def restart(self) -> None:
        """The process anew: what was only in memory is gone."""
        self.table = RecordingTable(self.below)
        self.store = InventoryStore(self.table)
        attempts = Attempts(sleep=self._soon, chance=lambda: 0.5)
        self.inventory = Inventory(self.store, self.documents, ManualClock(), attempts)
        self.holds = Holds(self.store, attempts)
        self.answers = StockAnswers(self.holds, self.publisher)

    async def stock(self, **on_hand: int) -> None:
        for sku, quantity in on_hand.items():
            await self.inventory.put_item(CODE, StockItem(sku=sku, name=sku, on_hand=Decimal(quantity)))

    async def ask(self, step: str, order_id: str = "a", **quantities: int) -> Event:
        """Ask, and the answer to it."""
        before = len(self.publisher.published)
        await self.answers.answer(ask(step, order_id, **quantities))
        (answer,) = self.publisher.published[before:]
        return answer

    async def ask_at_once(self, *asks: Event) -> Sequence[tuple[str, str]]:
        """Ask all at once; whose order was answered what."""
        before = len(self.publisher.published)
        await asyncio.gather(*(self.answers.answer(each) for each in asks))
        return said(self.publisher.published[before:])

    async def item(self, sku: str) -> tuple[Decimal | int, Decimal | int]:
        """What is on hand of an item and held, as it is stored."""
        stored = await InventoryStore(self.below).find_item(CODE, sku)
        assert stored is not None
        return stored.value.on_hand, stored.value.held

    async def hold(self, order_id: str) -> Hold | None:
        """An order's hold as it is stored."""
        stored = await InventoryStore(self.below).find_hold(CODE, order_id)
        return None if stored is None else stored.value

    async def _soon(self, pause: float) -> None:
        self.pauses.append(pause)
        await asyncio.sleep(0)


def said(answers: Sequence[Event]) -> Sequence[tuple[str, str]]:
    """Orders and what they were answered, in that order."""
    return [(str(each.data["order_id"]), each.type.rpartition(".")[2]) for each in answers]


def ask(step: str, order_id: str = "a", **quantities: int) -> Event:
    lines: list[Json] = [{"sku": sku, "quantity": str(count)} for sku, count in quantities.items()]
    data: dict[str, Json] = {"property_code": CODE, "order_id": order_id, "number": 1, "lines": lines}
    return Event(f"muneris.stock.{step}", f"{CODE}/orders/{order_id}", f"{order_id}-1-{step}", data)


def asks(step: str, order_ids: Sequence[str], **quantities: int) -> list[Event]:
    """One ask an order, each for the same."""
    return [ask(step, order_id, **quantities) for order_id in order_ids]
