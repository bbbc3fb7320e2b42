"""A claim whose answer was lost is ours as long as nobody has written its order or its work since."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import pytest
from tests.restaurant import CODE, NOON, ORDER_ID, plain_order

from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables import OutcomeUnknownError, Transaction
from muneris.cloud.tables.memory import MemoryTable
from muneris.cloud.tables.retried import RetriedTable
from muneris.cloud.tables.transaction import MARK
from muneris.core.ids import newest_first
from muneris.orders import model
from muneris.orders.changes import CHANGED, Changes, changed_values
from muneris.orders.life import transitions
from muneris.orders.model import Work
from muneris.orders.store import OrderStore
from muneris.orders.stored import Claim, StoredOrder

ORDER_ROW = f"order|{newest_first(ORDER_ID)}"
WORK_ROW = f"work|{ORDER_ID}|000002|post"
OTHER = plain_order(UUID(int=ORDER_ID.int + 64))


class LosingTable(MemoryTable):
    """A table that loses one answer, and carries out `meanwhile` before it can be asked again."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Transaction | None = None

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        etags = await super().transact(transaction)
        if self.meanwhile is None:
            return etags
        meanwhile, self.meanwhile = self.meanwhile, None
        await super().transact(meanwhile)
        raise OutcomeUnknownError("the answer was lost")


@pytest.fixture
def table() -> LosingTable:
    return LosingTable()


@pytest.fixture
def store(table: LosingTable) -> OrderStore:
    marks = itertools.count()
    retried = RetriedTable(table, RetryPolicy(chance=lambda: 0.0), lambda: f"{next(marks):012}")
    return OrderStore(retried, Changes(retried))


async def reserved(store: OrderStore) -> tuple[StoredOrder, Work]:
    """An order whose stock is held, and the work of posting it."""
    order = plain_order()
    work = model.reserve_stock(order, "{}", NOON)
    await store.accept(order, Claim("fingerprint", "ann", b"{}"), work)
    advance = transitions.stock_reserved(order, NOON)
    assert await store.advance(await get(store), advance, work.ask)
    post = await store.find_work(advance.begun[0].ask)
    assert post is not None
    return await get(store), post


async def get(store: OrderStore) -> StoredOrder:
    stored = await store.find(CODE, ORDER_ID)
    assert stored is not None
    return stored


async def test_what_another_order_said_of_itself_takes_nothing_away(
    table: LosingTable, store: OrderStore
) -> None:
    stored, post = await reserved(store)
    posting, calling = transitions.posting_begun(stored.order, NOON), replace(post, claimed_until=NOON)
    table.meanwhile = Transaction(CODE).upsert(CHANGED, {**changed_values(OTHER), MARK: "somebody"})
    claimed = await store.claim_call(stored, posting, calling)
    assert claimed is not None
    ours, work = claimed
    assert await get(store) == ours == StoredOrder(posting, stored.claim, ours.etag)
    assert work == await store.find_work(post.ask) == replace(calling, etag=work.etag)


@pytest.mark.parametrize("row", [ORDER_ROW, WORK_ROW])
async def test_what_somebody_has_written_since_is_theirs(
    row: str, table: LosingTable, store: OrderStore
) -> None:
    stored, post = await reserved(store)
    table.meanwhile = Transaction(CODE).upsert(row, {MARK: "somebody"})
    posting = transitions.posting_begun(stored.order, NOON)
    assert await store.claim_call(stored, posting, replace(post, claimed_until=NOON)) is None
