"""The rows of orders: one partition a property, one transaction a command.

| row | what |
|---|---|
| `order|<~uuid7>` | the order; inserting it claims its key. Newest first |
| `open|<~uuid7>` | it is not at rest |
| `work|<order>|<number>|<step>` | a step it owes |
| `guest|<subject>` | ids of a guest's open orders |
| `changed` | which orders moved on lately: one row more in each transaction that moves one on |
"""

import json
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
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
from muneris.core.clock import from_rfc3339, to_rfc3339
from muneris.core.ids import newest_first
from muneris.orders.changes import CHANGED, Changes, changed_values
from muneris.orders.model import Advance, Ask, Order, Step, Work

REMEMBERED = 2_000
"""How many orders under way a process remembers: some 10 KB each."""
_CHUNK = 60 * 1024
_WORK = "work|"


@dataclass(frozen=True)
class Claim:
    """Who placed an order with which request, and what was answered."""

    fingerprint: str
    placed_by: str
    receipt: bytes


@dataclass(frozen=True)
class StoredOrder:
    """An order with its claim and the version that was read."""

    order: Order
    claim: Claim
    etag: str


@dataclass(frozen=True)
class GuestOrders:
    """The orders of a guest that were open when last looked at; `etag` is None before the first."""

    order_ids: tuple[UUID, ...] = ()
    etag: str | None = None


