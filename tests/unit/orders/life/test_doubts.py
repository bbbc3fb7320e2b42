"""What cannot be settled from here is left to a person, with its evidence, and settled by one."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import pytest
from tests.ordering import OWNER, OrderingRegion
from tests.point_of_sale import WRITES_TAKE
from tests.polling import until
from tests.restaurant import CODE, ORDER, property_with

from muneris.cloud.events import Event
from muneris.core.clock import from_rfc3339
from muneris.core.problems import ProblemError
from muneris.orders.life.posted import new_check
from muneris.orders.life.transitions import ATTENTION_AFTER
from muneris.orders.life.wishes import Resolution
from muneris.orders.model import CheckReference, Order, Status, Step
from muneris.simphony.model import Check

NOTE = "asked the restaurant"
TOLD = "muneris.order.needs_attention"


async def ambiguous_post(region: OrderingRegion) -> tuple[UUID, Event]:
    """An order that may be in Simphony, which cannot be asked, and its ask to post."""
    order_id, post = await region.reserved()
    region.pos.mood, region.pos.look_ups_fail = "loses_answer", True
    await region.deliver(post)
    return order_id, post


async def ambiguous_void(region: OrderingRegion) -> UUID:
    """A confirmed order whose check may be void, and Simphony cannot be asked."""
    order_id = await region.accepted()
    await region.pump()
    region.pos.void_mood, region.pos.look_ups_fail = "loses_answer", True
    await region.commands.cancel(OWNER, CODE, str(order_id), None)
    await region.pump()
    return order_id


async def wait_for_attention(region: OrderingRegion) -> None:
    for _ in range(30):
        await region.sweep(ATTENTION_AFTER.total_seconds() / 20)


async def doubtful_post(region: OrderingRegion) -> UUID:
    order_id, _ = await ambiguous_post(region)
    await wait_for_attention(region)
    assert (await region.order(order_id)).status is Status.NEEDS_ATTENTION
    return order_id


async def doubtful_void(region: OrderingRegion) -> UUID:
    order_id = await ambiguous_void(region)
    await wait_for_attention(region)
    assert (await region.order(order_id)).status is Status.NEEDS_ATTENTION
    return order_id


async def resolve(region: OrderingRegion, order_id: UUID, resolution: Resolution) -> Order:
    return (await region.commands.resolve(OWNER, CODE, str(order_id), resolution)).order


async def settled(region: OrderingRegion, order_id: UUID) -> Order:
    """The order once it owes nothing."""
    await region.sweep_until_quiet(seconds=20)
    assert await region.open_orders() == []
    return await region.order(order_id)


async def test_a_post_whose_outcome_stays_unknown_is_left_to_a_person(region: OrderingRegion) -> None:
    order_id, post = await ambiguous_post(region)
    sent_at = region.clock.now()
    region.clock.moment = sent_at + ATTENTION_AFTER - timedelta(seconds=1)
    await region.deliver(post)
    assert (await region.order(order_id)).status is Status.POSTING
    region.clock.advance(seconds=1)
    await region.deliver(post)
    order = await region.order(order_id)
    last = order.history[-1]
    assert (order.status, last.reason, last.by) == (Status.NEEDS_ATTENTION, "in_doubt", "orders")
    assert last.detail == (
        "post: first sent 2030-05-04T12:00:00.000000Z, last call until 2030-05-04T12:01:10.000000Z,"
        " attempts 1: not now"
    )
    await region.pump()
    assert await region.works() == []
    assert await region.store.is_open(CODE, order_id)
    assert [event.data["number"] for event in region.bus.said(TOLD)] == [order.sequence]
    assert await region.attention.count() == 1
    stored = await region.rows()
    await region.deliver(post)
    assert await region.rows() == stored


async def test_a_void_whose_outcome_stays_unknown_is_left_to_a_person(region: OrderingRegion) -> None:
    order_id = await ambiguous_void(region)
    await wait_for_attention(region)
    order = await region.order(order_id)
    assert order.status is Status.NEEDS_ATTENTION
    assert str(order.history[-1].detail).startswith("void: first sent 2030-05-04T12:00:00.000000Z")
    assert await region.works() == []


async def test_a_void_of_a_check_that_simphony_does_not_know_is_left_to_a_person(
    region: OrderingRegion,
) -> None:
    order_id = await region.accepted()
    await region.pump()
    await region.commands.cancel(OWNER, CODE, str(order_id), None)
    region.pos.opened.clear()
    await wait_for_attention(region)
    order = await region.order(order_id)
    assert order.status is Status.NEEDS_ATTENTION
    assert str(order.history[-1].detail).endswith("Simphony does not know what became of check ref-1")


async def test_a_refused_void_whose_check_cannot_be_looked_up_is_left_to_a_person(
    region: OrderingRegion,
) -> None:
    order_id = await region.accepted()
    await region.pump()
    region.pos.void_mood, region.pos.look_ups_fail = "refuses", True
    await region.commands.cancel(OWNER, CODE, str(order_id), None)
    await region.pump()
    await wait_for_attention(region)
    assert (await region.order(order_id)).status is Status.NEEDS_ATTENTION
    calls = len(region.pos.void_calls)
    await wait_for_attention(region)
    assert len(region.pos.void_calls) == calls
    assert await region.works() == []


async def test_a_cancelled_order_that_may_be_posted_is_left_to_a_person(region: OrderingRegion) -> None:
    order_id, _ = await ambiguous_post(region)
    await region.commands.cancel(OWNER, CODE, str(order_id), None)
    await wait_for_attention(region)
    assert (await region.order(order_id)).status is Status.NEEDS_ATTENTION
    region.pos.look_ups_fail = False
    again = await resolve(region, order_id, Resolution(kind="retry", note=NOTE))
    assert again.status is Status.CANCELLING
    assert (await settled(region, order_id)).status is Status.CANCELLED
    assert (len(region.pos.calls), region.pos.void_calls) == (1, ["ref-1"])
    assert await region.item("bun") == ("100", "0")


async def test_two_checks_for_one_order_are_left_to_a_person_at_once(region: OrderingRegion) -> None:
    order_id, post = await ambiguous_post(region)
    twin = new_check(await region.order(order_id)).model_copy(update={"idempotency_id": "0" * 32})
    region.pos.mood, region.pos.look_ups_fail = "takes", False
    await region.pos.post_check(CODE, twin, region.clock.now() + WRITES_TAKE)
    region.clock.advance(seconds=600)
    await region.deliver(post)
    order = await region.order(order_id)
    assert order.status is Status.NEEDS_ATTENTION
    assert str(order.history[-1].detail).endswith("several checks: ref-1, ref-2")


async def test_a_check_that_was_voided_by_hand_while_its_post_was_unknown_rejects_the_order(
    region: OrderingRegion,
) -> None:
    order_id, post = await ambiguous_post(region)
    region.pos.look_ups_fail = False
    await region.pos.void_check(CODE, "ref-1", region.clock.now() + WRITES_TAKE)
    region.clock.advance(seconds=600)
    await region.deliver(post)
    order = await settled(region, order_id)
    assert (order.status, order.reason) == (Status.REJECTED, "refused_by_simphony")
    assert order.history[-1].detail == "check 1 was voided"
    assert await region.item("bun") == ("100", "0")


async def test_who_looks_up_while_another_calls_leaves_no_doubt(region: OrderingRegion) -> None:
    """Both were asked; the other's look-up succeeded, and it claimed the call meanwhile."""
    order_id, post = await region.reserved()
    region.pos.mood = "loses_request"
    await region.deliver(post)
    region.clock.moment += ATTENTION_AFTER
    find_check = region.pos.find_check
    region.pos.mood = "hangs"
    calls: list[asyncio.Task[None]] = []

    async def slow(*asked: object) -> object:
        region.pos.find_check = find_check  # type: ignore[method-assign] # as it was
        calls.append(asyncio.create_task(region.posting.post(post)))
        await until(lambda: region.pos.hanging == 1)
        region.pos.look_ups_fail = True
        return await find_check(*asked)  # type: ignore[arg-type] # passed on as it came

    region.pos.find_check = slow  # type: ignore[assignment, method-assign] # the same, but slow
    await region.posting.post(post)
    assert (await region.order(order_id)).status is Status.POSTING
    region.pos.go_on.set()
    await asyncio.gather(*calls)
    assert (await region.order(order_id)).status is Status.CONFIRMED


