"""What moves an order on is said in its property's row, once, and so seen in every process."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from tests.restaurant import CODE, NOON, ORDER_ID, plain_order
from tests.ticks import Ticks

from muneris.cloud.tables import Table, Values
from muneris.orders import model
from muneris.orders.changes import CHANGED, Changes
from muneris.orders.life.transitions import check_opened, posting_begun, stock_rejected, stock_reserved
from muneris.orders.model import CheckReference, Order, Work
from muneris.orders.store import OrderStore
from muneris.orders.stored import Claim, StoredOrder

CHECK = CheckReference(check_ref="r", check_number=1)
LONG = 20.0
NEXT_VALUE_ID = UUID(int=ORDER_ID.int + 1)
SAME_VALUE_ID = UUID(int=ORDER_ID.int + 64)


class Life:
    """An order that one process accepted, and that it moves on step by step."""

    def __init__(self, store: OrderStore, order: Order) -> None:
        self._store = store
        self._order = order

    async def accept(self) -> None:
        work = model.reserve_stock(self._order, "{}", NOON)
        await self._store.accept(self._order, Claim("fingerprint", "ann", b"{}"), work)

    async def reserve(self) -> None:
        stored = await self.stored()
        ask = model.reserve_stock(self._order, "{}", NOON).ask
        assert await self._store.advance(stored, stock_reserved(stored.order, NOON), ask)

    async def claim(self) -> None:
        """Claim it for posting; again, if it was claimed before."""
        stored = await self.stored()
        order = posting_begun(stored.order, NOON)
        assert await self._store.claim_call(stored, order, await self._post()) is not None

    async def confirm(self) -> None:
        stored, post = await self.stored(), await self._post()
        assert await self._store.advance(stored, check_opened(stored.order, CHECK, NOON), post.ask)

    async def stored(self) -> StoredOrder:
        stored = await self._store.find(CODE, self._order.order_id)
        assert stored is not None
        return stored

    async def _post(self) -> Work:
        work = await self._store.find_work(stock_reserved(self._order, NOON).begun[0].ask)
        assert work is not None
        return work


@pytest.fixture
def ticks_elsewhere() -> Ticks:
    return Ticks()


@pytest.fixture
def elsewhere(table: Table, ticks_elsewhere: Ticks) -> Changes:
    """Changes as a process sees them that makes none."""
    return Changes(table, sleep=ticks_elsewhere.sleep)


@pytest.fixture
async def life(store: OrderStore) -> Life:
    life = Life(store, plain_order())
    await life.accept()
    return life


async def said(table: Table) -> Values:
    """What the property's row says of the order; the service's own values are left out."""
    row = await table.find(CODE, CHANGED)
    return {} if row is None else {name: value for name, value in row.values.items() if name.startswith("C")}


def steps_of(life: Life) -> list[Callable[[], Awaitable[None]]]:
    return [life.reserve, life.claim, life.confirm]


async def test_every_step_is_told_at_once_where_it_is_made(
    life: Life, changes: Changes, ticks: Ticks
) -> None:
    with changes.watch(CODE, ORDER_ID) as watch:
        for known, step in enumerate(steps_of(life), start=1):
            waiting = asyncio.create_task(changes.wait(watch, known, LONG))
            await ticks.pausing()
            assert not waiting.done()
            await step()
            assert await waiting


async def test_every_step_is_seen_elsewhere_at_the_next_look(
    life: Life, elsewhere: Changes, ticks_elsewhere: Ticks
) -> None:
    with elsewhere.watch(CODE, ORDER_ID) as watch:
        for known, step in enumerate(steps_of(life), start=1):
            waiting = asyncio.create_task(elsewhere.wait(watch, known, LONG))
            await ticks_elsewhere.pausing()
            await step()
            assert ((await life.stored()).order.sequence, waiting.done()) == (known + 1, False)
            await ticks_elsewhere.tick()
            assert await waiting


async def test_a_step_says_the_orders_new_sequence(life: Life, table: Table) -> None:
    assert await said(table) == {}
    await life.reserve()
    assert await said(table) == {"C01": f"{ORDER_ID} 2"}
    await life.claim()
    await life.confirm()
    assert await said(table) == {"C01": f"{ORDER_ID} 4"}


async def test_orders_say_it_beside_each_other(life: Life, store: OrderStore, table: Table) -> None:
    lives = [life, Life(store, plain_order(NEXT_VALUE_ID))]
    await lives[1].accept()
    await asyncio.gather(*(each.reserve() for each in lives))
    assert await said(table) == {"C01": f"{ORDER_ID} 2", "C02": f"{NEXT_VALUE_ID} 2"}


async def test_a_step_that_is_refused_says_nothing(life: Life, store: OrderStore, table: Table) -> None:
    stale = await life.stored()
    await life.reserve()
    before = await said(table)
    ask = model.reserve_stock(stale.order, "{}", NOON).ask
    assert not await store.advance(stale, stock_rejected(stale.order, ["bun"], NOON), ask)
    assert await said(table) == before


async def test_a_claim_that_is_repeated_says_nothing_again(
    life: Life, store: OrderStore, table: Table, elsewhere: Changes, ticks_elsewhere: Ticks
) -> None:
    """Else the row could be what it was at the last look, while it said something else in between."""
    other = Life(store, plain_order(SAME_VALUE_ID))
    await other.accept()
    await life.reserve()
    await life.claim()
    with elsewhere.watch(CODE, SAME_VALUE_ID) as watch:
        assert await elsewhere.wait(watch, 1, LONG)
        waiting = asyncio.create_task(elsewhere.wait(watch, 1, LONG))
        await ticks_elsewhere.pausing()
        await other.reserve()
        await life.claim()
        assert (await said(table))["C01"] == f"{SAME_VALUE_ID} 2"
        await ticks_elsewhere.tick()
        assert await waiting
