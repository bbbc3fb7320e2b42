"""Cancelling an order and saying how far the kitchen is, over HTTP."""

from collections.abc import Mapping

import pytest
from tests.asgi import Response, call
from tests.ordering import OrderingRegion
from tests.restaurant import CODE

NOBODYS = "01bb56c7-1600-7000-8000-00000000ffff"


async def send(
    region: OrderingRegion,
    order_id: object,
    command: str,
    body: bytes = b"",
    *,
    by: Mapping[str, str] | None = None,
    at: str = CODE,
) -> Response:
    headers = region.staff() if by is None else by
    return await call(region.app, "POST", f"/v1/orders/{at}/{order_id}/{command}", headers=headers, body=body)


async def confirmed(region: OrderingRegion) -> str:
    order_id = await region.accepted()
    await region.pump()
    return str(order_id)


async def test_a_cancelled_order_is_answered_as_get_answers_it(region: OrderingRegion) -> None:
    order_id = await region.accepted()
    answer = await send(region, order_id, "cancel", b'{"reason": "Too long", "of_tomorrow": 1}')
    got = await region.get(order_id)
    assert (answer.status, answer.body, answer.headers["etag"]) == (202, got.body, got.headers["etag"])
    document = answer.json()
    assert document["status"] == "cancelled"
    assert document["history"][-1] == {
        "at": document["updated_at"], "status": "cancelled", "reason": "Too long", "by": "staff",
    }  # fmt: skip
    assert document["reason"] == "Too long"


@pytest.mark.parametrize("body", [b"", b"{}", b"null"])
async def test_a_reason_need_not_be_given(region: OrderingRegion, body: bytes) -> None:
    order_id = await region.accepted()
    answer = await send(region, order_id, "cancel", body)
    assert (answer.status, answer.json()["status"]) == (202, "cancelled")
    assert not {"reason", "comment"} & answer.json()["history"][-1].keys()


async def test_a_second_cancel_has_no_effect(region: OrderingRegion) -> None:
    order_id = await confirmed(region)
    first = await send(region, order_id, "cancel")
    assert (first.status, first.json()["status"]) == (202, "cancelling")
    before = await region.rows()
    second = await send(region, order_id, "cancel")
    assert (second.status, second.body) == (202, first.body)
    assert await region.rows() == before


async def test_who_placed_it_may_cancel_it_and_nobody_else(region: OrderingRegion) -> None:
    ann, bob = await region.guest("ann"), await region.guest("bob")
    elsewhere = await region.guest("ann", "NOR-ODE01")
    key = region.key()
    assert (await region.place(key, by=ann)).status == 202
    before = await region.rows()
    for by in (bob, elsewhere):
        answer = await send(region, key, "cancel", by=by)
        assert (answer.status, answer.code) == (404, "order_not_found")
    assert (await send(region, key, "cancel", by={})).code == "unauthenticated"
    assert await region.rows() == before
    assert (await send(region, key, "cancel", by=ann)).json()["status"] == "cancelled"


async def test_what_was_said_stays_the_reason_while_simphony_is_asked_and_afterwards(
    region: OrderingRegion,
) -> None:
    ann, key = await region.guest("ann"), region.key()
    await region.place(key, by=ann)
    await region.pump()
    asked = (await send(region, key, "cancel", b'{"reason": "Too slow"}', by=ann)).json()
    assert (asked["status"], asked["reason"]) == ("cancelling", "Too slow")
    await region.pump()
    done = (await region.get(key, by=ann)).json()
    assert (done["status"], done["reason"]) == ("cancelled", "Too slow")
    assert [each.get("reason") for each in done["history"][-2:]] == ["Too slow", None]


async def test_what_simphony_refused_is_confirmed_for_that_reason(region: OrderingRegion) -> None:
    key = await confirmed(region)
    region.pos.void_mood = "refuses"
    await send(region, key, "cancel", b'{"reason": "Too slow"}')
    await region.pump()
    kept = (await region.get(key)).json()
    assert (kept["status"], kept["reason"]) == ("confirmed", "cancel_refused")
    assert [each.get("reason") for each in kept["history"][-2:]] == ["Too slow", "cancel_refused"]


