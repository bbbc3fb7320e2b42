"""A round is added once, lands on its order's check, and has stock and refusals of its own."""

import asyncio
import random
from datetime import timedelta
from uuid import UUID

import pytest
from tests.asgi import call
from tests.ordering import OWNER, POST, OrderingRegion
from tests.point_of_sale import Mood
from tests.restaurant import BURGER, CODE, MENU, PLATTER, ROUND, SODA, property_with

from muneris.cloud.tables import Transaction
from muneris.inventory.availability import Availability
from muneris.orders.intake.rounds import MOST_ROUNDS, MOST_UNDER_WAY
from muneris.orders.life.posted import new_round, round_reference_of
from muneris.orders.model import Status, Step
from muneris.orders.round import Round, RoundStatus

SODAS = {"lines": [{"menu_item_id": SODA, "quantity": 2}]}


@pytest.fixture
async def order_id(region: OrderingRegion) -> UUID:
    """A confirmed order, with nothing left to do."""
    return await region.confirmed()


async def rounds_of(region: OrderingRegion, order_id: UUID) -> tuple[Round, ...]:
    return (await region.order(order_id)).rounds


async def the_round(region: OrderingRegion, order_id: UUID) -> Round:
    (only,) = await rounds_of(region, order_id)
    return only


async def ask(region: OrderingRegion, order_id: UUID, command: str, body: object) -> tuple[int, str]:
    """What staff are answered: the status, and the code if it is a refusal."""
    path = f"/v1/orders/{CODE}/{order_id}/{command}"
    answer = await call(region.app, "POST", path, headers=region.staff(), json=body)
    return answer.status, answer.json().get("code", "")


async def posting(region: OrderingRegion, order_id: UUID) -> None:
    """A round of the order whose first call came to nothing that is known."""
    region.pos.round_mood = "loses_request"
    await region.submit_round(order_id, region.key())
    await region.pump()
    region.pos.round_mood = "takes"
    assert (await the_round(region, order_id)).status is RoundStatus.POSTING


async def test_it_is_answered_with_a_receipt_that_never_changes(
    region: OrderingRegion, order_id: UUID
) -> None:
    key = region.key()
    added = await region.add_round(order_id, key)
    assert added.status == 202
    assert added.headers["location"] == f"/v1/orders/{CODE}/{order_id}"
    assert "idempotency-replayed" not in added.headers
    assert added.json() == {
        "round_id": key,
        "order_id": str(order_id),
        "property_code": CODE,
        "status": "received",
        "total": "10.00",
        "currency": "EUR",
        "created_at": "2030-05-04T12:00:00.000000Z",
    }
    await region.pump()
    region.clock.advance(seconds=60)
    again = await region.add_round(order_id, key.upper())
    assert (again.status, again.body) == (202, added.body)
    assert again.headers["idempotency-replayed"] == "true"
    assert len(await rounds_of(region, order_id)) == 1
    assert len(region.pos.round_calls) == 1


async def test_it_lands_on_the_orders_check_and_is_to_be_paid(region: OrderingRegion, order_id: UUID) -> None:
    key = region.key()
    await region.submit_round(order_id, key)
    received = await region.order(order_id)
    assert [each.status for each in received.rounds] == [RoundStatus.RECEIVED]
    assert received.totals.total == "22.00"
    await region.pump()
    order = await region.order(order_id)
    (added,) = order.rounds
    assert (added.id, added.status, added.reason) == (key, RoundStatus.CONFIRMED, None)
    assert added.lines == tuple(ROUND["lines"])
    assert (order.status, order.totals.subtotal, order.totals.total) == (Status.CONFIRMED, "32.00", "32.00")
    assert (order.sequence, len(order.history)) == (8, 4)
    (call,) = region.pos.round_calls
    assert call == new_round(received, key)
    assert (call.reference, len(call.reference)) == (round_reference_of(order, key), 20)
    assert call.idempotency_id != region.pos.calls[0].idempotency_id
    (check,) = region.pos.checks_of(str(order_id))
    assert check.holds_round(call.reference)
    assert await region.item("bun") == ("97", "0")
    assert await region.works() == []
    (told,) = region.bus.said("muneris.round.confirmed")
    assert told.data == {"property_code": CODE, "order_id": str(order_id), "number": 8, "round": key}


