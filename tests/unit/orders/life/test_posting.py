"""Simphony holds each confirmed order once, whatever becomes of a call."""

import asyncio
import logging
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from tests.ordering import DEADLINE, OrderingRegion
from tests.point_of_sale import Mood
from tests.polling import until
from tests.restaurant import CODE

from muneris.cloud.events import Event
from muneris.orders.life.calls import CALL_WITHIN, CALLS_AT_ONCE, MARGIN
from muneris.orders.life.posted import CLOCK_SKEW, new_check, reference_of
from muneris.orders.model import Status, Step, Work
from muneris.simphony.errors import TokenRejectedError
from muneris.simphony.model import Check, NewCheck

CLAIM = CALL_WITHIN + DEADLINE
"""How long a claim keeps others from calling."""
ABSENT_AFTER = CLAIM + MARGIN
"""After a call: when a look that finds nothing is believed."""


async def status_of(region: OrderingRegion, order_id: UUID) -> Status:
    return (await region.order(order_id)).status


async def owed_post(region: OrderingRegion) -> Work:
    (work,) = [work for work in await region.works() if work.ask.step is Step.POST]
    return work


async def post_after(region: OrderingRegion, event: Event, pause: timedelta) -> None:
    """Deliver an ask once time has passed, and nothing else."""
    region.clock.moment += pause
    await region.posting.post(event)
    await region.scheduler.quiet()


async def test_the_check_holds_what_was_ordered(region: OrderingRegion) -> None:
    order_id, event = await region.reserved()
    await region.posting.post(event)
    order = await region.order(order_id)
    (call,) = region.pos.calls
    assert call == new_check(order)
    assert call.order_id == str(order_id)
    assert call.reference == reference_of(order)
    assert len(call.reference) == 20
    assert call.order_type == "pickup"
    (line,) = call.lines
    assert (line.menu_item_id, line.quantity, line.condiments[0].quantity) == (11001, 2, 1)
    assert call.tender is None
    assert order.check is not None
    assert (order.check.check_ref, order.check.check_number) == ("ref-1", 1)


async def test_orders_have_ids_of_their_own(region: OrderingRegion) -> None:
    await region.accepted()
    await region.accepted()
    await region.pump()
    first, second = region.pos.calls
    assert first.idempotency_id != second.idempotency_id
    assert first.reference != second.reference


async def test_a_second_delivery_calls_nobody(region: OrderingRegion) -> None:
    order_id, event = await region.reserved()
    await region.posting.post(event)
    before = await region.order(order_id)
    await region.posting.post(event)
    assert await region.order(order_id) == before
    assert len(region.pos.calls) == 1


async def test_two_deliveries_at_once_make_one_call(region: OrderingRegion) -> None:
    _, event = await region.reserved()
    await asyncio.gather(*(region.posting.post(event) for _ in range(8)))
    assert len(region.pos.calls) == 1


async def test_an_unknown_order_is_not_posted(region: OrderingRegion) -> None:
    _, event = await region.reserved()
    strange = {**event.data, "order_id": "01bb56c7-1600-7000-8000-00000000ffff"}
    await region.posting.post(Event(event.type, event.subject, event.id, strange))
    assert region.pos.calls == []


async def test_nobody_else_calls_until_the_deadline_of_who_is_calling(region: OrderingRegion) -> None:
    order_id, event = await region.reserved()
    await crash_in_the_call(region, event)
    assert await status_of(region, order_id) is Status.POSTING
    await post_after(region, event, CLAIM - timedelta(seconds=1))
    assert (len(region.pos.calls), region.pos.look_ups) == (1, [])
    await post_after(region, event, timedelta(seconds=1))
    assert (len(region.pos.calls), len(region.pos.look_ups)) == (1, 1)
    assert await status_of(region, order_id) is Status.CONFIRMED


async def test_a_repeat_has_the_same_id(region: OrderingRegion) -> None:
    order_id, event = await region.reserved()
    region.pos.mood = "loses_request"
    await region.posting.post(event)
    region.pos.mood = "takes"
    await post_after(region, event, ABSENT_AFTER)
    first, again = region.pos.calls
    assert again == first
    assert await status_of(region, order_id) is Status.CONFIRMED
    assert len((await region.order(order_id)).history) == 4


@pytest.mark.parametrize("pause", [CLAIM, timedelta(minutes=10)])
async def test_a_check_that_is_found_confirms_without_a_call(
    pause: timedelta, region: OrderingRegion
) -> None:
    order_id, event = await region.reserved()
    await crash_in_the_call(region, event)
    await post_after(region, event, pause)
    assert len(region.pos.calls) == 1
    assert region.pos.look_ups == [(region.pos.calls[0].reference, str(order_id))]
    assert await status_of(region, order_id) is Status.CONFIRMED