async def test_it_is_settled_as_confirmed(region: OrderingRegion) -> None:
    order_id = await doubtful_post(region)
    named = Resolution(kind="confirmed", check_ref="ref-1", check_number=1, note=NOTE)
    await resolve(region, order_id, named)
    order = await settled(region, order_id)
    assert (order.status, order.check) == (
        Status.CONFIRMED,
        CheckReference(check_ref="ref-1", check_number=1),
    )
    assert await region.item("bun") == ("98", "0")
    assert len(region.bus.said("muneris.order.confirmed")) == 1
    assert await region.attention.count() == 0


@pytest.mark.parametrize("kind", ["rejected", "cancelled"])
@pytest.mark.parametrize("doubt", [doubtful_post, doubtful_void])
async def test_it_is_settled_as_over(
    doubt: Callable[[OrderingRegion], Awaitable[UUID]], kind: str, region: OrderingRegion
) -> None:
    order_id = await doubt(region)
    await resolve(region, order_id, Resolution.model_validate({"kind": kind, "note": NOTE}))
    order = await settled(region, order_id)
    assert (order.status, order.reason, order.payment.status) == (kind, "resolved", "void")
    assert await region.item("bun") == ("100", "0")
    assert len(region.bus.said(f"muneris.order.{kind}")) == 1


async def test_tried_again_a_check_that_is_there_confirms(region: OrderingRegion) -> None:
    order_id = await doubtful_post(region)
    region.pos.mood, region.pos.look_ups_fail = "takes", False
    looked_up = len(region.pos.look_ups)
    await resolve(region, order_id, Resolution(kind="retry", note=NOTE))
    assert (await settled(region, order_id)).status is Status.CONFIRMED
    assert (len(region.pos.calls), len(region.pos.look_ups)) == (1, looked_up + 1)