async def test_it_costs_five_transactions_and_what_is_told(region: OrderingRegion, order_id: UUID) -> None:
    written: list[int] = []

    def count(transaction: Transaction) -> bool:
        written.append(len(transaction))
        return False

    region.orders.refuses = count
    await region.submit_round(order_id, region.key())
    await region.pump()
    assert written == [4, 4, 3, 5, 1, 1]  # added, reserved, called for, confirmed; told, consumed


async def test_two_devices_at_once_both_land(region: OrderingRegion, order_id: UUID) -> None:
    keys = [region.key() for _ in range(6)]
    added = await asyncio.gather(*(region.submit_round(order_id, key, SODAS) for key in keys))
    assert not any(each.replayed for each in added)
    await region.pump()
    await region.sweep_until_quiet()
    order = await region.order(order_id)
    assert {each.id: each.status for each in order.rounds} == dict.fromkeys(keys, RoundStatus.CONFIRMED)
    assert order.totals.total == "52.00"
    (check,) = region.pos.checks_of(str(order_id))
    assert all(check.holds_round(round_reference_of(order, key)) for key in keys)
    assert len(region.pos.round_calls) == len(keys)


async def test_added_to_an_order_of_yesterday_it_is_looked_after(
    region: OrderingRegion, order_id: UUID
) -> None:
    for _ in range(3):
        await region.sweep(seconds=12 * 3600)
    assert await region.agenda.entries() == []
    region.bus.down()
    await region.submit_round(order_id, region.key())
    await region.scheduler.quiet()
    region.bus.up()
    region.restart()
    await region.sweep_until_quiet()
    assert (await the_round(region, order_id)).status is RoundStatus.CONFIRMED


async def test_the_same_at_once_is_one(region: OrderingRegion, order_id: UUID) -> None:
    key = region.key()
    added = await asyncio.gather(*(region.submit_round(order_id, key) for _ in range(4)))
    assert sorted(each.replayed for each in added) == [False, True, True, True]
    assert len({each.receipt for each in added}) == 1
    await region.pump()
    assert len(await rounds_of(region, order_id)) == 1


