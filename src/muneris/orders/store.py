"""The rows of orders: one partition a property, one transaction a command.

| row | what |
|---|---|
| `order|<~uuid7>` | the order; inserting it claims its key. Newest first |
| `open|<~uuid7>` | it is not at rest |
| `round|<order>|<~uuid7>` | who asked for a round of it, and how; inserting it claims its key |
| `work|<order>|<number>|<step>[|<round>]` | a step it owes, or one of its rounds |
| `guest|<subject>` | ids of a guest's open orders |
| `slot|<type>|<window or now>` | ids of the orders that have its places |
| `changed` | which orders moved on lately: one row more in each transaction that moves one on |
"""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from muneris.cloud.tables import (
    ANY,
    Row,
    RowChangedError,
    RowConflictError,
    RowMissingError,
    Table,
    Transaction,
    Values,
    rows_with_prefix,
)
from muneris.cloud.tables.remembered import Remembered
from muneris.orders.changes import CHANGED, Changes, changed_values
from muneris.orders.model import Advance, Ask, Order, Work
from muneris.orders.order_rows import (
    claim_of,
    claim_values,
    open_key,
    order_key,
    order_values,
    round_key,
    stored_order,
)
from muneris.orders.stored import Claim, GuestOrders, Place, StoredOrder
from muneris.orders.work_rows import WORK, due_values, work_key, work_of, work_values

_log = logging.getLogger(__name__)

REMEMBERED = 2_000
"""How many orders under way a process remembers: some 10 KB each."""


