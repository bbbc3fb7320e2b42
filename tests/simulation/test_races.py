"""Whoever reads and then writes: somebody else writes in between, in another process.

| reads | then writes | meanwhile |
|---|---|---|
| nothing | an order, which claims its key | the same order is accepted |
| a guest's open orders | an order among them | the guest's last order is accepted |
| a slot | an order in it | its last place is taken |
| an order | it, with inventory's answer | it is cancelled; the same answer is applied |
| an order and its ask to post | the claim of the call | it is cancelled; another worker claims it |
| a claimed order, before and after the call | it, with Simphony's answer | it is cancelled |
| an order and its ask to void | the claim of the call | another worker claims it |
| an order | it, cancelled | it is reserved; it is confirmed; it is cancelled |
| an order | it, further in the kitchen | it is cancelled; the same is said |
| an order | it, with a round | another round is added, or the same; it is cancelled; it is completed |
| an order in doubt | it, settled | it is settled otherwise |
| steps that are due | their next due times | they are answered; another sweep moves them |
| steps that are owed | that they are due now, for an operator | they are answered |
| a step that expired | its order, rejected | it is answered; it is claimed |
| an agenda's entry without work | that it is gone | work comes to be under it |
| an order of yesterday | it, cancelled | its property has left the agenda |

Those of inventory are in `test_stock_races`.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from typing import Literal
from uuid import UUID

import pytest
from tests.ordering import OWNER, VOID, OrderingRegion
from tests.point_of_sale import Mood
from tests.restaurant import CODE, PROPERTY
from tests.simulation.interleaving import Act, just_after, just_before
from tests.simulation.processes import beside
from tests.simulation.promises import broken_promises, stored_in

from muneris.config.ordering import Capacity, Ordering
from muneris.core.identity import GUEST, Caller
from muneris.core.problems import ProblemError
from muneris.orders.life.wishes import Resolution
from muneris.orders.model import Order, Status

RESERVE, RESERVED = "muneris.stock.reserve", "muneris.stock.reserved"
ANN = Caller("ann", GUEST, CODE)
ONE_AT_ONCE = Ordering(capacity={"pickup": Capacity(in_progress=1)})


@pytest.fixture
async def region() -> AsyncIterator[OrderingRegion]:
    """A process of a region; whatever happens in a race, all is well in the end."""
    region = OrderingRegion(guest_limit=1)
    await region.open()
    yield region
    await region.pump()
    await region.sweep_until_quiet(seconds=30)
    assert await broken_promises(region) == []


@pytest.fixture
def other(region: OrderingRegion) -> OrderingRegion:
    """Another process of it."""
    return beside(region)


async def only_order(region: OrderingRegion) -> Order:
    (stored,) = (await stored_in(region)).orders.values()
    return stored.order


async def settled(region: OrderingRegion, order_id: UUID) -> Order:
    """An order once nothing more happens."""
    await region.pump()
    await region.sweep_until_quiet(seconds=30)
    return await region.order(order_id)


async def ask_reserved(region: OrderingRegion) -> UUID:
    """An order whose stock is held, which it has not heard of."""
    order_id = await region.accepted()
    await region.scheduler.quiet()
    await region.deliver(region.take(RESERVE))
    return order_id


def cancel(region: OrderingRegion, order_id: UUID) -> Act:
    return lambda: region.commands.cancel(OWNER, CODE, str(order_id), None)


def fulfil(region: OrderingRegion, order_id: UUID, status: Literal["ready", "completed"]) -> Act:
    return lambda: region.commands.fulfil(OWNER, CODE, str(order_id), status)


async def test_an_order_that_is_accepted_elsewhere_meanwhile_is_one(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    key = region.key()
    with just_before(region.store, "accept", lambda: other.submit(key)):
        placed = await region.submit(key)
    assert placed.replayed
    await other.scheduler.quiet()
    assert (await settled(region, placed.order_id)).status is Status.CONFIRMED
    assert len((await stored_in(region)).orders) == 1


async def test_a_guests_last_order_is_taken_once(region: OrderingRegion, other: OrderingRegion) -> None:
    earlier, first, second = region.key(), region.key(), region.key()
    await region.submit(earlier, ANN)
    await region.pump()
    with (
        just_before(region.store, "accept", lambda: other.submit(first, ANN)),
        pytest.raises(ProblemError, match="too_many_open_orders"),
    ):
        await region.submit(second, ANN)
    orders = (await stored_in(region)).orders
    assert orders.keys() == {(CODE, UUID(earlier)), (CODE, UUID(first))}


async def test_the_last_place_is_taken_once(region: OrderingRegion, other: OrderingRegion) -> None:
    region.properties.values[CODE] = PROPERTY.model_copy(update={"ordering": ONE_AT_ONCE})
    first, second = region.key(), region.key()
    with (
        just_before(region.store, "accept", lambda: other.submit(first)),
        pytest.raises(ProblemError, match="slot_full"),
    ):
        await region.submit(second)
    assert str((await only_order(region)).order_id) == first


async def test_who_has_the_last_place_already_is_not_refused_for_it(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    region.properties.values[CODE] = PROPERTY.model_copy(update={"ordering": ONE_AT_ONCE})
    key = region.key()
    with just_before(region.store, "accept", lambda: other.submit(key)):
        placed = await region.submit(key)
    assert placed.replayed
    assert str((await only_order(region)).order_id) == key


async def test_an_order_is_cancelled_as_inventory_answers(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    order_id = await ask_reserved(region)
    with just_before(region.store, "advance", cancel(other, order_id)):
        await region.deliver(region.take(RESERVED))
    assert (await settled(region, order_id)).status is Status.CANCELLED
    assert region.pos.calls == []
    assert await region.item("bun") == ("100", "0")


async def test_inventory_answers_as_an_order_is_cancelled(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    order_id = await ask_reserved(region)
    answer = region.take(RESERVED)
    with just_before(region.store, "advance", lambda: other.deliver(answer)):
        await cancel(region, order_id)()
    assert (await settled(region, order_id)).status is Status.CANCELLED
    assert await region.item("bun") == ("100", "0")


async def test_an_answer_that_is_applied_elsewhere_meanwhile_is_dropped(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    order_id = await ask_reserved(region)
    answer = region.take(RESERVED)
    with just_before(region.store, "advance", lambda: other.deliver(answer)):
        await region.deliver(answer)
    await other.scheduler.quiet()
    assert (await settled(region, order_id)).status is Status.CONFIRMED
    assert len(region.pos.calls) == 1


async def test_an_order_that_is_cancelled_before_its_call_is_claimed_is_not_called_for(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    order_id, post = await region.reserved()
    with just_before(region.store, "claim_call", cancel(other, order_id)):
        await region.deliver(post)
    assert (await settled(region, order_id)).status is Status.CANCELLED
    assert region.pos.calls == []


async def test_an_order_that_is_cancelled_before_it_is_called_for_again_is_not(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    order_id, post = await region.reserved()
    region.pos.mood = "loses_request"
    await region.deliver(post)
    region.pos.mood = "takes"
    region.clock.advance(seconds=100)
    with just_before(region.store, "claim_call", cancel(other, order_id)):
        await region.deliver(post)
    assert (await settled(region, order_id)).status is Status.CANCELLED
    assert len(region.pos.calls) == 1
    assert await region.item("bun") == ("100", "0")


async def test_a_call_is_claimed_by_one_worker(region: OrderingRegion, other: OrderingRegion) -> None:
    order_id, post = await region.reserved()
    with just_before(region.store, "claim_call", lambda: other.deliver(post)):
        await region.deliver(post)
    await other.scheduler.quiet()
    assert (await settled(region, order_id)).status is Status.CONFIRMED
    assert len(region.pos.calls) == 1


@pytest.mark.parametrize("interleaved", [just_before, just_after])
async def test_an_order_that_is_cancelled_during_its_call_is_voided(
    region: OrderingRegion,
    other: OrderingRegion,
    interleaved: Callable[[object, str, Act], AbstractContextManager[None]],
) -> None:
    order_id, post = await region.reserved()
    with interleaved(region.pos, "post_check", cancel(other, order_id)):
        await region.deliver(post)
    assert (await settled(region, order_id)).status is Status.CANCELLED
    (check,) = region.pos.checks_of(str(order_id))
    assert check.state == "voided"
    assert await region.item("bun") == ("100", "0")


async def test_an_order_that_is_cancelled_as_simphony_refuses_it_is_cancelled(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    region.pos.mood = "refuses"
    order_id, post = await region.reserved()
    with just_before(region.store, "advance", cancel(other, order_id)):
        await region.deliver(post)
    assert (await settled(region, order_id)).status is Status.CANCELLED
    assert await region.item("bun") == ("100", "0")


async def test_a_check_is_voided_by_one_worker(region: OrderingRegion, other: OrderingRegion) -> None:
    order_id = await region.confirmed()
    await cancel(region, order_id)()
    await region.scheduler.quiet()
    void = region.take(VOID)
    with just_before(region.store, "claim_call", lambda: other.deliver(void)):
        await region.deliver(void)
    await other.scheduler.quiet()
    assert (await settled(region, order_id)).status is Status.CANCELLED
    assert len(region.pos.void_calls) == 1


async def test_an_order_that_is_confirmed_as_it_is_cancelled_is_voided(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    order_id, post = await region.reserved()
    with just_before(region.store, "advance", lambda: other.deliver(post)):
        await cancel(region, order_id)()
    await other.scheduler.quiet()
    order = await settled(region, order_id)
    assert [entry.status for entry in order.history][-3:] == ["confirmed", "cancelling", "cancelled"]
    assert await region.item("bun") == ("100", "0")


async def test_an_order_that_is_cancelled_twice_at_once_gives_back_once(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    order_id = await region.confirmed()
    with just_before(region.store, "advance", cancel(other, order_id)):
        await cancel(region, order_id)()
    await other.scheduler.quiet()
    order = await settled(region, order_id)
    assert [entry.status for entry in order.history].count(Status.CANCELLED) == 1
    assert len(region.pos.void_calls) == 1
    assert await region.item("bun") == ("100", "0")


async def test_an_order_that_is_cancelled_as_it_is_completed_is_either(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    order_id = await region.confirmed()
    with (
        just_before(region.store, "advance", cancel(other, order_id)),
        pytest.raises(ProblemError, match="order_not_confirmed"),
    ):
        await fulfil(region, order_id, "completed")()
    await other.scheduler.quiet()
    assert (await settled(region, order_id)).status is Status.CANCELLED


async def test_an_order_that_is_completed_as_it_is_cancelled_stays_so(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    order_id = await region.confirmed()
    with (
        just_before(region.store, "advance", fulfil(other, order_id, "completed")),
        pytest.raises(ProblemError, match="too_late_to_cancel"),
    ):
        await cancel(region, order_id)()
    await other.scheduler.quiet()
    assert (await settled(region, order_id)).status is Status.COMPLETED


async def test_what_is_said_of_the_kitchen_twice_at_once_is_said_once(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    order_id = await region.confirmed()
    history = len((await region.order(order_id)).history)
    with just_before(region.store, "advance", fulfil(other, order_id, "ready")):
        await fulfil(region, order_id, "ready")()
    order = await region.order(order_id)
    assert order.fulfilment.status == "ready"
    assert len(order.history) == history + 1


def add(region: OrderingRegion, order_id: UUID, key: str) -> Act:
    return lambda: region.submit_round(order_id, key)


async def test_two_rounds_at_once_both_land(region: OrderingRegion, other: OrderingRegion) -> None:
    order_id = await region.confirmed()
    with just_before(region.store, "advance", add(other, order_id, region.key())):
        await add(region, order_id, region.key())()
    await other.scheduler.quiet()
    rounds = (await settled(region, order_id)).rounds
    assert [each.status for each in rounds] == ["confirmed", "confirmed"]
    assert await region.item("bun") == ("96", "0")


async def test_a_round_that_is_added_elsewhere_meanwhile_is_one(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    order_id, key = await region.confirmed(), region.key()
    with just_before(region.store, "advance", add(other, order_id, key)):
        assert (await region.submit_round(order_id, key)).replayed
    await other.scheduler.quiet()
    assert len((await settled(region, order_id)).rounds) == 1
    assert await region.item("bun") == ("97", "0")


@pytest.mark.parametrize("meanwhile", ["cancelled", "completed"])
async def test_an_order_that_ends_meanwhile_takes_no_round(
    region: OrderingRegion, other: OrderingRegion, meanwhile: str
) -> None:
    order_id = await region.confirmed()
    end = cancel(other, order_id) if meanwhile == "cancelled" else fulfil(other, order_id, "completed")
    with (
        just_before(region.store, "advance", end),
        pytest.raises(ProblemError, match="check_closed"),
    ):
        await add(region, order_id, region.key())()
    await other.scheduler.quiet()
    order = await settled(region, order_id)
    assert (order.status, order.rounds) == (meanwhile, ())


async def test_an_order_that_is_cancelled_as_a_round_is_added_gives_that_back(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    order_id = await region.confirmed()
    with just_before(region.store, "advance", add(other, order_id, region.key())):
        await cancel(region, order_id)()
    await other.scheduler.quiet()
    assert (await settled(region, order_id)).status is Status.CANCELLED
    assert await region.item("bun") == ("100", "0")


async def test_a_doubt_is_settled_once(region: OrderingRegion, other: OrderingRegion) -> None:
    order_id = await in_doubt(region)
    with (
        just_before(region.store, "advance", lambda: resolve(other, order_id, "rejected")),
        pytest.raises(ProblemError, match="not_in_doubt"),
    ):
        await resolve(region, order_id, "cancelled")
    await other.scheduler.quiet()
    assert (await settled(region, order_id)).status is Status.REJECTED
    assert await region.item("bun") == ("100", "0")


async def in_doubt(region: OrderingRegion) -> UUID:
    """An order of which nobody knows whether Simphony holds it."""
    order_id, post = await region.reserved()
    region.pos.mood, region.pos.look_ups_fail = "loses_request", True
    await region.deliver(post)
    while (await region.order(order_id)).status is not Status.NEEDS_ATTENTION:
        await region.sweep(seconds=300)
    return order_id


async def resolve(region: OrderingRegion, order_id: UUID, kind: str) -> None:
    resolution = Resolution.model_validate({"kind": kind, "note": "looked at the till"})
    await region.commands.resolve(OWNER, CODE, str(order_id), resolution)


async def test_a_step_that_is_answered_as_it_is_swept_is_not_asked_again(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    order_id = await ask_reserved(region)
    answer = region.take(RESERVED)
    region.clock.advance(seconds=11)
    with just_before(region.store, "move", lambda: other.deliver(answer)):
        await region.scheduler.sweep()
    await other.scheduler.quiet()
    assert len(region.bus.said(RESERVE)) == 1
    assert (await settled(region, order_id)).status is Status.CONFIRMED


async def test_a_step_that_two_sweep_is_asked_again_once(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    order_id = await region.accepted()
    await region.scheduler.quiet()
    region.clock.advance(seconds=11)
    with just_before(region.store, "move", other.scheduler.sweep):
        await region.scheduler.sweep()
    assert len(region.bus.said(RESERVE)) == 2
    assert (await settled(region, order_id)).status is Status.CONFIRMED


async def test_a_step_that_is_answered_as_it_is_retried_is_not_asked_again(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    order_id = await ask_reserved(region)
    answer = region.take(RESERVED)
    with just_before(region.store, "move", lambda: other.deliver(answer)):
        assert await region.owed.retry(CODE, order_id) == 0
    await other.scheduler.quiet()
    assert len(region.bus.said(RESERVE)) == 1
    assert (await settled(region, order_id)).status is Status.CONFIRMED


async def expiring(region: OrderingRegion) -> None:
    """Its orders expire after a minute."""
    ordering = Ordering(expire_after_minutes=1)
    region.properties.values[CODE] = PROPERTY.model_copy(update={"ordering": ordering})


async def test_an_order_that_expires_as_inventory_answers_expires_once(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    await expiring(region)
    order_id = await ask_reserved(region)
    answer = region.take(RESERVED)
    region.clock.advance(seconds=61)
    with just_before(region.store, "advance", lambda: other.deliver(answer)):
        await region.scheduler.sweep()
    await other.scheduler.quiet()
    region.bus.waiting.clear()  # what is asked is lost until it is asked again
    order = await settled(region, order_id)
    assert (order.status, order.reason) == (Status.REJECTED, "expired")
    assert region.pos.calls == []
    assert await region.item("bun") == ("100", "0")


@pytest.mark.parametrize("mood", ["takes", "loses_answer"])
@pytest.mark.parametrize("call", ["find", "find_work", "advance"])
async def test_an_order_that_is_posted_as_it_expires_does_not(
    region: OrderingRegion, other: OrderingRegion, call: str, mood: Mood
) -> None:
    await expiring(region)
    order_id, post = await region.reserved()
    region.pos.mood = mood
    region.clock.advance(seconds=61)
    with just_before(region.store, call, lambda: other.deliver(post)):
        await region.scheduler.sweep()
    region.pos.mood = "takes"
    await other.scheduler.quiet()
    assert (await settled(region, order_id)).status is Status.CONFIRMED


async def test_an_order_that_is_cancelled_long_after_is_looked_after(region: OrderingRegion) -> None:
    order_id = await region.confirmed()
    region.clock.advance(days=1)
    await region.scheduler.sweep()
    assert await region.agenda.entries() == []
    region.bus.down()
    await cancel(region, order_id)()
    await region.scheduler.quiet()
    region.bus.up()
    assert (await settled(region, order_id)).status is Status.CANCELLED


async def test_work_that_comes_as_its_property_leaves_the_agenda_is_found(
    region: OrderingRegion, other: OrderingRegion
) -> None:
    await region.confirmed()
    region.clock.advance(seconds=660)
    key = region.key()
    other.bus.down()
    with just_before(region.agenda, "drop_settled", lambda: other.submit(key)):
        await region.scheduler.sweep()
    await other.scheduler.quiet()
    other.bus.up()
    assert (await settled(region, UUID(key))).status is Status.CONFIRMED
