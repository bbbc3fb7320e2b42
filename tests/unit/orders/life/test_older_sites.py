"""Sites that ignore the duplicate header execute repeats: they are sent nothing they would take twice."""

from datetime import timedelta
from uuid import UUID

import pytest
from tests.ordering import DEADLINE, POST, OrderingRegion

from muneris.cloud.events import Event
from muneris.orders.life.calls import CALL_WITHIN, MARGIN
from muneris.orders.model import Status
from muneris.orders.round import Round, RoundStatus

ABSENT_AFTER = CALL_WITHIN + DEADLINE + MARGIN
"""After a call: when a look that finds nothing is believed."""


@pytest.fixture
def older(region: OrderingRegion) -> OrderingRegion:
    """A region whose restaurant's Simphony is old."""
    region.pos.detects_duplicates, region.pos.names_are_unique = False, True
    return region


async def post_after(region: OrderingRegion, event: Event, pause: timedelta) -> None:
    region.clock.moment += pause
    await region.posting.post(event)
    await region.scheduler.quiet()


async def added(region: OrderingRegion) -> tuple[UUID, Event]:
    """A round of a confirmed order, and the ask to post it, not delivered yet."""
    order_id = await region.confirmed()
    await region.submit_round(order_id, region.key())
    await region.reserve_all()
    return order_id, region.take(POST)


async def the_round(region: OrderingRegion, order_id: UUID) -> Round:
    (only,) = (await region.order(order_id)).rounds
    return only


@pytest.mark.parametrize("is_closed", [False, True])
async def test_an_order_whose_answer_was_lost_is_not_sent_again(
    is_closed: bool,  # noqa: FBT001 - a case
    older: OrderingRegion,
) -> None:
    order_id, event = await older.reserved()
    older.pos.mood = "loses_answer"
    await older.posting.post(event)
    older.pos.mood = "takes"
    if is_closed:  # paid at the till, which leaves its name to others
        older.pos.close("ref-1")
    await post_after(older, event, timedelta(seconds=20))
    assert (len(older.pos.calls), len(older.pos.look_ups), len(older.pos.opened)) == (1, 1, 1)
    assert (await older.order(order_id)).status is Status.CONFIRMED


async def test_an_order_that_got_lost_is_sent_again_once_the_first_call_can_no_longer_be_executed(
    older: OrderingRegion,
) -> None:
    order_id, event = await older.reserved()
    older.pos.mood = "loses_request"
    await older.posting.post(event)
    older.pos.mood = "takes"
    await post_after(older, event, ABSENT_AFTER - timedelta(seconds=1))
    assert (len(older.pos.calls), len(older.pos.look_ups)) == (1, 1)
    assert (await older.order(order_id)).status is Status.POSTING
    await post_after(older, event, timedelta(seconds=1))
    assert (len(older.pos.calls), len(older.pos.look_ups), len(older.pos.opened)) == (2, 2, 1)
    assert (await older.order(order_id)).status is Status.CONFIRMED


async def test_a_round_whose_answer_was_lost_is_not_sent_again(older: OrderingRegion) -> None:
    order_id, event = await added(older)
    older.pos.round_mood = "loses_answer"
    await older.posting.post(event)
    older.pos.round_mood = "takes"
    await post_after(older, event, timedelta(seconds=20))
    assert (len(older.pos.round_calls), len(older.pos.look_ups)) == (1, 1)
    assert (await the_round(older, order_id)).status is RoundStatus.CONFIRMED
    assert len(older.pos.opened[0].rounds) == 1


async def test_a_round_that_got_lost_is_sent_again_once_the_first_call_can_no_longer_be_executed(
    older: OrderingRegion,
) -> None:
    order_id, event = await added(older)
    older.pos.round_mood = "loses_request"
    await older.posting.post(event)
    older.pos.round_mood = "takes"
    await post_after(older, event, ABSENT_AFTER - timedelta(seconds=1))
    assert (len(older.pos.round_calls), len(older.pos.look_ups)) == (1, 1)
    assert (await the_round(older, order_id)).status is RoundStatus.POSTING
    await post_after(older, event, timedelta(seconds=1))
    assert (len(older.pos.round_calls), len(older.pos.look_ups)) == (2, 2)
    assert (await the_round(older, order_id)).status is RoundStatus.CONFIRMED
