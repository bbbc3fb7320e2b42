"""Whoever moves a round on reads its order and then writes: somebody else writes in between.

| reads | then writes | meanwhile |
|---|---|---|
| an order | it with a new round | it is cancelled; completed; another round is added; the same one is |
| an order | it with inventory's answer to a round | it is cancelled; another round is added |
| an order and a round's ask to post | the claim of the call | it is cancelled; another worker claims it |
| a claimed round, before and after the call | Simphony's answer | it is cancelled; another round is added |
| an order | it, completed | a round is added |
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from tests.ordering import OWNER, POST, OrderingRegion
from tests.restaurant import CODE
from tests.simulation.interleaving import Act, just_after, just_before
from tests.simulation.processes import beside
from tests.simulation.promises import broken_promises

from muneris.core.problems import ProblemError
from muneris.orders.model import Status
from muneris.orders.round import RoundStatus

RESERVED = "muneris.stock.reserved"


@pytest.fixture
async def region() -> AsyncIterator[OrderingRegion]:
    """A process of a region; whatever happens in a race, all is well in the end."""
    region = OrderingRegion()
    await region.open()
    yield region
    await region.pump()
    await region.sweep_until_quiet(seconds=60)
    assert await broken_promises(region) == []


@pytest.fixture
def other(region: OrderingRegion) -> OrderingRegion:
    """Another process of it."""
    return beside(region)


@pytest.fixture
async def order_id(region: OrderingRegion) -> UUID:
    """A confirmed order, with nothing left to do."""
    return await region.confirmed()


def cancelled(other: OrderingRegion, order_id: UUID) -> Act:
    return lambda: other.commands.cancel(OWNER, CODE, str(order_id), None)


def completed(other: OrderingRegion, order_id: UUID) -> Act:
    return lambda: other.commands.fulfil(OWNER, CODE, str(order_id), "completed")


def added(other: OrderingRegion, order_id: UUID, key: str) -> Act:
    return lambda: other.submit_round(order_id, key)


async def statuses(region: OrderingRegion, order_id: UUID) -> dict[str, RoundStatus]:
    return {each.id: each.status for each in (await region.order(order_id)).rounds}


async def settle(region: OrderingRegion) -> None:
    await region.pump()
    await region.sweep_until_quiet(seconds=60)


@pytest.mark.parametrize("ended", [cancelled, completed])
async def test_an_order_that_ends_meanwhile_takes_no_round(
    ended: Callable[[OrderingRegion, UUID], Act],
    region: OrderingRegion,
    other: OrderingRegion,
    order_id: UUID,
) -> None:
    with (
        just_before(region.store, "advance", ended(other, order_id)),
        pytest.raises(ProblemError, match="check_closed"),
    ):
        await region.submit_round(order_id, region.key())
    await settle(region)
    assert await statuses(region, order_id) == {}
    assert region.pos.round_calls == []


async def test_a_round_that_is_added_meanwhile_is_added_too(
    region: OrderingRegion, other: OrderingRegion, order_id: UUID
) -> None:
    ours, theirs = region.key(), region.key()
    with just_before(region.store, "advance", added(other, order_id, theirs)):
        await region.submit_round(order_id, ours)
    await settle(region)
    assert await statuses(region, order_id) == dict.fromkeys((theirs, ours), RoundStatus.CONFIRMED)


async def test_the_same_round_that_is_added_meanwhile_is_one(
    region: OrderingRegion, other: OrderingRegion, order_id: UUID
) -> None:
    key = region.key()
    with just_before(region.store, "advance", added(other, order_id, key)):
        assert (await region.submit_round(order_id, key)).replayed
    await settle(region)
    assert await statuses(region, order_id) == {key: RoundStatus.CONFIRMED}


async def test_inventory_answers_as_its_order_is_cancelled(
    region: OrderingRegion, other: OrderingRegion, order_id: UUID
) -> None:
    await region.submit_round(order_id, key := region.key())
    await region.scheduler.quiet()
    await region.deliver(region.take("muneris.stock.reserve"))
    with just_before(region.store, "advance", cancelled(other, order_id)):
        await region.deliver(region.take(RESERVED))
    await settle(region)
    assert await statuses(region, order_id) == {key: RoundStatus.REJECTED}
    assert region.pos.round_calls == []
    assert await region.item("bun") == ("100", "0")


async def test_inventory_answers_as_another_round_is_added(
    region: OrderingRegion, other: OrderingRegion, order_id: UUID
) -> None:
    await region.submit_round(order_id, ours := region.key())
    await region.scheduler.quiet()
    await region.deliver(region.take("muneris.stock.reserve"))
    with just_before(region.store, "advance", added(other, order_id, theirs := region.key())):
        await region.deliver(region.take(RESERVED))
    assert await statuses(region, order_id) == {ours: RoundStatus.RESERVED, theirs: RoundStatus.RECEIVED}
    await settle(region)
    assert await statuses(region, order_id) == dict.fromkeys((ours, theirs), RoundStatus.CONFIRMED)


async def test_a_round_that_is_cancelled_before_its_call_is_not_called_for(
    region: OrderingRegion, other: OrderingRegion, order_id: UUID
) -> None:
    await region.submit_round(order_id, key := region.key())
    await region.reserve_all()
    with just_before(region.store, "claim_call", cancelled(other, order_id)):
        await region.deliver(region.take(POST))
    await settle(region)
    assert await statuses(region, order_id) == {key: RoundStatus.REJECTED}
    assert region.pos.round_calls == []


async def test_a_call_that_two_workers_claim_is_made_once(
    region: OrderingRegion, other: OrderingRegion, order_id: UUID
) -> None:
    await region.submit_round(order_id, key := region.key())
    await region.reserve_all()
    post = region.take(POST)
    with just_before(region.store, "claim_call", lambda: other.posting.post(post)):
        await region.deliver(post)
    await settle(region)
    assert await statuses(region, order_id) == {key: RoundStatus.CONFIRMED}
    assert len(region.pos.round_calls) == 1


@pytest.mark.parametrize("around", [just_before, just_after])
async def test_a_round_whose_order_is_cancelled_during_its_call_is_voided_with_it(
    around: Callable[[object, str, Act], AbstractContextManager[None]],
    region: OrderingRegion,
    other: OrderingRegion,
    order_id: UUID,
) -> None:
    await region.submit_round(order_id, key := region.key())
    await region.reserve_all()
    with around(region.pos, "post_round", cancelled(other, order_id)):
        await region.deliver(region.take(POST))
    assert region.pos.void_calls == []
    await settle(region)
    assert await statuses(region, order_id) == {key: RoundStatus.CONFIRMED}
    assert (await region.order(order_id)).status is Status.CANCELLED
    assert region.pos.void_calls == ["ref-1"]
    assert await region.item("bun") == ("100", "0")


async def test_simphony_answers_as_another_round_is_added(
    region: OrderingRegion, other: OrderingRegion, order_id: UUID
) -> None:
    await region.submit_round(order_id, ours := region.key())
    await region.reserve_all()
    with just_after(region.pos, "post_round", added(other, order_id, theirs := region.key())):
        await region.deliver(region.take(POST))
    await settle(region)
    assert await statuses(region, order_id) == dict.fromkeys((ours, theirs), RoundStatus.CONFIRMED)
    assert (await region.order(order_id)).totals.total == "42.00"
    assert len(region.pos.round_calls) == 2


async def test_an_order_is_not_completed_as_a_round_is_added(
    region: OrderingRegion, other: OrderingRegion, order_id: UUID
) -> None:
    key = region.key()
    with (
        just_before(region.store, "advance", added(other, order_id, key)),
        pytest.raises(ProblemError, match="rounds_under_way"),
    ):
        await region.commands.fulfil(OWNER, CODE, str(order_id), "completed")
    await settle(region)
    assert await statuses(region, order_id) == {key: RoundStatus.CONFIRMED}