async def test_what_is_over_is_not_cancelled(region: OrderingRegion) -> None:
    region.pos.mood = "refuses"
    order_id = await confirmed(region)
    before = await region.rows()
    answer = await send(region, order_id, "cancel")
    assert (answer.status, answer.code) == (409, "too_late_to_cancel")
    assert await region.rows() == before


async def test_the_kitchen_goes_forward_to_the_end(region: OrderingRegion) -> None:
    order_id = await confirmed(region)
    seen = []
    for status in ("preparing", "ready", "completed"):
        answer = await send(region, order_id, "fulfilment", f'{{"status": "{status}"}}'.encode())
        assert answer.status == 200
        seen.append((answer.json()["fulfilment"]["status"], answer.json()["status"]))
    assert seen == [("preparing", "confirmed"), ("ready", "confirmed"), ("completed", "completed")]
    assert answer.body == (await region.get(order_id)).body
    assert answer.json()["payment"]["status"] == "paid"


async def test_the_kitchen_does_not_go_back(region: OrderingRegion) -> None:
    order_id = await confirmed(region)
    await send(region, order_id, "fulfilment", b'{"status": "ready"}')
    before = await region.rows()
    answer = await send(region, order_id, "fulfilment", b'{"status": "preparing"}')
    assert (answer.status, answer.code) == (409, "fulfilment_order")
    again = await send(region, order_id, "fulfilment", b'{"status": "ready"}')
    assert (again.status, again.json()["fulfilment"]["status"]) == (200, "ready")
    assert await region.rows() == before


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"status": "accepted"}', 422, "invalid_request"),
        (b"{}", 422, "invalid_request"),
        (b"", 422, "invalid_request"),
        (b"ready", 400, "malformed_json"),
    ],
)
async def test_what_says_nothing_of_the_kitchen_is_refused(
    region: OrderingRegion, body: bytes, status: int, code: str
) -> None:
    order_id = await confirmed(region)
    before = await region.rows()
    answer = await send(region, order_id, "fulfilment", body)
    assert (answer.status, answer.code) == (status, code)
    assert await region.rows() == before


@pytest.mark.parametrize("body", [b'{"reason": 7}', b'{"reason": "' + b"x" * 201 + b'"}'])
async def test_what_is_no_reason_is_refused(region: OrderingRegion, body: bytes) -> None:
    order_id = await region.accepted()
    before = await region.rows()
    answer = await send(region, order_id, "cancel", body)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert await region.rows() == before


async def test_guests_say_nothing_of_the_kitchen(region: OrderingRegion) -> None:
    ann, key = await region.guest("ann"), region.key()
    await region.place(key, by=ann)
    await region.pump()
    before = await region.rows()
    answer = await send(region, key, "fulfilment", b'{"status": "ready"}', by=ann)
    assert (answer.status, answer.code) == (403, "forbidden")
    assert await region.rows() == before


@pytest.mark.parametrize("command", ["cancel", "fulfilment", "resolve"])
@pytest.mark.parametrize(
    ("at", "order_id", "status", "code"),
    [
        (CODE, NOBODYS, 404, "order_not_found"),
        (CODE, "seven", 404, "order_not_found"),
        ("NOR-XXX99", NOBODYS, 404, "property_not_found"),
        ("NOR-BER01", NOBODYS, 421, "property_in_another_region"),
    ],
)
async def test_what_is_not_here_is_not_found(
    region: OrderingRegion, command: str, at: str, order_id: str, status: int, code: str
) -> None:
    bodies = {"fulfilment": b'{"status": "ready"}', "resolve": b'{"kind": "retry", "note": "n"}'}
    answer = await send(region, order_id, command, bodies.get(command, b""), at=at)
    assert (answer.status, answer.code) == (status, code)