class OrderStore:
    """Orders and what they owe, in table `Orders`; `changes` is told of each order that moved on.

    Orders that this process moved on lately are remembered while they await an answer, so that it need not
    read what it wrote: see `recall`.
    """

    def __init__(self, table: Table, changes: Changes) -> None:
        self._table = table
        self._changes = changes
        self._orders = Remembered[tuple[Order, Claim]](REMEMBERED)
        self._works = Remembered[Work](REMEMBERED)
        self._unreadable: dict[str, set[str]] = defaultdict(set)

    async def accept(
        self,
        order: Order,
        claim: Claim,
        work: Work,
        guest: GuestOrders | None = None,
        places: Sequence[Place] = (),
    ) -> None:
        """Store a new order, its first work, its place among its guest's open orders, and those in slots.

        Raises:
            RowConflictError: its key is taken, or the guest's orders or a slot changed meanwhile.
            TableUnavailableError: it is not known to be stored.
        """
        values = {**order_values(order), **claim_values(claim)}
        transaction = Transaction(order.property_code).insert(order_key(order.order_id), values)
        transaction.insert(open_key(order.order_id), {}).insert(work_key(work.ask), work_values(work))
        if guest is not None:
            _add_guest(transaction, claim.placed_by, guest)
        for place in places:
            _write_new(transaction, place.key, place.values, place.etag)
        etags = await self._table.transact(transaction)
        self._remember(order, claim, etags)

    async def find(self, property_code: str, order_id: UUID) -> StoredOrder | None:
        """The order, or None."""
        row = await self._table.find(property_code, order_key(order_id))
        return None if row is None else stored_order(row)

    def recall(self, property_code: str, order_id: UUID) -> StoredOrder | None:
        """The order as this process last wrote it, or None.

        It may be outdated: it serves a write under its ETag, and for what never changes again.
        """
        known = self._orders.recall(property_code, order_key(order_id))
        return None if known is None else StoredOrder(*known.value, known.etag)

    def recall_work(self, ask: Ask) -> Work | None:
        """The owed step as this process last wrote it, or None; it may be outdated, as `recall`."""
        known = self._works.recall(ask.property_code, work_key(ask))
        return None if known is None else known.value

    async def is_open(self, property_code: str, order_id: UUID) -> bool:
        """Whether the order exists and is not at rest."""
        return await self._table.find(property_code, open_key(order_id)) is not None

    async def find_guest(self, property_code: str, subject: str) -> GuestOrders:
        """A guest's orders that were open when last looked at."""
        row = await self._table.find(property_code, f"guest|{subject}")
        if row is None:
            return GuestOrders()
        return GuestOrders(tuple(UUID(each) for each in json.loads(row.text("Orders"))), row.etag)

    async def find_round(self, property_code: str, order_id: UUID, round_id: UUID) -> Claim | None:
        """Who asked for a round of an order with which request, and what was answered; None: nobody did."""
        row = await self._table.find(property_code, round_key(order_id, round_id))
        return None if row is None else claim_of(row)

    async def find_work(self, ask: Ask) -> Work | None:
        """The owed step, or None: it was answered."""
        row = await self._table.find(ask.property_code, work_key(ask))
        return None if row is None else work_of(row)

    async def works(self, property_code: str, start: UUID | None = None) -> AsyncIterator[Work]:
        """Every step a property's orders owe, the oldest order's first, from the order `start` on.

        A row that cannot be read is left out: it does not stop the others.
        """
        async for row in rows_with_prefix(self._table, property_code, WORK, str(start or "")):
            try:
                work = work_of(row)
            except (ValueError, TypeError, LookupError) as error:
                self._report_unreadable(row, error)
            else:
                yield work

    def has_unreadable(self, property_code: str) -> bool:
        """Whether steps were left out that this version cannot read: another one may."""
        return property_code in self._unreadable

    async def claim_call(
        self, stored: StoredOrder, order: Order, work: Work
    ) -> tuple[StoredOrder, Work] | None:
        """Write that a call for `work` is about to be made, and `order` as it is then; both as written.

        None: somebody else got there first, or the work is answered.
        """
        transaction = Transaction(order.property_code)
        transaction.merge(order_key(order.order_id), order_values(order), etag=stored.etag)
        transaction.merge(work_key(work.ask), work_values(work), etag=work.etag)
        self._forget(order, [work.ask])
        if order.sequence > stored.order.sequence:  # said again it would hide what others said in between
            transaction.upsert(CHANGED, changed_values(order))
        try:
            etags = await self._table.transact(transaction)
        except RowConflictError:
            return None
        self._changes.tell(order)
        if not {order_key(order.order_id), work_key(work.ask)} <= etags.keys():
            return None  # it took a lost answer to learn that it happened, and meanwhile somebody wrote again
        self._remember(order, stored.claim, etags)
        claimed = StoredOrder(order, stored.claim, etags[order_key(order.order_id)])
        return claimed, replace(work, etag=etags[work_key(work.ask)])

    async def advance(
        self,
        stored: StoredOrder,
        advance: Advance,
        answered: Ask | None = None,
        new_round: tuple[UUID, Claim] | None = None,
    ) -> StoredOrder | None:
        """Move an order on from the version that was read; as it is then.

        The ask that was answered goes, and those that end with it; new work begins; a new round claims its
        key.

        None: the order changed meanwhile, one of these asks is no longer owed, or the key is taken; nothing
        was written.
        """
        order = advance.order
        gone = [*advance.ended, *([] if answered is None else [answered])]
        transaction = Transaction(order.property_code)
        transaction.merge(order_key(order.order_id), order_values(order), etag=stored.etag)
        transaction.upsert(CHANGED, changed_values(order))
        for ask in gone:
            transaction.delete(work_key(ask), etag=ANY)
        for work in advance.begun:
            transaction.insert(work_key(work.ask), work_values(work))
        if new_round is not None:
            round_id, claim = new_round
            transaction.insert(round_key(order.order_id, round_id), claim_values(claim))
        _open_or_close(transaction, stored.order, order)
        self._forget(order, gone)
        try:
            etags = await self._table.transact(transaction)
        except RowConflictError:
            return None
        self._remember(order, stored.claim, etags, advance.begun)
        self._changes.tell(order)
        return StoredOrder(order, stored.claim, etags.get(order_key(order.order_id), ""))

    async def finish(self, asks: Sequence[Ask]) -> None:
        """Remove steps of one property that are done; those already gone are no matter."""
        transaction = Transaction(asks[0].property_code)
        for ask in asks:
            transaction.delete(work_key(ask), etag=ANY)
        try:
            await self._table.transact(transaction)
        except RowMissingError:
            if len(asks) > 1:
                await asyncio.gather(*(self.finish([ask]) for ask in asks))

    async def move(self, moved: Sequence[Work]) -> list[Work]:
        """Write the new due times of one property's steps; those that are ours to send.

        The others were answered, or somebody else moved them: theirs to send.
        """
        transaction = Transaction(moved[0].ask.property_code)
        for work in moved:
            transaction.merge(work_key(work.ask), due_values(work), etag=work.etag)
        try:
            etags = await self._table.transact(transaction)
        except (RowMissingError, RowChangedError):
            if len(moved) == 1:
                return []
            alone = await asyncio.gather(*(self.move([work]) for work in moved))
            return [each for some in alone for each in some]
        return [
            replace(work, etag=etags[work_key(work.ask)]) for work in moved if work_key(work.ask) in etags
        ]

    async def write_work(self, work: Work) -> bool:
        """Write all of a step from the version it was read in; False: it changed meanwhile."""
        transaction = Transaction(work.ask.property_code)
        transaction.merge(work_key(work.ask), work_values(work), etag=work.etag)
        try:
            await self._table.transact(transaction)
        except RowConflictError:
            return False
        return True

    def _remember(
        self, order: Order, claim: Claim, etags: Mapping[str, str], works: Sequence[Work] = ()
    ) -> None:
        if not order.awaited:
            return
        key = order_key(order.order_id)
        self._orders.wrote(order.property_code, key, (order, claim), etags.get(key))
        for work in works:
            etag = etags.get(work_key(work.ask), "")
            self._works.wrote(order.property_code, work_key(work.ask), replace(work, etag=etag), etag or None)

    def _report_unreadable(self, row: Row, error: Exception) -> None:
        """Once: a sweep comes across it every few seconds."""
        known = self._unreadable[row.partition]
        if row.key not in known:
            known.add(row.key)
            _log.error("%s: %s is left out, it cannot be read: %s", row.partition, row.key, error)

    def _forget(self, order: Order, asks: Sequence[Ask]) -> None:
        """Before a write: should its outcome stay unknown, nothing is remembered."""
        self._orders.forget(order.property_code, order_key(order.order_id))
        for ask in asks:
            self._works.forget(ask.property_code, work_key(ask))


def _open_or_close(transaction: Transaction, before: Order, order: Order) -> None:
    """Keep the order's open row: it goes as the order comes to rest, and comes back if it is moved again."""
    key = open_key(order.order_id)
    if order.at_rest and not before.at_rest:
        transaction.delete(key, etag=ANY)
    elif before.at_rest and not order.at_rest:
        transaction.insert(key, {})


def _add_guest(transaction: Transaction, subject: str, guest: GuestOrders) -> None:
    values = {"Orders": json.dumps([str(each) for each in guest.order_ids])}
    _write_new(transaction, f"guest|{subject}", values, guest.etag)


def _write_new(transaction: Transaction, key: str, values: Values, etag: str | None) -> None:
    """Write all of a row from the version it was read in; None: there was no such row."""
    if etag is None:
        transaction.insert(key, values)
    else:
        transaction.replace(key, values, etag=etag)
