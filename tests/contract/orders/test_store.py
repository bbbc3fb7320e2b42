"""What the store of orders must do, whatever table is behind it."""

import asyncio
import json
import secrets
import zlib
from dataclasses import replace
from datetime import timedelta
from itertools import batched
from uuid import UUID

import pytest
from tests.restaurant import CODE, NOON, ORDER_ID, plain_order

from muneris.cloud.tables import RowConflictError, Table, Transaction, get_row
from muneris.core.clock import to_rfc3339
from muneris.core.ids import new_uuid7, newest_first
from muneris.orders import model
from muneris.orders.life import transitions, wishes
from muneris.orders.model import (
    Advance,
    Ask,
    CheckReference,
    FulfilmentStatus,
    Status,
    Step,
    Work,
)
from muneris.orders.priced import PricedCondiment, PricedLine
from muneris.orders.store import OrderStore
from muneris.orders.stored import Claim, GuestOrders, StoredOrder

LATER = NOON + timedelta(seconds=70)
CLAIM = Claim("fingerprint", "ann", b'{"order_id": "x"}')
OTHER_CLAIM = Claim("another", "bob", b"{}")
CHECK = CheckReference(check_ref="r", check_number=1)


async def accept(store: OrderStore, order_id: UUID = ORDER_ID) -> Work:
    """A new order; the work it owes, as it is stored."""
    order = plain_order(order_id)
    await store.accept(order, CLAIM, model.reserve_stock(order, '{"lines": []}', NOON))
    return await get_work(store, Ask(CODE, order_id, 1, Step.RESERVE))


async def get(store: OrderStore, order_id: UUID = ORDER_ID) -> StoredOrder:
    stored = await store.find(CODE, order_id)
    assert stored is not None
    return stored


async def get_work(store: OrderStore, ask: Ask) -> Work:
    work = await store.find_work(ask)
    assert work is not None
    return work


async def asks(store: OrderStore) -> list[Ask]:
    return [work.ask async for work in store.works(CODE)]


async def reserve(store: OrderStore) -> tuple[StoredOrder, Work]:
    """An order whose stock is held, and its ask to post."""
    work = await accept(store)
    stored = await get(store)
    advance = transitions.stock_reserved(stored.order, NOON)
    assert await store.advance(stored, advance, work.ask)
    return await get(store), await get_work(store, advance.begun[0].ask)


async def test_what_is_accepted_is_found_whole(store: OrderStore) -> None:
    assert await store.find(CODE, ORDER_ID) is None
    assert not await store.is_open(CODE, ORDER_ID)
    work = await accept(store)
    stored = await get(store)
    assert stored.order == plain_order()
    assert stored.claim == CLAIM
    assert await store.is_open(CODE, ORDER_ID)
    assert replace(work, etag="") == model.reserve_stock(plain_order(), '{"lines": []}', NOON)
    assert await asks(store) == [work.ask]
    assert await store.find("NOR-ODE01", ORDER_ID) is None


async def test_a_key_is_claimed_once(store: OrderStore) -> None:
    work = await accept(store)
    before = await get(store)
    with pytest.raises(RowConflictError):
        await store.accept(plain_order(), OTHER_CLAIM, work)
    assert await get(store) == before
    assert await asks(store) == [work.ask]


async def test_of_many_at_once_one_is_accepted(store: OrderStore) -> None:
    claims = [Claim(str(number), "ann", b"") for number in range(16)]
    order = plain_order()
    work = model.reserve_stock(order, "{}", NOON)
    results = await asyncio.gather(
        *(store.accept(order, claim, work) for claim in claims), return_exceptions=True
    )
    winners = [claim for claim, result in zip(claims, results, strict=True) if result is None]
    assert [(await get(store)).claim] == winners
    assert all(isinstance(result, RowConflictError) for result in results if result is not None)


async def test_a_guests_orders_are_counted_with_the_order_or_not_at_all(store: OrderStore) -> None:
    first, second, third = (plain_order(new_uuid7(NOON)) for _ in range(3))
    nobody = await store.find_guest(CODE, "ann")
    assert nobody == GuestOrders((), None)
    await store.accept(
        first, CLAIM, model.reserve_stock(first, "{}", NOON), GuestOrders((first.order_id,), nobody.etag)
    )
    one = await store.find_guest(CODE, "ann")
    assert one.order_ids == (first.order_id,)
    both = GuestOrders((first.order_id, second.order_id), one.etag)
    await store.accept(second, CLAIM, model.reserve_stock(second, "{}", NOON), both)
    for stale in (one, nobody):
        with pytest.raises(RowConflictError):
            await store.accept(
                third,
                CLAIM,
                model.reserve_stock(third, "{}", NOON),
                GuestOrders((third.order_id,), stale.etag),
            )
    assert await store.find(CODE, third.order_id) is None
    assert len(await asks(store)) == 2
    assert (await store.find_guest(CODE, "ann")).order_ids == both.order_ids


