"""What orders owe, listed for operators and sent again when they say so."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from tests.asgi import Response, call
from tests.ordering import OrderingRegion
from tests.restaurant import CODE, NOON, ORDER

from muneris.core.clock import to_rfc3339
from muneris.orders.model import Ask, Step, Work
from muneris.orders.operations import owed
from muneris.orders.operations.owed import POSITION

ELSEWHERE = "NOR-ODE01"


async def get(region: OrderingRegion, path: str, by: Mapping[str, str] | None = None) -> Response:
    headers = region.staff() if by is None else by
    return await call(region.app, "GET", f"/v1/orders/{path}", headers=headers)


async def retry(region: OrderingRegion, body: object = None, at: str = CODE) -> Response:
    path = f"/v1/orders/{at}/work/retry"
    return await call(region.app, "POST", path, headers=region.staff(), json=body)


async def walk(region: OrderingRegion, path: str, limit: int) -> list[list[str]]:
    """The orders on each page."""
    pages: list[list[str]] = []
    query = f"?limit={limit}"
    while True:
        document: Any = (await get(region, f"{path}{query}")).json()
        pages.append([item["order_id"] for item in document["items"]])
        if document["continuation"] is None:
            return pages
        query = f"?limit={limit}&continuation={document['continuation']}"


async def waiting(region: OrderingRegion, count: int, at: str = CODE) -> list[str]:
    """Orders whose stock is asked for in vain."""
    region.bus.down()
    made = []
    for _ in range(count):
        region.clock.advance(seconds=1)
        made.append((await region.place(at=at)).json()["order_id"])
    await region.scheduler.quiet()
    return made


async def due(region: OrderingRegion) -> list[str]:
    return [to_rfc3339(work.due_at) for work in await region.works()]


async def born(region: OrderingRegion) -> list[str]:
    return [to_rfc3339(work.born_at) for work in await region.works()]


async def test_a_step_says_how_often_it_was_sent_and_when_it_is_sent_next(region: OrderingRegion) -> None:
    (order_id,) = await waiting(region, 1)
    await region.sweep(seconds=10)
    assert (await get(region, f"{CODE}/work")).json() == {
        "items": [
            {
                "property_code": CODE,
                "order_id": order_id,
                "number": 1,
                "step": "reserve",
                "round": None,
                "attempts": 1,
                "born_at": "2030-05-04T12:00:01Z",
                "due_at": "2030-05-04T12:00:21Z",
                "first_sent_at": None,
                "last_deadline": None,
                "claimed_until": None,
                "expires_at": None,
            }
        ],
        "continuation": None,
    }


async def test_a_call_to_simphony_that_may_be_under_way_is_shown(region: OrderingRegion) -> None:
    _, post = await region.reserved()
    region.pos.mood = "loses_answer"
    await region.deliver(post)
    (item,) = (await get(region, f"{CODE}/work")).json()["items"]
    assert (item["step"], item["number"]) == ("post", 2)
    assert item["first_sent_at"] is not None
    assert item["last_deadline"] > item["first_sent_at"]


async def test_the_oldest_order_comes_first_page_by_page(region: OrderingRegion) -> None:
    made = await waiting(region, 5)
    assert await walk(region, f"{CODE}/work", 2) == [made[:2], made[2:4], made[4:]]


async def test_steps_of_one_order(region: OrderingRegion) -> None:
    made = await waiting(region, 3)
    document = (await get(region, f"{CODE}/work?order_id={made[1]}")).json()
    assert [item["order_id"] for item in document["items"]] == [made[1]]
    nobodys = "01bb56c7-1600-7000-8000-00000000ffff"
    assert (await get(region, f"{CODE}/work?order_id={nobodys}")).json()["items"] == []


async def test_the_whole_regions_steps_by_property_page_by_page(
    region: OrderingRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    await region.add_property(ELSEWHERE)
    here, there = await waiting(region, 3), await waiting(region, 2, ELSEWHERE)
    assert await walk(region, "work", 100) == [[*here, *there]]
    assert await walk(region, "work", 2) == [here[:2], [here[2], there[0]], there[1:]]
    assert await walk(region, "work", 3) == [here, there]
    monkeypatch.setattr(owed, "MOST_PROPERTIES", 1)
    assert await walk(region, "work", 100) == [here, there]


async def test_rounds_of_an_order_have_places_of_their_own() -> None:
    order_id = UUID("01bb56c7-1600-7000-8000-000000000001")
    asks = [Ask(CODE, order_id, 3, Step.RESERVE, of) for of in ("", "a", "b")]
    places = [owed.place_of(Work(ask, "{}", born_at=NOON, due_at=NOON)) for ask in asks]
    assert places == sorted(places)
    assert len(set(places)) == len(places)
    assert all(POSITION.fullmatch(place) for place in places)


async def test_what_is_retried_is_sent_by_the_next_sweep(region: OrderingRegion) -> None:
    await waiting(region, 3)
    region.bus.up()
    now = to_rfc3339(region.clock.now())
    assert all(each > now for each in await due(region))
    answer = await retry(region)
    assert (answer.status, answer.json()) == (200, {"retried": 3})
    assert await due(region) == await born(region)
    assert [work.attempts for work in await region.works()] == [0, 0, 0]
    await region.scheduler.sweep()
    assert len(region.bus.said("muneris.stock.reserve")) == 3


async def test_one_orders_steps_are_retried(region: OrderingRegion) -> None:
    made = await waiting(region, 3)
    before = await due(region)
    answer = await retry(region, {"order_id": made[1]})
    assert answer.json() == {"retried": 1}
    assert await due(region) == [before[0], (await born(region))[1], before[2]]


async def test_more_than_a_transaction_holds_is_retried(region: OrderingRegion) -> None:
    await waiting(region, 101)
    assert (await retry(region)).json() == {"retried": 101}
    assert await due(region) == await born(region)


async def test_an_order_for_later_is_not_retried_before_its_time(region: OrderingRegion) -> None:
    later = {**ORDER, "fulfilment": {"type": "pickup", "requested_at": "2030-05-05T12:00:00Z"}}
    assert (await region.place(order=later)).status == 202
    before = await region.rows()
    assert (await get(region, f"{CODE}/work")).json()["items"][0]["born_at"] == "2030-05-05T12:00:00Z"
    assert (await retry(region)).json() == {"retried": 0}
    assert await region.rows() == before


async def test_nothing_to_retry_is_no_failure(region: OrderingRegion) -> None:
    assert (await retry(region)).json() == {"retried": 0}
    assert (await retry(region, {})).json() == {"retried": 0}


@pytest.mark.parametrize("path", ["work", f"{CODE}/work", "metrics", "attention"])
async def test_guests_are_refused(region: OrderingRegion, path: str) -> None:
    answer = await get(region, path, await region.guest("ann"))
    assert (answer.status, answer.code) == (403, "forbidden")
    assert (await get(region, path, {})).code == "unauthenticated"


async def test_a_guest_retries_nothing(region: OrderingRegion) -> None:
    await waiting(region, 1)
    before = await region.rows()
    path, guest = f"/v1/orders/{CODE}/work/retry", await region.guest("ann")
    answer = await call(region.app, "POST", path, headers=guest, json={})
    assert (answer.status, answer.code) == (403, "forbidden")
    assert await region.rows() == before


@pytest.mark.parametrize(
    ("code", "status", "problem"),
    [("NOR-XXX99", 404, "property_not_found"), ("NOR-BER01", 421, "property_in_another_region")],
)
async def test_other_properties_work_is_not_here(
    region: OrderingRegion, code: str, status: int, problem: str
) -> None:
    for answer in (await get(region, f"{code}/work"), await retry(region, at=code)):
        assert (answer.status, answer.code) == (status, problem)


@pytest.mark.parametrize("query", ["?limit=0", "?order_id=7", "?continuation=x"])
async def test_what_no_list_can_be_made_of_is_refused(region: OrderingRegion, query: str) -> None:
    answer = await get(region, f"{CODE}/work{query}")
    assert (answer.status, answer.code) == (422, "invalid_request")


@pytest.mark.parametrize(
    ("body", "code"), [(b'{"order_id": "seven"}', "invalid_request"), (b"{", "malformed_json")]
)
async def test_a_retry_of_nonsense_is_refused(region: OrderingRegion, body: bytes, code: str) -> None:
    await waiting(region, 1)
    before = await due(region)
    path = f"/v1/orders/{CODE}/work/retry"
    assert (await call(region.app, "POST", path, headers=region.staff(), body=body)).code == code
    assert await due(region) == before
