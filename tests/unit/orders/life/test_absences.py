"""What Simphony surely does not hold is posted again, as long as that is wanted and may come to something."""

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest
from tests.ordering import DEADLINE, OWNER, OrderingRegion
from tests.restaurant import CODE, PROPERTY

from muneris.config.ordering import Ordering
from muneris.orders.life.calls import CALL_WITHIN, MARGIN
from muneris.orders.life.transitions import ATTENTION_AFTER, MOST_CALLS_LOST
from muneris.orders.life.wishes import Resolution
from muneris.orders.model import Status
from muneris.orders.round import RoundStatus
from muneris.simphony.errors import OutcomeUnknownError
from muneris.simphony.model import Check, NewCheck

OVER = CALL_WITHIN + DEADLINE + MARGIN
"""From a call's claim until nothing of it can still happen."""
MINUTE = 60


async def sweep_for(region: OrderingRegion, span: timedelta) -> None:
    for _ in range(span // timedelta(seconds=MINUTE)):
        await region.sweep(MINUTE)


def expiring(region: OrderingRegion, minutes: int) -> None:
    ordering = Ordering(expire_after_minutes=minutes)
    region.properties.values[CODE] = PROPERTY.model_copy(update={"ordering": ordering})


async def test_an_absence_that_was_seen_before_a_call_was_over_is_looked_at_again(
    region: OrderingRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call is executed behind a look that is answered late; the till closes its check at once."""
    region.pos.detects_duplicates, region.pos.names_are_unique = False, True
    order_id, event = await region.reserved()
    post, find = region.pos.post_check, region.pos.find_check
    sent: list[NewCheck] = []

    async def lost(_code: str, check: NewCheck, _deadline: datetime) -> Check:
        sent.append(check)
        raise OutcomeUnknownError("nothing came back")

    async def answered_late(code: str, references: Collection[str], since: datetime) -> Check | None:
        found = await find(code, references, since)
        await post(CODE, sent[0], region.clock.now() + DEADLINE)
        region.pos.close("ref-1")
        region.clock.moment = began + OVER
        return found

    monkeypatch.setattr(region.pos, "post_check", lost)
    began = region.clock.now()
    await region.posting.post(event)
    monkeypatch.setattr(region.pos, "post_check", post)
    monkeypatch.setattr(region.pos, "find_check", answered_late)
    region.clock.moment = began + OVER - timedelta(seconds=1)
    await region.posting.post(event)
    assert [each.check.check_ref for each in region.pos.opened] == ["ref-1"]
    monkeypatch.setattr(region.pos, "find_check", find)
    await region.sweep_until_quiet()
    assert (await region.order(order_id)).status is Status.CONFIRMED
    assert len(region.pos.opened) == 1


async def test_an_order_that_expired_meanwhile_is_given_up_once_it_is_surely_absent(
    region: OrderingRegion,
) -> None:
    expiring(region, minutes=30)
    order_id, event = await region.reserved()
    region.pos.mood, region.pos.look_ups_fail = "loses_request", True
    await region.posting.post(event)
    await sweep_for(region, timedelta(hours=1))
    assert (await region.order(order_id)).status is Status.POSTING
    region.pos.mood, region.pos.look_ups_fail = "takes", False
    await region.sweep_until_quiet()
    order = await region.order(order_id)
    assert (order.status, order.reason) == (Status.REJECTED, "expired")
    assert region.pos.opened == []


async def test_an_order_whose_every_post_is_lost_is_left_to_a_person_after_a_while(
    region: OrderingRegion,
) -> None:
    order_id, event = await region.reserved()
    region.pos.mood = "loses_request"
    await region.posting.post(event)
    await sweep_for(region, timedelta(hours=1))
    assert (await region.order(order_id)).status is Status.POSTING
    await sweep_for(region, timedelta(hours=2))
    order = await region.order(order_id)
    assert order.status is Status.NEEDS_ATTENTION
    assert "20 calls got lost, and Simphony has nothing of it" in str(order.history[-1].detail)
    assert len(region.pos.calls) == MOST_CALLS_LOST
    assert await region.works() == []


async def test_a_person_sees_to_it_once_nothing_is_under_way_any_more(region: OrderingRegion) -> None:
    """So whatever that person says cannot be overtaken by the last call."""
    order_id, event = await region.reserved()
    region.pos.mood = "loses_request"
    await region.posting.post(event)
    while (await region.order(order_id)).status is Status.POSTING:
        [work] = await region.works()
        await region.sweep(MINUTE)
    assert work.last_deadline is not None
    assert region.clock.now() >= work.last_deadline + MARGIN


async def test_an_expired_order_is_posted_if_a_person_wants_it_again(region: OrderingRegion) -> None:
    expiring(region, minutes=30)
    order_id, event = await region.reserved()
    region.pos.mood, region.pos.look_ups_fail = "loses_request", True
    await region.posting.post(event)
    await sweep_for(region, ATTENTION_AFTER + timedelta(minutes=10))
    assert (await region.order(order_id)).status is Status.NEEDS_ATTENTION
    region.pos.mood, region.pos.look_ups_fail = "takes", False
    await region.commands.resolve(OWNER, CODE, str(order_id), Resolution(kind="retry", note="it is back"))
    await region.sweep_until_quiet()
    assert (await region.order(order_id)).status is Status.CONFIRMED
    assert len(region.pos.opened) == 1


async def test_an_outage_is_no_reason_for_that_however_long_it_takes(region: OrderingRegion) -> None:
    order_id, event = await region.reserved()
    region.pos.mood = "loses_request"
    await region.posting.post(event)
    region.pos.mood = "unreachable"
    await sweep_for(region, 2 * ATTENTION_AFTER)
    region.pos.mood = "loses_request"
    await sweep_for(region, timedelta(minutes=30))
    assert (await region.order(order_id)).status is Status.POSTING
    region.pos.mood = "takes"
    await region.sweep_until_quiet()
    assert (await region.order(order_id)).status is Status.CONFIRMED
    assert len(region.pos.opened) == 1


async def test_a_round_for_a_check_that_is_gone_is_left_to_a_person(region: OrderingRegion) -> None:
    order_id = await region.confirmed()
    region.pos.opened.clear()
    await region.submit_round(order_id, region.key())
    await region.reserve_all()
    await sweep_for(region, ATTENTION_AFTER + timedelta(minutes=10))
    (only,) = (await region.order(order_id)).rounds
    assert only.status is RoundStatus.NEEDS_ATTENTION
    assert len(region.pos.round_calls) == 1