async def test_a_check_that_lost_its_name_is_found_by_its_order(region: OrderingRegion) -> None:
    order_id, event = await region.reserved()
    await crash_in_the_call(region, event)
    region.pos.renamed = True
    await post_after(region, event, timedelta(minutes=10))
    assert (len(region.pos.calls), len(region.pos.opened)) == (1, 1)
    assert await status_of(region, order_id) is Status.CONFIRMED


async def test_a_check_is_found_though_the_restaurant_s_clock_is_behind(region: OrderingRegion) -> None:
    order_id, event = await region.reserved()
    await crash_in_the_call(region, event)
    region.pos.behind = CLOCK_SKEW
    await post_after(region, event, timedelta(minutes=10))
    assert (len(region.pos.calls), len(region.pos.opened)) == (1, 1)
    assert await status_of(region, order_id) is Status.CONFIRMED


async def test_who_slept_between_claim_and_call_does_not_call(region: OrderingRegion) -> None:
    order_id, event = await region.reserved()
    claimed, awake = asyncio.Event(), asyncio.Event()
    post_check = region.pos.post_check

    async def asleep(property_code: str, check: NewCheck, deadline: datetime) -> Check:
        claimed.set()
        await awake.wait()
        return await post_check(property_code, check, deadline)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(region.pos, "post_check", asleep)
        sleeper = asyncio.create_task(region.posting.post(event))
        await claimed.wait()
    await post_after(region, event, timedelta(minutes=2))
    assert await status_of(region, order_id) is Status.CONFIRMED
    region.clock.moment += timedelta(minutes=10)
    awake.set()
    await sleeper
    assert (len(region.pos.calls), len(region.pos.opened)) == (1, 1)
    assert await status_of(region, order_id) is Status.CONFIRMED


async def test_once_it_is_absent_its_past_is_forgotten(region: OrderingRegion) -> None:
    order_id, event = await region.reserved()
    region.pos.mood = "loses_request"
    await region.posting.post(event)
    region.pos.mood = "refuses"
    await post_after(region, event, timedelta(minutes=10))
    assert len(region.pos.look_ups) == 1
    assert await status_of(region, order_id) is Status.REJECTED


async def test_absence_is_believed_only_once_the_last_call_can_no_longer_be_executed(
    region: OrderingRegion,
) -> None:
    order_id, event = await region.reserved()
    region.pos.mood = "loses_request"
    for call in (1, 2):
        await post_after(region, event, timedelta(0))
        last_deadline = region.clock.now() + CLAIM
        looked_up = len(region.pos.look_ups)
        await post_after(region, event, CLAIM)
        assert (len(region.pos.calls), len(region.pos.look_ups)) == (call, looked_up + 1)
        assert (await owed_post(region)).due_at == last_deadline + MARGIN
        await post_after(region, event, MARGIN - timedelta(seconds=1))
        assert (len(region.pos.calls), len(region.pos.look_ups)) == (call, looked_up + 2)
        region.clock.advance(seconds=1)
    region.pos.mood = "takes"
    await region.posting.post(event)
    assert len(region.pos.calls) == 3
    assert await status_of(region, order_id) is Status.CONFIRMED


async def test_a_look_up_that_fails_waits_and_never_posts(region: OrderingRegion) -> None:
    order_id, event = await region.reserved()
    await crash_in_the_call(region, event)
    region.pos.look_ups_fail = True
    for _ in range(5):
        await post_after(region, event, timedelta(minutes=10))
        assert (await owed_post(region)).due_at > region.clock.now()
    assert len(region.pos.look_ups) == 5
    assert len(region.pos.calls) == 1
    assert await status_of(region, order_id) is Status.POSTING
    region.pos.look_ups_fail = False
    await post_after(region, event, timedelta(days=3))
    assert len(region.pos.opened) == 1
    assert await status_of(region, order_id) is Status.CONFIRMED


async def test_a_refusal_is_believed_once_nothing_of_an_earlier_call_is_left(region: OrderingRegion) -> None:
    order_id, event = await region.reserved()
    region.pos.mood = "loses_request"
    await region.posting.post(event)
    region.pos.mood = "refuses"
    await post_after(region, event, timedelta(seconds=60))
    assert await status_of(region, order_id) is Status.POSTING
    await post_after(region, event, CLAIM)
    assert await status_of(region, order_id) is Status.REJECTED
    await region.pump()
    assert await region.item("bun") == ("100", "0")


async def test_a_refusal_of_the_first_call_is_final_and_told_once(region: OrderingRegion) -> None:
    order_id, event = await region.reserved()
    region.pos.mood = "refuses"
    await region.posting.post(event)
    assert await status_of(region, order_id) is Status.REJECTED
    assert region.pos.look_ups == []
    await region.scheduler.quiet()
    assert [work.ask.step for work in await region.works()] == [Step.RELEASE]
    assert [event.type for event in region.bus.published].count("muneris.order.rejected") == 1


