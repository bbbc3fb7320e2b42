"""What a check holds otherwise than it was asked for is kept, told and shown: nothing of it is hidden."""

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.ordering import OWNER, POST, OrderingRegion
from tests.polling import until
from tests.restaurant import CODE, ORDER

from muneris.orders.differences import MOST_KEPT, to_keep
from muneris.orders.life.posted import calculation, new_check, new_round
from muneris.orders.model import Order, Payment, Status
from muneris.orders.round import Round, RoundStatus
from muneris.simphony.model import Difference

TOLD, ROUND_TOLD = "muneris.order.confirmed", "muneris.round.confirmed"
DEAR = Difference(kind="total", wanted="22.00", found="22.50")
NO_TIP = Difference(kind="tip", wanted="3.00", found="0")
TIPPED = {**ORDER, "payment": {"method": "at_counter", "tip": "3.00", "reference": "table 4"}}


def said(*differences: Difference) -> list[dict[str, str]]:
    """As they are shown and told."""
    return [each.model_dump() for each in differences]


async def events_of(region: OrderingRegion, kind: str) -> list[Any]:
    return [event.data.get("differences") for event in region.bus.said(kind)]


async def the_round(region: OrderingRegion, order_id: UUID, number: int = 0) -> Round:
    return (await region.order(order_id)).rounds[number]


async def add_rounds(region: OrderingRegion, order_id: UUID, count: int) -> None:
    """So many rounds, whose asks to be posted wait."""
    for _ in range(count):
        await region.submit_round(order_id, region.key())
    await region.reserve_all()


def paid(order: Order) -> Order:
    payment = Payment(method="online", status="paid", reference="pay_8841")
    return order.model_copy(update={"payment": payment})


async def test_a_check_is_asked_for_with_what_it_is_to_come_to(region: OrderingRegion) -> None:
    order = await region.order(await region.accepted(TIPPED))
    wanted = new_check(order)
    assert (wanted.tender, wanted.tip, wanted.expected_total) == (None, Decimal("3.00"), Decimal("22.00"))


async def test_what_was_paid_before_is_a_tender(region: OrderingRegion) -> None:
    wanted = new_check(paid(await region.order(await region.accepted(TIPPED))))
    assert (wanted.tender, wanted.tender_reference) == ("online", "pay_8841")
    assert (wanted.tip, wanted.expected_total) == (Decimal("3.00"), Decimal("22.00"))


async def test_the_calculator_is_asked_for_the_same_under_another_id(region: OrderingRegion) -> None:
    order = await region.order(await region.accepted())
    posted, calculated = new_check(order), calculation(order)
    assert calculated.idempotency_id != posted.idempotency_id
    assert calculated.model_copy(update={"idempotency_id": posted.idempotency_id}) == posted


async def test_a_check_as_it_was_asked_for_is_nothing_to_tell(region: OrderingRegion) -> None:
    order_id = await region.confirmed()
    order = await region.order(order_id)
    assert order.reason is None
    assert all(each.differences is None for each in order.history)
    assert await events_of(region, TOLD) == [None]
    assert b"differences" not in (await region.get(order_id)).body


async def test_another_total_and_a_tip_that_is_not_there_are_kept_told_and_shown(
    region: OrderingRegion,
) -> None:
    region.pos.surcharge = Decimal("0.50")
    guest = await region.guest("ann")
    placed = await region.place(order=TIPPED, by=guest)
    await region.pump()
    shown = (await region.get(placed.json()["order_id"], by=guest)).json()
    assert (shown["status"], shown["reason"]) == ("confirmed", "check_differs")
    assert shown["history"][-1] | {"at": ""} == {
        "at": "",
        "status": "confirmed",
        "reason": "check_differs",
        "differences": said(NO_TIP, DEAR),
        "by": "simphony",
    }
    assert await events_of(region, TOLD) == [said(NO_TIP, DEAR)]


async def test_a_check_that_is_looked_up_is_compared_too(region: OrderingRegion) -> None:
    region.pos.surcharge, region.pos.mood = Decimal("0.50"), "loses_answer"
    order_id, event = await region.reserved()
    await region.posting.post(event)
    region.clock.advance(seconds=600)
    await region.posting.post(event)
    await region.pump()
    order = await region.order(order_id)
    assert (len(region.pos.calls), order.status, order.reason) == (1, Status.CONFIRMED, "check_differs")
    assert order.history[-1].differences == (DEAR,)
    assert await events_of(region, TOLD) == [said(DEAR)]