async def test_an_answer_moves_the_order_and_its_work_together(store: OrderStore) -> None:
    stored, post = await reserve(store)
    assert stored.order.status is Status.RESERVED
    assert stored.claim == CLAIM
    assert await asks(store) == [post.ask]
    assert await store.is_open(CODE, ORDER_ID)


async def test_an_answer_is_applied_to_the_version_it_was_made_from(store: OrderStore) -> None:
    work = await accept(store)
    stored = await get(store)
    advance = transitions.stock_reserved(stored.order, NOON)
    assert await store.advance(stored, advance, work.ask)
    rejected = transitions.stock_rejected(stored.order, ["bun"], NOON)
    assert not await store.advance(stored, rejected, work.ask)
    fresh = await get(store)
    assert not await store.advance(fresh, rejected, work.ask)
    assert await get(store) == fresh
    assert await asks(store) == [advance.begun[0].ask]


async def test_at_rest_it_is_open_no_more(store: OrderStore) -> None:
    stored, post = await reserve(store)
    posting = transitions.posting_begun(stored.order, NOON)
    confirmed = transitions.check_opened(posting, CHECK, NOON)
    assert await store.advance(stored, confirmed, post.ask)
    assert not await store.is_open(CODE, ORDER_ID)
    assert (await get(store)).order == confirmed.order
    assert sorted(ask.step for ask in await asks(store)) == [Step.CONSUME, Step.TELL_CONFIRMED]


async def confirmed(store: OrderStore) -> StoredOrder:
    """An order at rest that owes nothing."""
    stored, post = await reserve(store)
    advance = transitions.check_opened(transitions.posting_begun(stored.order, NOON), CHECK, NOON)
    assert await store.advance(stored, advance, post.ask)
    await store.finish([work.ask for work in advance.begun])
    return await get(store)


async def cancel(store: OrderStore, stored: StoredOrder) -> StoredOrder | None:
    advance = wishes.cancel(stored.order, "ann", None, LATER)
    assert advance is not None
    return await store.advance(stored, advance)


async def test_what_was_moved_on_is_returned_as_it_is_stored(store: OrderStore) -> None:
    work = await accept(store)
    stored = await get(store)
    assert await store.advance(stored, transitions.stock_reserved(stored.order, NOON), work.ask) == await get(
        store
    )


async def test_moved_again_it_is_open_again_until_it_rests(store: OrderStore) -> None:
    cancelling = await cancel(store, await confirmed(store))
    assert cancelling is not None
    assert await store.is_open(CODE, ORDER_ID)
    (void,) = await asks(store)
    assert (void.step, void.number) == (Step.VOID, 5)
    done = transitions.cancellation_done(cancelling.order, LATER, "simphony")
    assert await store.advance(cancelling, done, void)
    assert not await store.is_open(CODE, ORDER_ID)
    assert sorted(ask.step for ask in await asks(store)) == [Step.RELEASE, Step.TELL_CANCELLED]


async def test_at_rest_it_may_go_on_to_rest(store: OrderStore) -> None:
    stored = await confirmed(store)
    stages: tuple[FulfilmentStatus, ...] = ("preparing", "completed")
    for status in stages:
        advance = wishes.fulfil(stored.order, status, "ann", LATER)
        assert advance is not None
        moved = await store.advance(stored, advance)
        assert moved is not None
        assert not await store.is_open(CODE, ORDER_ID)
        stored = moved
    assert await get(store) == stored
    assert stored.order.status is Status.COMPLETED


async def test_what_ends_unanswered_goes_with_the_step(store: OrderStore) -> None:
    stored, post = await reserve(store)
    assert await cancel(store, stored) is not None
    assert sorted(ask.step for ask in await asks(store)) == [Step.RELEASE, Step.TELL_CANCELLED]
    assert await store.find_work(post.ask) is None


async def test_what_was_answered_meanwhile_does_not_end(store: OrderStore) -> None:
    stored, post = await reserve(store)
    await store.finish([post.ask])
    assert await cancel(store, stored) is None
    assert (await get(store), await asks(store)) == (stored, [])