@pytest.mark.parametrize("mood", ["unreachable", "no_tokens"])
async def test_what_was_not_sent_leaves_no_doubt(mood: Mood, region: OrderingRegion) -> None:
    order_id, event = await region.reserved()
    region.pos.mood = mood
    for _ in range(10):
        await post_after(region, event, timedelta(minutes=10))
        work = await owed_post(region)
        assert (work.first_sent_at, work.last_deadline, work.claimed_until) == (None, None, None)
        assert work.due_at > region.clock.now()
    assert (len(region.pos.calls), region.pos.look_ups) == (10, [])
    region.pos.mood = "refuses"
    await post_after(region, event, timedelta(minutes=10))
    assert await status_of(region, order_id) is Status.REJECTED


async def test_a_doubt_lasts_until_absence_is_believed(region: OrderingRegion) -> None:
    _, event = await region.reserved()
    region.pos.mood = "loses_request"
    await region.posting.post(event)
    doubtful = await owed_post(region)
    region.pos.mood = "unreachable"
    await post_after(region, event, ABSENT_AFTER - timedelta(seconds=1))
    work = await owed_post(region)
    assert work.first_sent_at == doubtful.first_sent_at is not None
    assert work.last_deadline == doubtful.last_deadline is not None
    assert (work.claimed_until, len(region.pos.calls)) == (None, 1)
    await post_after(region, event, timedelta(seconds=1))
    work = await owed_post(region)
    assert (work.first_sent_at, work.last_deadline, work.claimed_until) == (None, None, None)
    assert len(region.pos.calls) == 2


async def test_a_token_that_is_refused_is_an_error_of_its_property(
    region: OrderingRegion, caplog: pytest.LogCaptureFixture
) -> None:
    order_id, event = await region.reserved()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(region.pos, "post_check", _unauthorized)
        await region.posting.post(event)
    errors = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert errors == [f"token_rejected: property {CODE}: Unauthorized"]
    assert await status_of(region, order_id) is Status.POSTING
    assert (await owed_post(region)).first_sent_at is None


async def _unauthorized(*_: object) -> Check:
    raise TokenRejectedError("Unauthorized")


async def test_who_sleeps_through_a_claim_does_not_call(region: OrderingRegion) -> None:
    order_id, event = await region.reserved()
    claiming = region.store.claim_call

    async def slow(*claim: object) -> object:
        claimed = await claiming(*claim)  # type: ignore[arg-type] # passed on as it came
        region.clock.moment += CALL_WITHIN + timedelta(milliseconds=1)
        return claimed

    region.store.claim_call = slow  # type: ignore[assignment, method-assign] # the same call, but slow
    await region.posting.post(event)
    assert region.pos.calls == []
    assert await status_of(region, order_id) is Status.POSTING
    region.store.claim_call = claiming  # type: ignore[method-assign] # as it was
    await region.sweep_until_quiet(seconds=30)
    assert await status_of(region, order_id) is Status.CONFIRMED
    assert len(region.pos.calls) == 1


async def test_a_property_gets_so_many_calls_at_once_and_another_its_own(region: OrderingRegion) -> None:
    events = [(await region.reserved())[1] for _ in range(CALLS_AT_ONCE + 3)]
    region.pos.mood = "hangs"
    tasks = [asyncio.create_task(region.posting.post(event)) for event in events]
    await until(lambda: region.pos.hanging == CALLS_AT_ONCE)
    for _ in range(50):
        await asyncio.sleep(0)
    assert region.pos.hanging == CALLS_AT_ONCE
    region.pos.go_on.set()
    await asyncio.gather(*tasks)
    assert len(region.pos.opened) == len(events)


@pytest.mark.parametrize("mood", ["loses_answer", "loses_request", "unreachable", "no_tokens"])
async def test_when_simphony_is_back_everything_is_confirmed_once(mood: Mood, region: OrderingRegion) -> None:
    region.pos.mood = mood
    orders = [await region.accepted() for _ in range(10)]
    await region.pump()
    for _ in range(200):
        await region.sweep(10)
    assert [await status_of(region, order_id) for order_id in orders] == (
        [Status.CONFIRMED if mood == "loses_answer" else Status.POSTING] * 10
    )
    region.pos.mood = "takes"
    await region.sweep_until_quiet(seconds=10)
    assert [len(region.pos.checks_of(str(order_id))) for order_id in orders] == [1] * 10
    assert await region.item("bun") == ("80", "0")


async def crash_in_the_call(region: OrderingRegion, event: Event) -> None:
    """Simphony opens the check, and the process dies before it hears so."""
    region.pos.mood = "hangs"
    call = asyncio.create_task(region.posting.post(event))
    await until(lambda: region.pos.hanging == 1)
    call.cancel()
    await asyncio.wait([call])
    region.restart()
    region.pos.mood = "takes"