async def test_they_are_told_of_an_order_that_is_confirmed_because_its_check_stays(
    region: OrderingRegion,
) -> None:
    region.pos.surcharge, region.pos.mood, region.pos.void_mood = Decimal("0.50"), "hangs", "refuses"
    order_id, event = await region.reserved()
    posting = asyncio.create_task(region.posting.post(event))
    await until(lambda: region.pos.hanging == 1)
    await region.commands.cancel(OWNER, CODE, str(order_id), None)
    region.pos.go_on.set()
    await posting
    await region.sweep_until_quiet()
    order = await region.order(order_id)
    assert (order.status, order.reason) == (Status.CONFIRMED, "cancel_refused")
    (opened,) = [each for each in order.history if each.differences]
    assert (opened.reason, opened.differences) == ("check_opened", (DEAR,))
    assert await events_of(region, TOLD) == [said(DEAR)]


async def test_a_round_has_differences_of_its_own(region: OrderingRegion) -> None:
    order_id = await region.confirmed()
    region.pos.surcharge = Decimal("0.50")
    other = await region.confirmed()
    await region.submit_round(order_id, region.key())
    await region.submit_round(other, region.key())
    await region.pump()
    dear = Difference(kind="total", wanted="32.00", found="32.50")
    same, differs = await the_round(region, order_id), await the_round(region, other)
    assert (same.reason, same.differences) == (None, None)
    assert (differs.status, differs.reason, differs.differences) == (
        RoundStatus.CONFIRMED, "check_differs", (dear,),
    )  # fmt: skip
    assert await events_of(region, ROUND_TOLD) == [None, said(dear)]
    shown = (await region.get(other)).json()["rounds"][0]
    assert (shown["reason"], shown["differences"]) == ("check_differs", said(dear))


async def test_a_round_that_is_looked_up_is_compared_too(region: OrderingRegion) -> None:
    region.pos.surcharge = Decimal("0.50")
    order_id = await region.confirmed()
    region.pos.round_mood = "loses_answer"
    await region.submit_round(order_id, region.key())
    await region.pump()
    region.clock.advance(seconds=600)
    region.pos.round_mood = "unreachable"
    await region.sweep_until_quiet()
    added = await the_round(region, order_id)
    assert (len(region.pos.round_calls), added.status) == (1, RoundStatus.CONFIRMED)
    assert [each.kind for each in added.differences or ()] == ["total"]


async def test_what_a_check_comes_to_is_not_known_while_another_round_is_under_way(
    region: OrderingRegion,
) -> None:
    order_id = await region.confirmed()
    await add_rounds(region, order_id, 2)
    order = await region.order(order_id)
    assert [new_round(order, each.id).expected_total for each in order.rounds] == [None, None]
    await region.pump()
    await region.submit_round(order_id, region.key())
    await region.pump()
    assert [each.differences for each in (await region.order(order_id)).rounds] == [None] * 3
    assert region.pos.round_calls[-1].expected_total == Decimal("52.00")


async def test_a_total_that_a_later_round_may_be_in_is_not_compared(region: OrderingRegion) -> None:
    region.pos.surcharge = Decimal("0.50")
    order_id = await region.confirmed()
    await add_rounds(region, order_id, 1)
    first = region.take(POST)
    region.pos.round_mood = "loses_answer"
    await region.posting.post(first)
    region.pos.round_mood = "takes"
    await add_rounds(region, order_id, 1)
    await region.deliver(region.take(POST))
    region.clock.advance(seconds=600)
    await region.sweep_until_quiet()
    order = await region.order(order_id)
    assert [each.status for each in order.rounds] == [RoundStatus.CONFIRMED] * 2
    assert [each.differences for each in order.rounds] == [None] * 2


def test_only_so_many_are_kept_and_those_of_money_come_first() -> None:
    items = [Difference(kind="item", of=str(number), wanted="1", found="0") for number in range(30)]
    kept = to_keep([*items, NO_TIP, DEAR])
    assert kept == (NO_TIP, DEAR, *items[: MOST_KEPT - 2])