async def test_a_cancel_and_a_claim_at_once_are_one_of_them(store: OrderStore) -> None:
    stored, post = await reserve(store)
    posting = transitions.posting_begun(stored.order, NOON)
    calling = replace(post, first_sent_at=NOON, last_deadline=LATER, claimed_until=LATER)
    cancelled, claimed = await asyncio.gather(
        cancel(store, stored), store.claim_call(stored, posting, calling)
    )
    assert (cancelled is None) != (claimed is None)
    status = (await get(store)).order.status
    assert status is (Status.POSTING if cancelled is None else Status.CANCELLED)


async def test_steps_of_rounds_are_steps_of_their_own(store: OrderStore) -> None:
    work = await accept(store)
    stored = await get(store)
    rounds = ["", *(str(new_uuid7(NOON)) for _ in range(2))]
    releases = tuple(stored.order.owes(Step.RELEASE, NOON, round_id=each) for each in rounds)
    assert await store.advance(stored, Advance(stored.order, releases), work.ask)
    assert set(await asks(store)) == {release.ask for release in releases}
    assert [ask.round for ask in await asks(store)] == sorted(rounds)
    first, second, third = releases
    assert replace(await get_work(store, second.ask), etag="") == second
    await store.finish([second.ask])
    assert set(await asks(store)) == {first.ask, third.ask}


async def test_a_step_keeps_when_it_expires(store: OrderStore) -> None:
    order = plain_order().model_copy(update={"expires_at": to_rfc3339(LATER)})
    await store.accept(order, CLAIM, model.reserve_stock(order, "{}", NOON))
    (ask,) = await asks(store)
    work = await get_work(store, ask)
    assert work.expires_at == LATER
    (moved,) = await store.move([model.postponed(work, LATER)])
    assert await store.write_work(replace(moved, claimed_until=LATER))
    assert (await get_work(store, ask)).expires_at == LATER


async def test_what_an_older_version_wrote_is_read(store: OrderStore, table: Table) -> None:
    """Then an order said neither what it waits for nor when it expires, and a step had no hour to end."""
    await reserve(store)
    key = f"order|{newest_first(ORDER_ID)}"
    row = await get_row(table, CODE, key)
    body = json.loads(zlib.decompress(row.binary("Body0")))
    for name in ("asked", "expires_at"):
        del body[name]
    older = {**row.values, "Body0": zlib.compress(json.dumps(body).encode())}
    await table.transact(Transaction(CODE).replace(key, older, etag=row.etag))
    stored = await get(store)
    assert stored.order.awaited == tuple(await asks(store)) == (Ask(CODE, ORDER_ID, 2, Step.POST),)
    assert await cancel(store, stored) is not None


async def test_one_claims_a_posting(store: OrderStore) -> None:
    stored, post = await reserve(store)
    posting = transitions.posting_begun(stored.order, LATER)
    calling = replace(
        post, first_sent_at=NOON, last_deadline=LATER, claimed_until=LATER, due_at=LATER, attempts=3
    )
    claims = await asyncio.gather(*(store.claim_call(stored, posting, calling) for _ in range(8)))
    ((ours, claimed),) = [each for each in claims if each is not None]
    assert await get(store) == ours == StoredOrder(posting, CLAIM, ours.etag)
    assert await get_work(store, post.ask) == claimed
    assert replace(claimed, etag="") == replace(calling, etag="")
    assert await store.advance(ours, transitions.check_opened(posting, CHECK, NOON), post.ask)


async def test_a_posting_whose_work_moved_or_went_is_not_claimed(store: OrderStore) -> None:
    stored, post = await reserve(store)
    posting = transitions.posting_begun(stored.order, NOON)
    (moved,) = await store.move([model.postponed(post, LATER)])
    assert await store.claim_call(stored, posting, post) is None
    await store.finish([post.ask])
    assert await store.claim_call(stored, posting, moved) is None
    assert (await get(store)).order.status is Status.RESERVED


async def test_what_is_done_is_removed_and_may_be_gone_already(store: OrderStore) -> None:
    works = [await accept(store, new_uuid7(NOON)) for _ in range(3)]
    gone = works[1].ask
    await store.finish([gone])
    await store.finish([gone])
    assert len(await asks(store)) == 2
    await store.finish([work.ask for work in works])
    assert await asks(store) == []


