"""A cancelled order's check is voided once, and only what Simphony says of it counts."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from tests.ordering import DEADLINE, OWNER, VOID, OrderingRegion
from tests.point_of_sale import Mood
from tests.polling import until
from tests.restaurant import CODE

from muneris.cloud.events import Event
from muneris.orders.events import ask_of
from muneris.orders.life.calls import CALL_WITHIN, CALLS_AT_ONCE, MARGIN
from muneris.orders.life.targets import target_of
from muneris.orders.model import Status, Step, Work
from muneris.simphony.errors import CheckRefusedError

CLAIM = CALL_WITHIN + DEADLINE


@pytest.fixture
async def asked(region: OrderingRegion) -> Event:
    """The ask to void the check of the region's one order, not delivered yet."""
    return await ask(region)


async def ask(region: OrderingRegion) -> Event:
    order_id = await region.accepted()
    await region.pump()
    await region.commands.cancel(OWNER, CODE, str(order_id), None)
    await region.scheduler.quiet()
    return region.take(VOID)


async def status(region: OrderingRegion, event: Event) -> Status:
    return (await region.order(UUID(str(event.data["order_id"])))).status


async def owed_void(region: OrderingRegion) -> Work:
    (work,) = [work for work in await region.works() if work.ask.step is Step.VOID]
    return work


async def void_after(region: OrderingRegion, event: Event, pause: timedelta) -> None:
    region.clock.moment += pause
    await region.posting.post(event)
    await region.scheduler.quiet()


async def test_deliveries_at_once_make_one_call(region: OrderingRegion, asked: Event) -> None:
    await asyncio.gather(*(region.posting.post(asked) for _ in range(8)))
    assert region.pos.void_calls == ["ref-1"]
    assert await status(region, asked) is Status.CANCELLED
    await region.posting.post(asked)
    assert region.pos.void_calls == ["ref-1"]


async def test_nobody_else_calls_until_the_deadline_of_who_is_calling(
    region: OrderingRegion, asked: Event
) -> None:
    region.pos.void_mood = "hangs"
    call = asyncio.create_task(region.posting.post(asked))
    await until(lambda: region.pos.hanging == 1)
    call.cancel()
    await asyncio.wait([call])
    region.restart()
    await void_after(region, asked, CLAIM - timedelta(seconds=1))
    assert (region.pos.void_calls, region.pos.look_ups) == (["ref-1"], [])
    await void_after(region, asked, timedelta(seconds=1))
    assert (region.pos.void_calls, region.pos.look_ups) == (["ref-1"], [("ref-1",)])
    assert await status(region, asked) is Status.CANCELLED


@pytest.mark.parametrize(("mood", "calls"), [("loses_answer", 1), ("loses_request", 2)])
async def test_after_an_unknown_outcome_an_open_check_alone_is_voided_again(
    mood: Mood, calls: int, region: OrderingRegion, asked: Event
) -> None:
    region.pos.void_mood = mood
    await region.posting.post(asked)
    assert await status(region, asked) is Status.CANCELLING
    region.pos.void_mood = "takes"
    await void_after(region, asked, timedelta(seconds=10))
    assert (len(region.pos.void_calls), len(region.pos.look_ups)) == (calls, 1)
    assert await status(region, asked) is Status.CANCELLED


async def test_after_an_unknown_outcome_a_check_that_was_paid_meanwhile_stays(
    region: OrderingRegion, asked: Event
) -> None:
    region.pos.void_mood = "loses_request"
    await region.posting.post(asked)
    region.pos.close("ref-1")
    await void_after(region, asked, timedelta(seconds=10))
    assert len(region.pos.void_calls) == 1
    assert await status(region, asked) is Status.CONFIRMED


async def test_a_look_up_that_fails_waits_and_never_voids(region: OrderingRegion, asked: Event) -> None:
    region.pos.void_mood, region.pos.look_ups_fail = "loses_request", True
    await region.posting.post(asked)
    for _ in range(5):
        await void_after(region, asked, timedelta(minutes=10))
        assert (await owed_void(region)).due_at > region.clock.now()
    assert (len(region.pos.void_calls), len(region.pos.look_ups)) == (1, 5)
    region.pos.void_mood, region.pos.look_ups_fail = "takes", False
    await void_after(region, asked, timedelta(minutes=10))
    assert await status(region, asked) is Status.CANCELLED