async def test_tried_again_what_is_not_there_is_posted(region: OrderingRegion) -> None:
    order_id = await doubtful_post(region)
    region.pos.opened.clear()
    region.pos.mood, region.pos.look_ups_fail = "takes", False
    region.clock.advance(seconds=600)
    await resolve(region, order_id, Resolution(kind="retry", note=NOTE))
    assert (await settled(region, order_id)).status is Status.CONFIRMED
    assert (len(region.pos.calls), len(region.pos.opened)) == (2, 1)


async def test_tried_again_it_has_as_long_as_before(region: OrderingRegion) -> None:
    order_id = await doubtful_post(region)
    await resolve(region, order_id, Resolution(kind="retry", note=NOTE))
    await region.pump()
    await region.sweep(ATTENTION_AFTER.total_seconds() / 2)
    assert (await region.order(order_id)).status is Status.POSTING
    await wait_for_attention(region)
    assert (await region.order(order_id)).status is Status.NEEDS_ATTENTION


async def test_tried_again_a_void_is_looked_up_first(region: OrderingRegion) -> None:
    order_id = await doubtful_void(region)
    region.pos.look_ups_fail = False
    await resolve(region, order_id, Resolution(kind="retry", note=NOTE))
    assert (await settled(region, order_id)).status is Status.CANCELLED
    assert region.pos.void_calls == ["ref-1"]


async def test_meanwhile_it_can_neither_be_cancelled_nor_prepared(region: OrderingRegion) -> None:
    order_id = await doubtful_post(region)
    stored = await region.rows()
    with pytest.raises(ProblemError, match="needs_attention"):
        await region.commands.cancel(OWNER, CODE, str(order_id), None)
    with pytest.raises(ProblemError, match="order_not_confirmed"):
        await region.commands.fulfil(OWNER, CODE, str(order_id), "ready")
    assert await region.rows() == stored


async def test_it_is_settled_once(region: OrderingRegion) -> None:
    order_id = await doubtful_post(region)
    await resolve(region, order_id, Resolution(kind="rejected", note=NOTE))
    await region.pump()
    stored = await region.rows()
    with pytest.raises(ProblemError, match="not_in_doubt"):
        await resolve(region, order_id, Resolution(kind="cancelled", note=NOTE))
    assert await region.rows() == stored


async def test_an_outage_of_which_nothing_is_doubtful_needs_nobody(region: OrderingRegion) -> None:
    region.pos.mood = "unreachable"
    order_id = await region.accepted()
    await region.pump()
    await wait_for_attention(region)
    assert (await region.order(order_id)).status is Status.POSTING
    assert [work.ask.step for work in await region.works()] == [Step.POST]


@pytest.mark.parametrize("kind", ["rejected", "cancelled", "retry"])
async def test_settled_again_in_the_same_way_it_stays_as_it_is(
    kind: Literal["rejected", "cancelled", "retry"], region: OrderingRegion
) -> None:
    order_id = await doubtful_post(region)
    await region.commands.resolve(OWNER, CODE, str(order_id), Resolution(kind=kind, note=NOTE))
    settled = await region.order(order_id)
    again = await region.commands.resolve(OWNER, CODE, str(order_id), Resolution(kind=kind, note=NOTE))
    assert again.order == settled == await region.order(order_id)
    with pytest.raises(ProblemError, match="nothing to settle"):
        await region.commands.resolve(OWNER, CODE, str(order_id), Resolution(kind=kind, note="otherwise"))
    assert await region.order(order_id) == settled


async def test_tried_again_a_cancel_keeps_its_reason(region: OrderingRegion) -> None:
    order_id = await ambiguous_void(region)
    await wait_for_attention(region)
    region.pos.void_mood, region.pos.look_ups_fail = "takes", False
    await region.commands.resolve(OWNER, CODE, str(order_id), Resolution(kind="retry", note=NOTE))
    await region.sweep_until_quiet(seconds=60)
    order = await region.order(order_id)
    assert (order.status, order.reason) == (Status.CANCELLED, None)


async def test_an_order_for_later_is_looked_for_from_its_first_call_on(region: OrderingRegion) -> None:
    region.properties.values[CODE] = property_with(lead_minutes=0)
    later = {**ORDER, "fulfilment": {"type": "pickup", "requested_at": "2030-05-05T12:00:00Z"}}
    order_id = await region.accepted(later)
    region.pos.mood = "loses_answer"
    await region.sweep(24 * 3600)
    region.pos.mood = "takes"
    asked: list[datetime] = []
    find = region.pos.find_check

    async def noting(property_code: str, references: Collection[str], since: datetime) -> Check | None:
        asked.append(since)
        return await find(property_code, references, since)

    region.pos.find_check = noting  # type: ignore[method-assign] # only to see what is asked
    await region.sweep(400)
    await region.sweep_until_quiet(seconds=60)
    assert (await region.order(order_id)).status is Status.CONFIRMED
    assert asked
    assert min(asked) >= from_rfc3339("2030-05-05T11:45:00Z")