async def test_only_what_is_ours_moves(store: OrderStore) -> None:
    ours, theirs, answered = [await accept(store, new_uuid7(NOON)) for _ in range(3)]
    (taken,) = await store.move([model.postponed(theirs, LATER + timedelta(hours=1))])
    await store.finish([answered.ask])
    (moved,) = await store.move([model.postponed(work, LATER) for work in (ours, theirs, answered)])
    assert (moved.ask, moved.due_at, moved.attempts) == (ours.ask, LATER, 1)
    assert await get_work(store, ours.ask) == moved
    assert await get_work(store, theirs.ask) == taken
    assert len(await store.move([model.postponed(moved, NOON)])) == 1


async def test_sweepers_at_once_move_each_row_once(store: OrderStore) -> None:
    works = [await accept(store, new_uuid7(NOON)) for _ in range(20)]
    moved = [model.postponed(work, LATER) for work in works]
    shares = await asyncio.gather(*(store.move(moved) for _ in range(4)))
    assert sorted(str(work.ask) for share in shares for work in share) == sorted(
        str(work.ask) for work in works
    )


async def test_work_is_written_from_the_version_that_was_read(store: OrderStore) -> None:
    work = await accept(store)
    doubtful = replace(work, first_sent_at=NOON, last_deadline=LATER)
    assert await store.write_work(doubtful)
    assert not await store.write_work(replace(work, attempts=9))
    stored = await get_work(store, work.ask)
    assert replace(stored, etag="") == replace(doubtful, etag="")
    assert await store.write_work(replace(stored, first_sent_at=None, last_deadline=None))
    assert replace(await get_work(store, work.ask), etag="") == replace(work, etag="")
    await store.finish([work.ask])
    assert not await store.write_work(stored)


async def test_the_largest_order_fits(store: OrderStore) -> None:
    def note() -> str:
        return secrets.token_urlsafe(150)

    condiments = tuple(
        PricedCondiment(
            condiment_id=52_000 + number,
            definition_sequence=1,
            quantity=999,
            name=secrets.token_hex(10),
            unit_price="12345.00",
        )
        for number in range(30)
    )
    priced = tuple(
        PricedLine(
            menu_item_id=11_000 + number,
            definition_sequence=1,
            price_sequence=1,
            quantity=999,
            name=secrets.token_hex(20),
            unit_price="12345.00",
            condiments=condiments,
            total="999999999.00",
            note=note(),
        )
        for number in range(100)
    )
    sent: tuple[dict[str, object], ...] = tuple(
        {"menu_item_id": number, "note": note(), "unknown": secrets.token_hex(900)} for number in range(100)
    )
    order = plain_order(lines=sent, priced_lines=priced)
    payload = json.dumps({"lines": [{"sku": secrets.token_hex(32), "quantity": "1.000001"}] * 98})
    work = model.reserve_stock(order, payload, NOON)
    await store.accept(order, CLAIM, work)
    stored = await get(store)
    assert stored.order == order
    assert (await get_work(store, work.ask)).payload == payload
    rejected = transitions.stock_rejected(order, ["sku" * 20] * 98, NOON)
    assert await store.advance(stored, rejected, work.ask)
    assert (await get(store)).order == rejected.order


async def test_an_order_may_shrink_to_fewer_chunks(store: OrderStore) -> None:
    large = plain_order(lines=tuple({"noise": secrets.token_hex(1000)} for _ in range(100)))
    work = model.reserve_stock(large, "{}", NOON)
    await store.accept(large, CLAIM, work)
    small = large.model_copy(update={"lines": (), "sequence": 2})
    assert await store.advance(await get(store), Advance(small), work.ask)
    assert (await get(store)).order == small


async def test_every_work_is_found_however_many(store: OrderStore) -> None:
    stored, _ = await reserve(store)
    reserved = stored.order
    expected = set(await asks(store))
    numbers = range(100, 1150)
    post = Ask(CODE, ORDER_ID, 2, Step.POST)
    for some in batched(numbers, 90, strict=False):
        works = [
            replace(reserved.owes(Step.CONSUME, NOON), ask=Ask(CODE, ORDER_ID, number, Step.CONSUME))
            for number in some
        ]
        stored = await get(store)
        again = reserved.owes(Step.POST, NOON)
        next_post = replace(again, ask=replace(post, number=post.number + 1))
        assert await store.advance(stored, Advance(reserved, (*works, next_post)), post)
        post = next_post.ask
        expected |= {work.ask for work in works}
    expected = {ask for ask in expected if ask.step is not Step.POST} | {post}
    found = await asks(store)
    assert len(found) == 1051
    assert set(found) == expected