@pytest.mark.parametrize("mood", ["unreachable", "no_tokens"])
async def test_what_was_not_sent_leaves_no_doubt(mood: Mood, region: OrderingRegion, asked: Event) -> None:
    region.pos.void_mood = mood
    for _ in range(20):
        await void_after(region, asked, timedelta(minutes=10))
        work = await owed_void(region)
        assert (work.first_sent_at, work.last_deadline, work.claimed_until) == (None, None, None)
    assert (len(region.pos.void_calls), region.pos.look_ups) == (20, [])
    region.pos.void_mood = "takes"
    await void_after(region, asked, timedelta(minutes=10))
    assert await status(region, asked) is Status.CANCELLED


async def test_a_refusal_of_a_check_that_was_voided_by_hand_is_none(
    region: OrderingRegion, asked: Event
) -> None:
    await region.pos.void_check(CODE, "ref-1", region.clock.now() + DEADLINE)
    await region.posting.post(asked)
    assert await status(region, asked) is Status.CANCELLED


async def test_a_refusal_waits_until_the_check_can_be_looked_up(region: OrderingRegion, asked: Event) -> None:
    region.pos.void_mood, region.pos.look_ups_fail = "refuses", True
    await region.posting.post(asked)
    assert await status(region, asked) is Status.CANCELLING
    region.pos.look_ups_fail = False
    await void_after(region, asked, timedelta(seconds=10))
    assert await status(region, asked) is Status.CONFIRMED


async def test_a_refusal_is_believed_once_no_earlier_call_can_still_be_carried_out(
    region: OrderingRegion, asked: Event
) -> None:
    region.pos.void_mood = "loses_request"
    await region.posting.post(asked)
    deadline = (await owed_void(region)).last_deadline
    assert deadline is not None
    region.pos.void_mood = "refuses"
    await void_after(region, asked, timedelta(seconds=10))
    assert await status(region, asked) is Status.CANCELLING
    work = await owed_void(region)
    assert (work.due_at, work.claimed_until) == (deadline + MARGIN, None)
    await void_after(region, asked, deadline + MARGIN - region.clock.now())
    assert await status(region, asked) is Status.CONFIRMED


async def test_an_earlier_call_that_is_carried_out_late_counts(
    region: OrderingRegion, asked: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second call is refused because the first is carried out between them, and nobody heard of it."""
    void_check = region.pos.void_check
    region.pos.void_mood = "loses_request"
    await region.posting.post(asked)
    region.pos.void_mood = "takes"

    async def refused(code: str, check_ref: str, deadline: datetime) -> None:
        await void_check(code, check_ref, deadline)
        raise CheckRefusedError("the check is voided")

    monkeypatch.setattr(region.pos, "void_check", refused)
    await void_after(region, asked, timedelta(seconds=10))
    assert await status(region, asked) is Status.CANCELLED


async def test_a_property_gets_so_many_calls_at_once_whatever_they_are_for(region: OrderingRegion) -> None:
    voids = [await ask(region) for _ in range(CALLS_AT_ONCE - 1)]
    posts = [(await region.reserved())[1] for _ in range(4)]
    region.pos.mood = region.pos.void_mood = "hangs"
    tasks = [asyncio.create_task(region.posting.post(event)) for event in (*voids, *posts)]
    await until(lambda: region.pos.hanging == CALLS_AT_ONCE)
    for _ in range(50):
        await asyncio.sleep(0)
    assert region.pos.hanging == CALLS_AT_ONCE
    region.pos.go_on.set()
    await asyncio.gather(*tasks)
    assert len(region.pos.void_calls) == len(voids)


async def test_when_simphony_is_back_every_cancelled_order_is_cancelled(region: OrderingRegion) -> None:
    orders = [await region.accepted() for _ in range(10)]
    await region.pump()
    region.pos.void_mood = "loses_answer"
    region.pos.look_ups_fail = True
    for order_id in orders:
        await region.commands.cancel(OWNER, CODE, str(order_id), None)
    for _ in range(100):
        await region.sweep(10)
    assert [(await region.order(order_id)).status for order_id in orders] == [Status.CANCELLING] * 10
    region.pos.look_ups_fail = False
    await region.sweep_until_quiet(seconds=10)
    assert [(await region.order(order_id)).status for order_id in orders] == [Status.CANCELLED] * 10
    assert await region.item("bun") == ("100", "0")


async def test_an_unknown_order_is_not_voided(region: OrderingRegion, asked: Event) -> None:
    strange = {**asked.data, "order_id": "01bb56c7-1600-7000-8000-00000000ffff"}
    await region.posting.post(Event(asked.type, asked.subject, asked.id, strange))
    assert region.pos.void_calls == []


async def test_it_is_asked_of_the_property_s_simphony_as_a_post_is(asked: Event) -> None:
    void = ask_of(asked)
    assert target_of(void) == f"simphony|{CODE}" == target_of(replace(void, step=Step.POST))
