"""Poison over HTTP: listed and shown with what it holds, put back and removed."""

import base64
import json
from collections.abc import Mapping

import pytest
from tests.asgi import Response, call
from tests.ordering import OrderingRegion

EVENT = {
    "type": "muneris.check.post",
    "subject": "NOR-CPH01/orders/1",
    "id": "1-2-post",
    "data": {"number": 2},
}
TEXT = base64.b64encode(json.dumps(EVENT).encode()).decode()


async def send(
    region: OrderingRegion, method: str, path: str = "", *, by: Mapping[str, str] | None = None
) -> Response:
    headers = region.staff() if by is None else by
    return await call(region.app, method, f"/v1/orders/poison{path}", headers=headers)


async def add(region: OrderingRegion, text: str = TEXT, queue: str = "orders-post") -> str:
    """Poison; its message id."""
    await region.queues.put(f"{queue}-poison", text)
    return (await region.queues.peek(f"{queue}-poison"))[-1].id


async def texts(region: OrderingRegion, queue: str) -> list[str]:
    return [message.text for message in await region.queues.peek(queue)]


async def test_without_poison_the_list_is_empty(region: OrderingRegion) -> None:
    answer = await send(region, "GET")
    assert (answer.status, answer.json()) == (
        200,
        {"items": [], "continuation": None, "lengths": {"orders-inbox": 0, "orders-post": 0}},
    )


async def test_poison_is_listed_with_the_event_it_holds(region: OrderingRegion) -> None:
    message_id = await add(region)
    listed = (await send(region, "GET")).json()
    assert listed["lengths"] == {"orders-inbox": 0, "orders-post": 1}
    assert listed["items"] == [
        {
            "queue": "orders-post",
            "message_id": message_id,
            "inserted_at": "2030-05-04T12:00:00Z",
            "expires_at": "2030-05-11T12:00:00Z",
            "body": EVENT,
        }
    ]
    shown = await send(region, "GET", f"/orders-post/{message_id}")
    assert (shown.status, shown.json()) == (200, listed["items"][0])


@pytest.mark.parametrize("text", ["no base64 at all", "bm8ganNvbg==", "", "gA=="])
async def test_what_is_no_event_is_shown_as_it_is(region: OrderingRegion, text: str) -> None:
    message_id = await add(region, text)
    assert (await send(region, "GET", f"/orders-post/{message_id}")).json()["body"] == text


async def test_one_message_is_put_back(region: OrderingRegion) -> None:
    other, message_id = await add(region, "other"), await add(region)
    answer = await send(region, "POST", f"/orders-post/{message_id}/redrive")
    assert (answer.status, answer.json()) == (200, {"redriven": 1})
    assert await texts(region, "orders-post") == [TEXT]
    assert [item["message_id"] for item in (await send(region, "GET")).json()["items"]] == [other]


async def test_all_of_a_queue_is_put_back(region: OrderingRegion) -> None:
    await add(region, "a")
    await add(region, "b")
    await add(region, "c", "orders-inbox")
    answer = await send(region, "POST", "/orders-post/redrive")
    assert (answer.status, answer.json()) == (200, {"redriven": 2})
    assert await texts(region, "orders-post") == ["a", "b"]
    assert await texts(region, "orders-inbox-poison") == ["c"]


async def test_one_message_is_removed_and_then_all(region: OrderingRegion) -> None:
    first = await add(region, "a")
    await add(region, "b")
    await add(region, "c")
    answer = await send(region, "DELETE", f"/orders-post/{first}")
    assert (answer.status, answer.json()) == (200, {"dropped": 1})
    assert await texts(region, "orders-post-poison") == ["b", "c"]
    answer = await send(region, "DELETE", "/orders-post")
    assert (answer.status, answer.json()) == (200, {"dropped": 2})
    assert await texts(region, "orders-post") == await texts(region, "orders-post-poison") == []


CALLS = [
    ("GET", ""),
    ("GET", "/orders-post/m1"),
    ("POST", "/orders-post/redrive"),
    ("POST", "/orders-post/m1/redrive"),
    ("DELETE", "/orders-post"),
    ("DELETE", "/orders-post/m1"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_guests_are_refused(region: OrderingRegion, method: str, path: str) -> None:
    await add(region)
    answer = await send(region, method, path, by=await region.guest("ann"))
    assert (answer.status, answer.code) == (403, "forbidden")
    assert (await send(region, method, path, by={})).code == "unauthenticated"
    assert (await texts(region, "orders-post-poison"), await texts(region, "orders-post")) == ([TEXT], [])


@pytest.mark.parametrize(("method", "path"), CALLS[1:])
async def test_what_is_not_there_is_not_found(region: OrderingRegion, method: str, path: str) -> None:
    await add(region)
    elsewhere = await send(region, method, path.replace("orders-post", "elsewhere"))
    assert (elsewhere.status, elsewhere.code) == (404, "queue_not_found")
    if "m1" in path:
        unknown = await send(region, method, path.replace("m1", "m9"))
        assert (unknown.status, unknown.code) == (404, "message_not_found")
    assert (await texts(region, "orders-post-poison"), await texts(region, "orders-post")) == ([TEXT], [])
