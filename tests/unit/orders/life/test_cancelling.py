"""Orders are cancelled at every stage: nothing stays in Simphony, and stock comes back once."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest
from tests.ordering import OWNER, VOID, OrderingRegion
from tests.polling import until
from tests.restaurant import CODE

from muneris.cloud.events import Event
from muneris.core.attempts import MOST_ATTEMPTS
from muneris.core.identity import GUEST, Caller
from muneris.core.operational import OperationalError
from muneris.core.problems import ProblemError
from muneris.orders.life.calls import MARGIN
from muneris.orders.life.wishes import MOST_HISTORY, Resolution
from muneris.orders.model import Advance, CheckReference, Order, Status, Step
from muneris.orders.stored import StoredOrder

RESERVE, RESERVED = "muneris.stock.reserve", "muneris.stock.reserved"
TOLD = "muneris.order.cancelled"


async def cancel(region: OrderingRegion, order_id: UUID, by: Caller = OWNER) -> Order:
    return (await region.commands.cancel(by, CODE, str(order_id), "too slow")).order


async def confirmed(region: OrderingRegion) -> UUID:
    order_id = await region.accepted()
    await region.pump()
    return order_id


async def void_asked(region: OrderingRegion) -> tuple[UUID, Event]:
    """A confirmed order that was cancelled, and the ask to void its check, not delivered yet."""
    order_id = await confirmed(region)
    assert (await cancel(region, order_id)).status is Status.CANCELLING
    await region.scheduler.quiet()
    return order_id, region.take(VOID)


async def statuses(region: OrderingRegion, order_id: UUID) -> list[str]:
    return [entry.status.value for entry in (await region.order(order_id)).history]


async def assert_stock_is_whole(region: OrderingRegion) -> None:
    for sku in ("bun", "beef"):
        assert [Decimal(each) for each in await region.item(sku)] == [100, 0]


async def assert_cancelled(region: OrderingRegion, order_id: UUID, comments: int = 1) -> None:
    """It is over, and leaves nothing behind."""
    await region.sweep_until_quiet(seconds=20)
    order = await region.order(order_id)
    assert (order.status, order.reason, order.payment.status) == (Status.CANCELLED, None, "void")
    assert [entry.comment for entry in order.history if entry.comment] == ["too slow"] * comments
    assert region.pos.standing_checks_of(str(order_id)) == []
    await assert_stock_is_whole(region)
    assert await region.open_orders() == []
    number = order.sequence
    assert {event.id for event in region.bus.said(TOLD)} == {f"{order_id}-{number}-tell-cancelled"}


async def test_before_its_stock_is_held(region: OrderingRegion) -> None:
    order_id = await region.accepted()
    assert (await cancel(region, order_id)).status is Status.CANCELLED
    await region.pump()
    await assert_stock_is_whole(region)
    assert await statuses(region, order_id) == ["received", "cancelled"]
    assert region.pos.calls == []
    assert await region.works() == []


async def test_before_its_stock_is_held_and_the_release_comes_first(region: OrderingRegion) -> None:
    order_id = await region.accepted()
    await region.scheduler.quiet()
    reserve = region.take(RESERVE)
    await cancel(region, order_id)
    await region.pump()
    await region.deliver(reserve)
    await region.pump()
    await assert_stock_is_whole(region)
    assert await statuses(region, order_id) == ["received", "cancelled"]


async def test_before_its_stock_is_held_and_the_answer_comes_later(region: OrderingRegion) -> None:
    order_id = await region.accepted()
    await region.scheduler.quiet()
    await region.deliver(region.take(RESERVE))
    answer = region.take(RESERVED)
    await cancel(region, order_id)
    await region.deliver(answer)
    await region.pump()
    await assert_cancelled(region, order_id)


async def test_before_it_is_posted(region: OrderingRegion) -> None:
    order_id, post = await region.reserved()
    assert (await cancel(region, order_id)).status is Status.CANCELLED
    await region.deliver(post)
    await region.pump()
    await assert_cancelled(region, order_id)
    assert region.pos.calls == []


async def test_before_it_is_posted_again_after_simphony_was_not_reached(region: OrderingRegion) -> None:
    """Surely nothing of it is in Simphony: it need not be back."""
    order_id, post = await region.reserved()
    region.pos.mood = "unreachable"
    await region.deliver(post)
    assert (await cancel(region, order_id)).status is Status.CANCELLED
    await region.deliver(post)
    assert len(region.pos.calls) == 1
    await assert_cancelled(region, order_id)


async def test_while_it_is_being_posted(region: OrderingRegion) -> None:
    order_id, post = await region.reserved()
    region.pos.mood = "hangs"
    call = asyncio.create_task(region.posting.post(post))
    await until(lambda: region.pos.hanging == 1)
    assert (await cancel(region, order_id)).status is Status.CANCELLING
    assert await region.store.is_open(CODE, order_id)
    await region.scheduler.quiet()
    assert len(region.pos.calls) == 1
    region.pos.go_on.set()
    await call
    assert (await region.order(order_id)).check is not None
    await region.pump()
    await assert_cancelled(region, order_id)
    assert await statuses(region, order_id) == [
        "received", "reserved", "posting", "cancelling", "cancelling", "cancelled",
    ]  # fmt: skip


async def test_after_a_post_whose_outcome_is_unknown(region: OrderingRegion) -> None:
    """It is looked up, not repeated: a repeat could open the check that nobody wants."""
    order_id, post = await region.reserved()
    region.pos.mood = "loses_answer"
    await region.deliver(post)
    await cancel(region, order_id)
    await region.pump()
    assert (len(region.pos.calls), len(region.pos.look_ups)) == (1, 1)
    await assert_cancelled(region, order_id)
    assert len(region.pos.void_calls) == 1


async def test_after_a_post_that_never_arrived_once_it_surely_did_not(region: OrderingRegion) -> None:
    order_id, post = await region.reserved()
    region.pos.mood = "loses_request"
    await region.deliver(post)
    (work,) = [work for work in await region.works() if work.ask.step is Step.POST]
    assert work.last_deadline is not None
    await cancel(region, order_id)
    await region.pump()
    assert (await region.order(order_id)).status is Status.CANCELLING
    await region.sweep((work.last_deadline + MARGIN - region.clock.now()).total_seconds() - 1)
    assert (await region.order(order_id)).status is Status.CANCELLING
    await region.sweep(1)
    await assert_cancelled(region, order_id)
    assert (len(region.pos.calls), region.pos.void_calls) == (1, [])


async def test_after_it_was_confirmed_its_check_is_voided_first(region: OrderingRegion) -> None:
    order_id, void = await void_asked(region)
    assert await region.store.is_open(CODE, order_id)
    assert await region.item("bun") == ("98", "0")
    await region.deliver(void)
    await region.pump()
    assert region.pos.void_calls == ["ref-1"]
    await assert_cancelled(region, order_id)


async def test_while_what_it_used_is_not_yet_noted(region: OrderingRegion) -> None:
    """The release comes before the consume."""
    order_id, post = await region.reserved()
    await region.deliver(post)
    await region.scheduler.quiet()
    consume = region.take("muneris.stock.consume")
    await cancel(region, order_id)
    await region.pump()
    await region.deliver(consume)
    await region.pump()
    await assert_cancelled(region, order_id)


async def test_again_it_has_no_effect(region: OrderingRegion) -> None:
    order_id, void = await void_asked(region)
    stored = await region.rows()
    assert (await cancel(region, order_id)).status is Status.CANCELLING
    assert await region.rows() == stored
    await region.deliver(void)
    await region.pump()
    stored = await region.rows()
    assert (await cancel(region, order_id)).status is Status.CANCELLED
    assert await region.rows() == stored


async def test_a_refused_void_confirms_it_again_and_a_new_cancel_asks_again(region: OrderingRegion) -> None:
    region.pos.void_mood = "refuses"
    order_id, void = await void_asked(region)
    await region.deliver(void)
    await region.pump()
    order = await region.order(order_id)
    assert order.status is Status.CONFIRMED
    last = order.history[-1]
    assert (last.reason, last.detail, last.by) == ("cancel_refused", "Item is not sold here", "simphony")
    assert (await region.works(), await region.open_orders()) == ([], [])
    assert await region.item("bun") == ("98", "0")
    region.pos.void_mood = "takes"
    await cancel(region, order_id)
    await region.pump()
    await assert_cancelled(region, order_id, comments=2)


async def kept_by_a_paid_check(region: OrderingRegion, by: Caller) -> UUID:
    """An order that was cancelled in vain, because somebody paid."""
    order_id = (await region.submit(region.key(), by)).order_id
    await region.pump()
    await cancel(region, order_id, by)
    region.pos.close("ref-1")
    await region.pump()
    return order_id


async def test_a_paid_check_stays_and_its_order_is_confirmed(region: OrderingRegion) -> None:
    order = await region.order(await kept_by_a_paid_check(region, OWNER))
    assert (order.status, order.history[-1].detail) == (Status.CONFIRMED, "the check is closed")
    assert order.check == CheckReference(check_ref="ref-1", check_number=1)


async def test_a_check_that_was_paid_is_asked_about_again(region: OrderingRegion) -> None:
    """Somebody may have opened it again at the till."""
    ann = Caller("ann", GUEST, CODE)
    order_id = await kept_by_a_paid_check(region, ann)
    region.pos.reopen("ref-1")
    await cancel(region, order_id, ann)
    await region.pump()
    await assert_cancelled(region, order_id, comments=2)


@pytest.mark.parametrize("by", [OWNER, Caller("ann", GUEST, CODE)])
async def test_what_is_cancelled_in_vain_again_and_again_stays_as_it_is_in_the_end(
    region: OrderingRegion, by: Caller
) -> None:
    region.pos.void_mood = "refuses"
    order_id = (await region.submit(region.key(), by)).order_id
    await region.pump()
    while len((await region.order(order_id)).history) < MOST_HISTORY:
        await cancel(region, order_id, by)
        await region.pump()
    stored, said = await region.rows(), list(region.bus.published)
    with pytest.raises(ProblemError, match="too_many_changes") as refusal:
        await cancel(region, order_id, by)
    assert refusal.value.type.status == 409
    await region.scheduler.quiet()
    assert (await region.rows(), region.bus.published) == (stored, said)
    assert len(region.pos.void_calls) == (MOST_HISTORY - 4) // 2
    await region.commands.fulfil(OWNER, CODE, str(order_id), "completed")


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> Callable[[OrderingRegion, int], None]:
    """An order of a region changes before each of its next so many writes."""

    def lose(region: OrderingRegion, times: int) -> None:
        advance, left = region.store.advance, [None] * times

        async def advance_unless_lost(stored: StoredOrder, step: Advance) -> StoredOrder | None:
            return left.pop() if left else await advance(stored, step)

        monkeypatch.setattr(region.store, "advance", advance_unless_lost)

    return lose


async def test_who_loses_an_order_to_another_change_tries_again_later_and_later(
    lost: Callable[[OrderingRegion, int], None],
) -> None:
    pauses: list[float] = []
    region = await asleep(pauses)
    order_id = await region.accepted()
    lost(region, 3)
    assert (await cancel(region, order_id)).status is Status.CANCELLED
    assert pauses == [0.01, 0.02, 0.04]


async def test_who_loses_an_order_every_time_gives_up_and_changes_nothing(
    lost: Callable[[OrderingRegion, int], None],
) -> None:
    pauses: list[float] = []
    region = await asleep(pauses)
    order_id = await region.accepted()
    await region.scheduler.quiet()
    stored = await region.rows()
    lost(region, MOST_ATTEMPTS)
    with pytest.raises(OperationalError, match=f"others change order {order_id} all the time"):
        await cancel(region, order_id)
    assert await region.rows() == stored
    assert len(pauses) == MOST_ATTEMPTS - 1


async def asleep(pauses: list[float]) -> OrderingRegion:
    """A region whose pauses take no time."""

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    region = OrderingRegion(sleep=sleep)
    await region.open()
    return region


async def test_the_words_of_who_cancels_pass_for_no_code(region: OrderingRegion) -> None:
    order_id = await region.accepted()
    cancelled = (await region.commands.cancel(OWNER, CODE, str(order_id), "resolved")).order
    assert (cancelled.reason, cancelled.history[-1].reason) == (None, None)
    assert cancelled.history[-1].comment == "resolved"
    with pytest.raises(ProblemError, match="not_in_doubt"):
        await region.commands.resolve(OWNER, CODE, str(order_id), Resolution(kind="cancelled", note="no"))
    await region.pump()
    assert "resolved" not in str(region.bus.published)


async def test_cancelled_while_it_is_posted_and_not_voided_it_is_confirmed_as_any_other(
    region: OrderingRegion,
) -> None:
    order_id, post = await region.reserved()
    region.pos.mood, region.pos.void_mood = "loses_answer", "refuses"
    await region.deliver(post)
    await cancel(region, order_id)
    await region.sweep_until_quiet(seconds=20)
    assert (await region.order(order_id)).status is Status.CONFIRMED
    assert await region.item("bun") == ("98", "0")
    assert len(region.bus.said("muneris.order.confirmed")) == 1


async def test_whoever_placed_it_may_cancel_it_and_nobody_else(region: OrderingRegion) -> None:
    ann, bob = Caller("ann", GUEST, CODE), Caller("bob", GUEST, CODE)
    placed = await region.submit(region.key(), ann)
    stored = await region.rows()
    for other in (bob, Caller("ann", GUEST, "NOR-AAR01")):
        with pytest.raises(ProblemError, match="order_not_found"):
            await cancel(region, placed.order_id, other)
    assert await region.rows() == stored
    assert (await cancel(region, placed.order_id, ann)).history[-1].by == "ann"


@pytest.mark.parametrize(
    ("code", "order_id", "problem"),
    [
        (CODE, "01bb56c7-1600-7000-8000-00000000ffff", "order_not_found"),
        (CODE, "no-uuid", "order_not_found"),
        ("NOR-BER01", "01bb56c7-1600-7000-8000-00000000ffff", "property_in_another_region"),
        ("NOR-ZZZ99", "01bb56c7-1600-7000-8000-00000000ffff", "property_not_found"),
    ],
)
async def test_what_is_not_here_is_not_cancelled(
    code: str, order_id: str, problem: str, region: OrderingRegion
) -> None:
    with pytest.raises(ProblemError, match=problem):
        await region.commands.cancel(OWNER, code, order_id, None)


async def test_a_rejected_order_cannot_be_cancelled(region: OrderingRegion) -> None:
    region.pos.mood = "refuses"
    order_id = await confirmed(region)
    stored = await region.rows()
    with pytest.raises(ProblemError, match="too_late_to_cancel"):
        await cancel(region, order_id)
    assert await region.rows() == stored


async def test_the_agenda_names_the_property_before_a_cancel_is_written(region: OrderingRegion) -> None:
    order_id = await confirmed(region)
    region.restart()
    for entry in await region.agenda.entries():
        region.clock.advance(seconds=3600)
        await region.agenda.drop_settled(entry)
    assert await region.agenda.entries() == []
    region.bus.down()
    await cancel(region, order_id)
    assert [entry.key for entry in await region.agenda.entries()] == [CODE]
    region.bus.up()
    await assert_cancelled(region, order_id)


async def test_only_staff_say_how_far_the_kitchen_is(region: OrderingRegion) -> None:
    ann = Caller("ann", GUEST, CODE)
    placed = await region.submit(region.key(), ann)
    await region.pump()
    stored = await region.rows()
    with pytest.raises(ProblemError, match="forbidden"):
        await region.commands.fulfil(ann, CODE, str(placed.order_id), "ready")
    resolution = Resolution(kind="rejected", note="no")
    with pytest.raises(ProblemError, match="forbidden"):
        await region.commands.resolve(ann, CODE, str(placed.order_id), resolution)
    assert await region.rows() == stored


async def test_the_kitchen_completes_an_order(region: OrderingRegion) -> None:
    order_id = await confirmed(region)
    await region.commands.fulfil(OWNER, CODE, str(order_id), "ready")
    stored = await region.rows()
    again = await region.commands.fulfil(OWNER, CODE, str(order_id), "ready")
    assert (again.order.fulfilment.status, await region.rows()) == ("ready", stored)
    done = await region.commands.fulfil(OWNER, CODE, str(order_id), "completed")
    assert (done.order.status, done.order.payment.status) == (Status.COMPLETED, "paid")
    await region.pump()
    assert [event.data["number"] for event in region.bus.said("muneris.order.completed")] == [6]
    assert (await region.works(), await region.open_orders()) == ([], [])
    with pytest.raises(ProblemError, match="too_late_to_cancel"):
        await cancel(region, order_id)