class OrderStore:
    """Orders and what they owe, in table `Orders`; `changes` is told of each order that moved on.

    Orders that this process moved on lately are remembered until they are at rest, so that it need not read
    what it wrote: see `recall`.
    """

    def __init__(self, table: Table, changes: Changes) -> None:
        self._table = table
        self._changes = changes
        self._orders = Remembered[tuple[Order, Claim]](REMEMBERED)
        self._works = Remembered[Work](REMEMBERED)

    async def accept(self, order: Order, claim: Claim, work: Work, guest: GuestOrders | None = None) -> None:
        """Store a new order, its first work, and its place among its guest's open orders.

        Raises:
            RowConflictError: its key is taken, or the guest's orders changed meanwhile.
            TableUnavailableError: it is not known to be stored.
        """
        key = newest_first(order.order_id)
        values = {
            **_order_values(order),
            "Fingerprint": claim.fingerprint,
            "PlacedBy": claim.placed_by,
            "Receipt": claim.receipt,
        }
        transaction = Transaction(order.property_code).insert(f"order|{key}", values)
        transaction.insert(f"open|{key}", {}).insert(_work_key(work.ask), _work_values(work))
        if guest is not None:
            _add_guest(transaction, claim.placed_by, guest)
        etags = await self._table.transact(transaction)
        self._remember(order, claim, etags)

    async def find(self, property_code: str, order_id: UUID) -> StoredOrder | None:
        """The order, or None."""
        row = await self._table.find(property_code, f"order|{newest_first(order_id)}")
        return None if row is None else _stored_order(row)

    def recall(self, property_code: str, order_id: UUID) -> StoredOrder | None:
        """The order as this process last wrote it, or None.

        It may be outdated: it serves a write under its ETag, and for what never changes again.
        """
        known = self._orders.recall(property_code, f"order|{newest_first(order_id)}")
        return None if known is None else StoredOrder(*known.value, known.etag)

    def recall_work(self, ask: Ask) -> Work | None:
        """The owed step as this process last wrote it, or None; it may be outdated, as `recall`."""
        known = self._works.recall(ask.property_code, _work_key(ask))
        return None if known is None else known.value

    async def is_open(self, property_code: str, order_id: UUID) -> bool:
        """Whether the order exists and is not at rest."""
        return await self._table.find(property_code, f"open|{newest_first(order_id)}") is not None

    async def find_guest(self, property_code: str, subject: str) -> GuestOrders:
        """A guest's orders that were open when last looked at."""
        row = await self._table.find(property_code, f"guest|{subject}")
        if row is None:
            return GuestOrders()
        return GuestOrders(tuple(UUID(each) for each in json.loads(row.text("Orders"))), row.etag)

    async def find_work(self, ask: Ask) -> Work | None:
        """The owed step, or None: it was answered."""
        row = await self._table.find(ask.property_code, _work_key(ask))
        return None if row is None else _work(row)

    async def works(self, property_code: str, start: UUID | None = None) -> AsyncIterator[Work]:
        """Every step a property's orders owe, the oldest order's first, from the order `start` on."""
        async for row in rows_with_prefix(self._table, property_code, _WORK, str(start or "")):
            yield _work(row)

    async def claim_posting(self, stored: StoredOrder, order: Order, work: Work) -> tuple[str, Work] | None:
        """Write that `order` is being posted; its new ETag and the claimed work.

        None: somebody else got there first, or the work is answered.
        """
        transaction = Transaction(order.property_code)
        transaction.merge(_order_key(order), _order_values(order), etag=stored.etag)
        transaction.merge(_work_key(work.ask), _work_values(work), etag=work.etag)
        self._forget(order, work.ask)
        if order.sequence > stored.order.sequence:  # said again it would hide what others said in between
            transaction.upsert(CHANGED, changed_values(order))
        try:
            etags = await self._table.transact(transaction)
        except RowConflictError:
            return None
        self._changes.tell(order)
        if not {_order_key(order), _work_key(work.ask)} <= etags.keys():
            return None  # it took a lost answer to learn that it happened, and meanwhile somebody wrote again
        self._remember(order, stored.claim, etags)
        return etags[_order_key(order)], _with_etag(work, etags[_work_key(work.ask)])

    async def advance(self, etag: str, answered: Ask, advance: Advance) -> bool:
        """Apply an answer: its ask goes, the order moves on from version `etag`, new work begins.

        False: the order changed meanwhile, or the ask is no longer owed; nothing was written.
        """
        order = advance.order
        transaction = Transaction(order.property_code)
        transaction.merge(_order_key(order), _order_values(order), etag=etag)
        transaction.upsert(CHANGED, changed_values(order))
        transaction.delete(_work_key(answered), etag=ANY)
        for work in advance.begun:
            transaction.insert(_work_key(work.ask), _work_values(work))
        if order.at_rest:
            transaction.delete(f"open|{newest_first(order.order_id)}", etag=ANY)
        known = self.recall(order.property_code, order.order_id)
        self._forget(order, answered)
        try:
            etags = await self._table.transact(transaction)
        except RowConflictError:
            return False
        if known is not None:
            self._remember(order, known.claim, etags, advance.begun)
        self._changes.tell(order)
        return True

    async def finish(self, asks: Sequence[Ask]) -> None:
        """Remove steps of one property that are done; those already gone are no matter."""
        transaction = Transaction(asks[0].property_code)
        for ask in asks:
            transaction.delete(_work_key(ask), etag=ANY)
        try:
            await self._table.transact(transaction)
        except RowMissingError:
            if len(asks) > 1:
                for ask in asks:
                    await self.finish([ask])

    async def move(self, moved: Sequence[Work]) -> list[Work]:
        """Write the new due times of one property's steps; those that are ours to send.

        The others were answered, or somebody else moved them: theirs to send.
        """
        transaction = Transaction(moved[0].ask.property_code)
        for work in moved:
            transaction.merge(_work_key(work.ask), _due_values(work), etag=work.etag)
        try:
            etags = await self._table.transact(transaction)
        except (RowMissingError, RowChangedError):
            if len(moved) == 1:
                return []
            return [each for work in moved for each in await self.move([work])]
        return [
            _with_etag(work, etags[_work_key(work.ask)]) for work in moved if _work_key(work.ask) in etags
        ]

    async def write_work(self, work: Work) -> bool:
        """Write all of a step from the version it was read in; False: it changed meanwhile."""
        transaction = Transaction(work.ask.property_code)
        transaction.merge(_work_key(work.ask), _work_values(work), etag=work.etag)
        try:
            await self._table.transact(transaction)
        except RowConflictError:
            return False
        return True

    def _remember(
        self, order: Order, claim: Claim, etags: Mapping[str, str], works: Sequence[Work] = ()
    ) -> None:
        if order.at_rest:
            return
        key = _order_key(order)
        self._orders.wrote(order.property_code, key, (order, claim), etags.get(key))
        for work in works:
            etag = etags.get(_work_key(work.ask), "")
            self._works.wrote(order.property_code, _work_key(work.ask), _with_etag(work, etag), etag or None)

    def _forget(self, order: Order, ask: Ask) -> None:
        """Before a write: should its outcome stay unknown, nothing is remembered."""
        self._orders.forget(order.property_code, _order_key(order))
        self._works.forget(ask.property_code, _work_key(ask))