async def test_another_body_gets_nothing_of_it(region: OrderingRegion, order_id: UUID) -> None:
    key = region.key()
    await region.add_round(order_id, key)
    before = await region.rows()
    refused = await region.add_round(order_id, key, SODAS)
    assert (refused.status, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert await region.rows() == before


async def test_a_key_is_of_one_order(region: OrderingRegion, order_id: UUID) -> None:
    other, key = await region.confirmed(), region.key()
    assert (await region.add_round(order_id, key)).status == 202
    assert "idempotency-replayed" not in (await region.add_round(other, key, SODAS)).headers
    await region.pump()
    statuses = [(await the_round(region, each)).status for each in (order_id, other)]
    assert statuses == [RoundStatus.CONFIRMED] * 2
    assert len({each.idempotency_id for each in region.pos.round_calls}) == 2


async def test_a_guest_adds_to_its_own_orders_alone(region: OrderingRegion) -> None:
    ann, bob = await region.guest("ann"), await region.guest("bob")
    placed = (await region.place(by=ann)).json()["order_id"]
    await region.pump()
    before = await region.rows()
    foreign = await region.add_round(placed, by=bob)
    assert (foreign.status, foreign.json()["code"]) == (404, "order_not_found")
    assert await region.rows() == before
    key = region.key()
    assert (await region.add_round(placed, key, by=ann)).status == 202
    stolen = await region.add_round(placed, key)
    assert (stolen.status, stolen.json()["code"]) == (422, "idempotency_key_reused")


async def test_only_staff_read_what_others_said_of_it(region: OrderingRegion) -> None:
    ann = await region.guest("ann")
    placed = (await region.place(by=ann)).json()["order_id"]
    await region.pump()
    region.pos.round_mood = "refuses"
    await region.add_round(placed, by=ann)
    await region.pump()
    (to_ann,) = (await region.get(placed, by=ann)).json()["rounds"]
    (to_staff,) = (await region.get(placed)).json()["rounds"]
    assert to_staff == {**to_ann, "detail": "Item is not sold here"}
    assert (to_ann["status"], to_ann["reason"]) == ("rejected", "refused_by_simphony")
    assert {"asked", "expires_at", "detail"}.isdisjoint(to_ann)


@pytest.mark.parametrize(
    ("key", "body", "status", "code"),
    [
        ("", ROUND, 400, "idempotency_key_required"),
        ("01bb56c7-1600-4000-8000-000000000001", ROUND, 400, "idempotency_key_required"),
        ("018bb56c-1600-7000-8000-000000000001", ROUND, 422, "idempotency_key_expired"),
        (None, {}, 422, "invalid_request"),
        (None, {"lines": []}, 422, "invalid_request"),
        (None, {"lines": [{"menu_item_id": BURGER, "quantity": 0}]}, 422, "invalid_request"),
        (None, {"lines": [{"menu_item_id": 1, "quantity": 1}]}, 422, "unknown_item"),
        (
            None,
            {"lines": [{"menu_item_id": BURGER, "quantity": 1, "definition_sequence": 2}]},
            422,
            "condiment_rule",
        ),
        (None, {"lines": [{"menu_item_id": PLATTER, "quantity": 1}]}, 422, "too_many_stock_items"),
    ],
)
async def test_what_is_wrong_with_it_is_refused_as_with_an_order(
    key: str | None, body: object, status: int, code: str, region: OrderingRegion, order_id: UUID
) -> None:
    before = await region.rows()
    refused = await region.add_round(order_id, key, body)
    assert (refused.status, refused.json()["code"]) == (status, code)
    assert await region.rows() == before


async def test_what_cannot_be_had_now_is_refused(region: OrderingRegion, order_id: UUID) -> None:
    region.availability.values[CODE] = Availability.model_validate(
        {"items": {str(BURGER): {"state": "unavailable"}}}
    )
    refused = await region.add_round(order_id)
    assert (refused.status, refused.json()["code"]) == (409, "item_unavailable")
    assert await rounds_of(region, order_id) == ()


async def test_an_order_in_another_currency_takes_none(region: OrderingRegion, order_id: UUID) -> None:
    region.menus.values[CODE] = MENU.model_copy(update={"currency": "DKK"})
    refused = await region.add_round(order_id)
    assert (refused.status, refused.json()["code"]) == (409, "property_not_open")
    assert await rounds_of(region, order_id) == ()


async def test_its_order_must_be_confirmed_first(region: OrderingRegion) -> None:
    waiting = await region.accepted()
    refused = await region.add_round(waiting)
    assert (refused.status, refused.json()["code"]) == (409, "check_not_open")
    assert refused.headers["retry-after"] == "5"
    await region.pump()
    assert (await region.add_round(waiting)).status == 202


@pytest.mark.parametrize("end", ["cancel", "complete", "reject"])
async def test_an_order_that_is_over_takes_none(end: str, region: OrderingRegion) -> None:
    region.pos.mood = "refuses" if end == "reject" else "takes"
    order_id = await region.confirmed()
    if end == "cancel":
        await region.cancel_until_answered(order_id)
    elif end == "complete":
        await region.commands.fulfil(OWNER, CODE, str(order_id), "completed")
    await region.pump()
    refused = await region.add_round(order_id)
    assert (refused.status, refused.json()["code"]) == (409, "check_closed")
    assert await rounds_of(region, order_id) == ()


async def test_a_repeat_is_answered_though_the_order_is_over(region: OrderingRegion, order_id: UUID) -> None:
    key = region.key()
    added = await region.add_round(order_id, key)
    await region.pump()
    await region.cancel_until_answered(order_id)
    await region.pump()
    again = await region.add_round(order_id, key)
    assert (again.status, again.body) == (202, added.body)


async def test_so_many_may_be_under_way_at_once(region: OrderingRegion, order_id: UUID) -> None:
    for _ in range(MOST_UNDER_WAY):
        await region.submit_round(order_id, region.key(), SODAS)
    refused = await region.add_round(order_id, body=SODAS)
    assert (refused.status, refused.json()["code"]) == (409, "too_many_rounds")
    await region.cancel_until_answered(order_id)  # all of it fits into one transaction
    await region.pump()
    assert {each.reason for each in await rounds_of(region, order_id)} == {"order_cancelled"}
    assert (await region.order(order_id)).status is Status.CANCELLED


async def test_an_order_has_so_many_at_most_and_can_still_be_cancelled(
    region: OrderingRegion, order_id: UUID
) -> None:
    for _ in range(MOST_ROUNDS):
        await region.submit_round(order_id, region.key(), ROUND)
        await region.pump()
    refused = await region.add_round(order_id)
    assert (refused.status, refused.json()["code"]) == (409, "too_many_rounds")
    assert await region.item("bun") == ("48", "0")
    await region.cancel_until_answered(order_id)
    await region.pump()
    assert (await region.order(order_id)).status is Status.CANCELLED
    assert await region.item("bun") == ("100", "0")


async def test_an_order_with_no_room_in_its_row_takes_none(region: OrderingRegion, order_id: UUID) -> None:
    noise = random.Random(1)  # noqa: S311 - what cannot be packed
    answers = []
    for _ in range(5):
        long = {**ROUND["lines"][0], "x": noise.randbytes(120_000).hex()}
        answers.append(await region.add_round(order_id, body={"lines": [long]}))
        await region.pump()
    assert [each.status for each in answers] == [202, 202, 202, 409, 409]
    assert answers[-1].json()["code"] == "too_many_rounds"
    assert {each.status for each in await rounds_of(region, order_id)} == {RoundStatus.CONFIRMED}
    assert (await region.add_round(order_id)).status == 202


async def test_it_is_rejected_alone_if_there_is_no_stock(region: OrderingRegion, order_id: UUID) -> None:
    key = region.key()
    await region.submit_round(order_id, key, {"lines": [{"menu_item_id": BURGER, "quantity": 99}]})
    await region.pump()
    rejected = await the_round(region, order_id)
    assert (rejected.status, rejected.reason) == (RoundStatus.REJECTED, "out_of_stock")
    assert (rejected.items, rejected.detail) == ((BURGER,), "bun")
    order = await region.order(order_id)
    assert (order.status, order.totals.total) == (Status.CONFIRMED, "22.00")
    assert await region.item("bun") == ("98", "0")
    assert region.pos.round_calls == []
    assert [event.data["round"] for event in region.bus.said("muneris.round.rejected")] == [key]
    assert await region.works() == []


@pytest.mark.parametrize(("closes", "reason"), [(False, "refused_by_simphony"), (True, "check_closed")])
async def test_what_simphony_refuses_is_given_back(
    closes: bool,  # noqa: FBT001 - pytest's
    reason: str,
    region: OrderingRegion,
    order_id: UUID,
) -> None:
    if closes:
        region.pos.close("ref-1")
    else:
        region.pos.round_mood = "refuses"
    await region.submit_round(order_id, region.key())
    await region.pump()
    rejected = await the_round(region, order_id)
    assert (rejected.status, rejected.reason) == (RoundStatus.REJECTED, reason)
    assert (await region.order(order_id)).totals.total == "22.00"
    assert await region.item("bun") == ("98", "0")
    assert len(region.bus.said("muneris.round.rejected")) == 1
    assert await region.works() == []


@pytest.mark.parametrize("mood", ["loses_answer", "loses_request", "unreachable", "no_tokens"])
async def test_whatever_becomes_of_its_calls_it_is_on_the_check_once(
    mood: Mood, region: OrderingRegion, order_id: UUID
) -> None:
    region.pos.round_mood = mood
    await region.submit_round(order_id, region.key())
    for _ in range(30):
        await region.sweep(seconds=30)
    region.pos.round_mood = "takes"
    await region.sweep_until_quiet(seconds=30)
    order = await region.order(order_id)
    (added,) = order.rounds
    assert (added.status, order.totals.total) == (RoundStatus.CONFIRMED, "32.00")
    (opened,) = region.pos.opened
    assert [each.reference for each in opened.rounds] == [round_reference_of(order, added.id)]
    assert await region.item("bun") == ("97", "0")


async def test_beyond_the_window_it_is_looked_up_before_it_is_repeated(
    region: OrderingRegion, order_id: UUID
) -> None:
    region.pos.round_mood = "loses_answer"
    await region.submit_round(order_id, region.key())
    await region.pump()
    region.pos.round_mood = "takes"
    region.clock.advance(seconds=600)
    await region.sweep()
    assert len(region.pos.round_calls) == 1
    assert (await the_round(region, order_id)).status is RoundStatus.CONFIRMED
    order = await region.order(order_id)
    assert region.pos.look_ups == [("ref-1", round_reference_of(order, order.rounds[0].id))]


async def test_a_late_ask_or_answer_changes_nothing(region: OrderingRegion, order_id: UUID) -> None:
    await region.submit_round(order_id, region.key())
    await region.pump()
    before, events = await region.rows(), list(region.bus.published)
    for event in events:
        await region.deliver(event)
    region.bus.waiting.clear()
    assert [row.values for row in await region.rows() if not row.key.startswith("hold")] == [
        row.values for row in before if not row.key.startswith("hold")
    ]
    assert len(region.pos.round_calls) == 1


async def test_cancelled_early_it_is_rejected_and_its_stock_comes_back(
    region: OrderingRegion, order_id: UUID
) -> None:
    await region.submit_round(order_id, region.key())
    await region.scheduler.quiet()
    late = region.take("muneris.stock.reserve")
    await region.cancel_until_answered(order_id)
    await region.pump()
    await region.deliver(late)  # the release has overtaken it
    await region.pump()
    rejected = await the_round(region, order_id)
    assert (rejected.status, rejected.reason) == (RoundStatus.REJECTED, "order_cancelled")
    assert (await region.order(order_id)).status is Status.CANCELLED
    assert await region.item("bun") == ("100", "0")
    assert await region.works() == []
    assert region.pos.standing_checks_of(str(order_id)) == []


async def test_cancelled_when_its_stock_is_held_it_is_not_posted(
    region: OrderingRegion, order_id: UUID
) -> None:
    await region.submit_round(order_id, region.key())
    await region.reserve_all()
    post = region.take(POST)
    await region.cancel_until_answered(order_id)
    await region.deliver(post)
    await region.pump()
    assert (await the_round(region, order_id)).reason == "order_cancelled"
    assert region.pos.round_calls == []
    assert await region.item("bun") == ("100", "0")


@pytest.mark.parametrize("was_sent", [True, False])
async def test_a_void_waits_for_the_round_on_its_way(
    was_sent: bool,  # noqa: FBT001 - pytest's
    region: OrderingRegion,
    order_id: UUID,
) -> None:
    region.pos.round_mood = "loses_answer" if was_sent else "loses_request"
    await region.submit_round(order_id, region.key())
    await region.pump()
    region.pos.look_ups_fail = True
    await region.cancel_until_answered(order_id)
    await region.pump()
    order = await region.order(order_id)
    assert order.status is Status.CANCELLING
    assert [ask.step for ask in order.awaited] == [Step.POST]
    assert region.pos.void_calls == []
    region.pos.look_ups_fail = False
    await region.sweep_until_quiet(seconds=60)
    order = await region.order(order_id)
    assert order.status is Status.CANCELLED
    expected = RoundStatus.CONFIRMED if was_sent else RoundStatus.REJECTED
    assert [each.status for each in order.rounds] == [expected]
    assert len(region.pos.round_calls) == len(region.pos.void_calls) == 1
    assert await region.item("bun") == ("100", "0")
    assert region.pos.standing_checks_of(str(order_id)) == []


async def test_cancelled_before_its_first_call_it_is_called_off_at_once(
    region: OrderingRegion, order_id: UUID
) -> None:
    region.pos.round_mood = "unreachable"
    await region.submit_round(order_id, region.key())
    await region.pump()
    assert (await the_round(region, order_id)).status is RoundStatus.POSTING
    await region.cancel_until_answered(order_id)
    await region.pump()
    assert (await the_round(region, order_id)).reason == "order_cancelled"
    assert (await region.order(order_id)).status is Status.CANCELLED
    assert await region.works() == []


async def test_a_refused_void_leaves_what_was_added(region: OrderingRegion, order_id: UUID) -> None:
    await region.submit_round(order_id, region.key())
    await region.pump()
    region.pos.close("ref-1")
    await region.cancel_until_answered(order_id)
    await region.pump()
    order = await region.order(order_id)
    assert (order.status, order.totals.total) == (Status.CONFIRMED, "32.00")
    assert [each.status for each in order.rounds] == [RoundStatus.CONFIRMED]
    assert await region.item("bun") == ("97", "0")


async def test_an_order_is_not_completed_while_a_round_is_under_way(
    region: OrderingRegion, order_id: UUID
) -> None:
    await region.submit_round(order_id, region.key())
    before = await region.order(order_id)
    refused = await ask(region, order_id, "fulfilment", {"status": "completed"})
    assert refused == (409, "rounds_under_way")
    assert await region.order(order_id) == before
    assert (await ask(region, order_id, "fulfilment", {"status": "ready"})) == (200, "")
    await region.pump()
    assert (await ask(region, order_id, "fulfilment", {"status": "completed"})) == (200, "")
    assert (await region.order(order_id)).payment.status == "paid"


async def test_it_expires_on_its_own_clock(region: OrderingRegion) -> None:
    region.properties.values[CODE] = property_with(expire_after_minutes=30)
    order_id = await region.confirmed()
    region.clock.advance(seconds=3600)
    await region.submit_round(order_id, region.key())
    await region.pump()
    region.bus.down()
    await region.submit_round(order_id, region.key())
    await region.scheduler.quiet()
    region.bus.up()
    region.clock.advance(seconds=1801)
    await region.sweep_until_quiet()
    first, second = await rounds_of(region, order_id)
    assert first.status is RoundStatus.CONFIRMED
    assert (second.status, second.reason) == (RoundStatus.REJECTED, "expired")
    assert await region.item("bun") == ("97", "0")


async def test_what_nobody_can_tell_waits_for_a_person(region: OrderingRegion, order_id: UUID) -> None:
    await posting(region, order_id)
    region.pos.look_ups_fail = True
    await region.sweep(seconds=timedelta(hours=3).total_seconds())
    for _ in range(5):
        await region.sweep(seconds=600)
    left = await the_round(region, order_id)
    assert (left.status, left.reason) == (RoundStatus.NEEDS_ATTENTION, "in_doubt")
    assert left.detail is not None
    assert left.detail.startswith("post: first sent 2030-05-04T12:00:00.000000Z, last call until ")
    (event,) = region.bus.said("muneris.order.needs_attention")
    assert event.data["round"] == left.id
    assert [stored.order.order_id async for _, stored in region.attention.orders()] == [order_id]
    assert await region.works() == []


@pytest.mark.parametrize(
    ("kind", "status", "bun", "total"),
    [
        ("confirmed", RoundStatus.CONFIRMED, "97", "32.00"),
        ("rejected", RoundStatus.REJECTED, "98", "22.00"),
    ],
)
async def test_a_person_settles_it(
    kind: str, status: RoundStatus, bun: str, total: str, region: OrderingRegion, order_id: UUID
) -> None:
    await posting(region, order_id)
    region.pos.look_ups_fail = True
    for _ in range(5):
        await region.sweep(seconds=3600)
    doubt = await the_round(region, order_id)
    wrong = await ask(region, order_id, "resolve", {"kind": "retry", "note": "n", "round": doubt.id})
    assert wrong == (422, "invalid_request")
    assert await ask(region, order_id, "resolve", {"kind": kind, "note": "n"}) == (409, "not_in_doubt")
    body = {"kind": kind, "note": "asked them", "round": doubt.id}
    assert (await ask(region, order_id, "resolve", body))[0] == 200
    await region.pump()
    order = await region.order(order_id)
    assert (order.rounds[0].status, order.rounds[0].detail) == (status, "staff: asked them")
    assert (order.status, order.totals.total) == (Status.CONFIRMED, total)
    assert await region.item("bun") == (bun, "0")
    assert (await ask(region, order_id, "resolve", body))[0] == 200
    assert await region.order(order_id) == order
    otherwise = {**body, "note": "asked nobody"}
    assert await ask(region, order_id, "resolve", otherwise) == (409, "not_in_doubt")
    assert [each async for each in region.attention.orders()] == []


async def test_a_void_settles_what_nobody_can_tell(region: OrderingRegion, order_id: UUID) -> None:
    await posting(region, order_id)
    region.pos.look_ups_fail = True
    for _ in range(5):
        await region.sweep(seconds=3600)
    region.pos.look_ups_fail = False
    await region.cancel_until_answered(order_id)
    await region.sweep_until_quiet()
    rejected = await the_round(region, order_id)
    assert (rejected.status, rejected.reason) == (RoundStatus.REJECTED, "order_cancelled")
    assert (await region.order(order_id)).status is Status.CANCELLED
    assert await region.item("bun") == ("100", "0")
    assert len(region.bus.said("muneris.round.rejected")) == 1
