"""The rows of rounds, on every kind of table: a round is there with its claim and its work, or not at all."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from tests.restaurant import CODE, NOON, ORDER_ID, plain_order

from muneris.cloud.tables import Table, rows_with_prefix
from muneris.core.clock import to_rfc3339
from muneris.core.ids import new_uuid7, newest_first
from muneris.orders import model
from muneris.orders.life import round_transitions
from muneris.orders.model import Advance, Ask, CheckReference, Status, Step
from muneris.orders.round import Round, RoundStatus
from muneris.orders.store import OrderStore
from muneris.orders.stored import Claim, StoredOrder

PLACED = Claim("fingerprint", "ann", b'{"order_id": "x"}')
CLAIM = Claim("of a round", "ann", b'{"round_id": "x"}')
OTHER_CLAIM = Claim("of another", "bob", b"{}")
ROUND_ID = new_uuid7(NOON + timedelta(seconds=1))
CHECK = CheckReference(check_ref="r", check_number=1)
STOCK = '{"lines": []}'


def new(round_id: UUID = ROUND_ID) -> Round:
    return Round(
        id=str(round_id),
        lines=({"menu_item_id": 11001, "quantity": 1, "said": "by the app"},),
        priced_lines=(),
        total="10.00",
        placed_by="ann",
        created_at=to_rfc3339(NOON),
        expires_at=to_rfc3339(NOON + timedelta(hours=1)),
    )


async def get(store: OrderStore) -> StoredOrder:
    stored = await store.find(CODE, ORDER_ID)
    assert stored is not None
    return stored


async def confirmed(store: OrderStore) -> StoredOrder:
    """An order on its check that owes nothing."""
    work = model.reserve_stock(plain_order(), STOCK, NOON)
    await store.accept(plain_order(), PLACED, work)
    stored = await get(store)
    order = stored.order.model_copy(update={"status": Status.CONFIRMED, "check": CHECK, "sequence": 4})
    assert await store.advance(stored, Advance(order), work.ask)
    return await get(store)


async def add(
    store: OrderStore, stored: StoredOrder, round_id: UUID = ROUND_ID, claim: Claim = CLAIM
) -> StoredOrder | None:
    advance = round_transitions.added(stored.order, new(round_id), STOCK, NOON)
    return await store.advance(stored, advance, new_round=(round_id, claim))


async def added(store: OrderStore) -> StoredOrder:
    assert await add(store, await confirmed(store))
    return await get(store)


async def asks(store: OrderStore) -> list[Ask]:
    return [work.ask async for work in store.works(CODE)]


async def claims(table: Table) -> list[str]:
    return [row.key async for row in rows_with_prefix(table, CODE, "round|")]


async def test_what_is_added_is_found_whole(store: OrderStore, table: Table) -> None:
    before = await confirmed(store)
    assert await store.find_round(CODE, ORDER_ID, ROUND_ID) is None
    assert await add(store, before)
    stored = await get(store)
    assert stored.order.rounds == (new().model_copy(update={"asked": 5}),)
    assert stored.order.sequence == 5
    assert stored.claim == PLACED
    assert await store.find_round(CODE, ORDER_ID, ROUND_ID) == CLAIM
    assert await claims(table) == [f"round|{ORDER_ID}|{newest_first(ROUND_ID)}"]
    ask = Ask(CODE, ORDER_ID, 5, Step.RESERVE, str(ROUND_ID))
    assert await asks(store) == [ask]
    work = await store.find_work(ask)
    assert work is not None
    expected = round_transitions.added(before.order, new(), STOCK, NOON).begun
    assert (replace(work, etag=""),) == expected
    assert not await store.is_open(CODE, ORDER_ID)


async def test_a_key_is_claimed_once(store: OrderStore) -> None:
    before = await added(store)
    assert await add(store, before, claim=OTHER_CLAIM) is None
    assert await get(store) == before
    assert await store.find_round(CODE, ORDER_ID, ROUND_ID) == CLAIM
    assert len(await asks(store)) == 1


async def test_of_two_from_one_version_one_is_added_and_nothing_of_the_other(store: OrderStore) -> None:
    before, other_id = await confirmed(store), new_uuid7(NOON + timedelta(seconds=2))
    results = await asyncio.gather(add(store, before), add(store, before, other_id, OTHER_CLAIM))
    assert sorted(result is None for result in results) == [False, True]
    stored = await get(store)
    (winner,) = stored.order.rounds
    lost = other_id if winner.id == str(ROUND_ID) else ROUND_ID
    assert await store.find_round(CODE, ORDER_ID, lost) is None
    assert [ask.round for ask in await asks(store)] == [winner.id]
    claim = OTHER_CLAIM if lost == ROUND_ID else CLAIM
    assert await add(store, stored, lost, claim)
    assert len((await get(store)).order.rounds) == len(await asks(store)) == 2


async def test_its_answer_takes_its_ask_and_no_other_rounds(store: OrderStore) -> None:
    first, other_id = await added(store), new_uuid7(NOON + timedelta(seconds=2))
    assert await add(store, first, other_id)
    (ask, other) = await asks(store)
    stored = await get(store)
    advance = round_transitions.stock_reserved(stored.order, str(ROUND_ID), NOON)
    assert advance is not None
    assert await store.advance(stored, advance, ask)
    assert await store.advance(await get(store), advance, ask) is None  # the same once more
    post = advance.begun[0].ask
    assert set(await asks(store)) == {other, post} == set((await get(store)).order.awaited)
    assert post.round == str(ROUND_ID)


async def test_its_call_is_claimed_once(store: OrderStore) -> None:
    stored = await added(store)
    advance = round_transitions.stock_reserved(stored.order, str(ROUND_ID), NOON)
    assert advance is not None
    assert await store.advance(stored, advance, (await asks(store))[0])
    stored = await get(store)
    work = await store.find_work(advance.begun[0].ask)
    posting = round_transitions.posting_begun(stored.order, str(ROUND_ID), NOON)
    assert work is not None
    assert posting is not None
    calling = replace(work, first_sent_at=NOON, claimed_until=NOON + timedelta(seconds=70))
    results = await asyncio.gather(*(store.claim_call(stored, posting, calling) for _ in range(2)))
    assert sorted(result is None for result in results) == [False, True]
    assert [each.status for each in (await get(store)).order.rounds] == [RoundStatus.POSTING]


async def test_what_this_process_wrote_of_it_is_recalled(store: OrderStore) -> None:
    stored = await added(store)
    assert store.recall(CODE, ORDER_ID) == stored
    (ask,) = await asks(store)
    assert store.recall_work(ask) == await store.find_work(ask)