def _order_key(order: Order) -> str:
    return f"order|{newest_first(order.order_id)}"


def _work_key(ask: Ask) -> str:
    return f"{_WORK}{ask.order_id}|{ask.number:06}|{ask.step}"


def _add_guest(transaction: Transaction, subject: str, guest: GuestOrders) -> None:
    values = {"Orders": json.dumps([str(each) for each in guest.order_ids])}
    if guest.etag is None:
        transaction.insert(f"guest|{subject}", values)
    else:
        transaction.replace(f"guest|{subject}", values, etag=guest.etag)


def _order_values(order: Order) -> Values:
    packer = zlib.compressobj(1, zlib.DEFLATED, 12, 5)  # a small state: an order is short
    body = packer.compress(order.model_dump_json().encode()) + packer.flush()
    chunks = [body[at : at + _CHUNK] for at in range(0, len(body), _CHUNK)]
    return {
        "Status": order.status,
        "Sequence": order.sequence,
        "CreatedAt": order.created_at,
        "Chunks": len(chunks),
        **{f"Body{number}": chunk for number, chunk in enumerate(chunks)},
    }


def _stored_order(row: Row) -> StoredOrder:
    body = b"".join(row.binary(f"Body{number}") for number in range(row.number("Chunks")))
    claim = Claim(row.text("Fingerprint"), row.text("PlacedBy"), row.binary("Receipt"))
    return StoredOrder(Order.model_validate_json(zlib.decompress(body)), claim, row.etag)


def _due_values(work: Work) -> Values:
    return {"DueAt": to_rfc3339(work.due_at), "Attempts": work.attempts}


def _work_values(work: Work) -> Values:
    return {
        **_due_values(work),
        "Payload": work.payload,
        "BornAt": to_rfc3339(work.born_at),
        "FirstSentAt": _time_value(work.first_sent_at),
        "LastDeadline": _time_value(work.last_deadline),
        "ClaimedUntil": _time_value(work.claimed_until),
    }


def _work(row: Row) -> Work:
    _, order_id, number, step = row.key.split("|")
    return Work(
        ask=Ask(row.partition, UUID(order_id), int(number), Step(step)),
        payload=row.text("Payload"),
        born_at=from_rfc3339(row.text("BornAt")),
        due_at=from_rfc3339(row.text("DueAt")),
        attempts=row.number("Attempts"),
        first_sent_at=_find_time(row, "FirstSentAt"),
        last_deadline=_find_time(row, "LastDeadline"),
        claimed_until=_find_time(row, "ClaimedUntil"),
        etag=row.etag,
    )


def _with_etag(work: Work, etag: str) -> Work:
    return replace(work, etag=etag)


def _time_value(moment: datetime | None) -> str:
    return "" if moment is None else to_rfc3339(moment)


def _find_time(row: Row, name: str) -> datetime | None:
    text = row.text(name)
    return from_rfc3339(text) if text else None
