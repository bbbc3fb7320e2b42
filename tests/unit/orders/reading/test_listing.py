"""Lists of a property's orders: which, in what order, and page by page."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from tests.asgi import Response, call
from tests.ordering import OWNER, OrderingRegion
from tests.restaurant import CODE, NOON, plain_order

from muneris.core.clock import to_rfc3339
from muneris.core.idempotency import FURTHEST_KEY_AHEAD, OLDEST_KEY
from muneris.core.ids import new_uuid7
from muneris.orders.model import AT_REST, Advance, Order, Status, reserve_stock
from muneris.orders.reading import listing
from muneris.orders.reading.listing import OrderFilter
from muneris.orders.stored import Claim


async def ask(
    region: OrderingRegion, query: str = "", *, by: Mapping[str, str] | None = None, at: str = CODE
) -> Response:
    headers = region.staff() if by is None else by
    return await call(region.app, "GET", f"/v1/orders/{at}{query}", headers=headers)


async def get_page(region: OrderingRegion, query: str = "", by: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
    answer = await ask(region, query, by=by)
    assert answer.status == 200
    return answer.json()


async def ids(region: OrderingRegion, query: str = "", by: Mapping[str, str] | None = None) -> list[str]:
    return [item["order_id"] for item in (await get_page(region, query, by))["items"]]


async def placed(region: OrderingRegion, count: int, by: Mapping[str, str] | None = None) -> list[str]:
    """Ids of new orders, a minute between each, the first one first."""
    made = []
    for _ in range(count):
        region.clock.advance(minutes=1)
        answer = await region.place(by=by)
        assert answer.status == 202
        made.append(answer.json()["order_id"])
    return made


async def store_order(region: OrderingRegion, key_time: datetime, created_at: datetime) -> str:
    """An order whose key was made by another clock than ours."""
    order_id = new_uuid7(key_time)
    order = plain_order(order_id).model_copy(update={"created_at": to_rfc3339(created_at)})
    await region.store.accept(order, Claim("f", "ann", b"{}"), reserve_stock(order, "{}", NOON))
    return str(order_id)


async def stored(region: OrderingRegion, status: Status) -> str:
    """An order in a status, with the rows that go with it."""
    order_id = UUID(await store_order(region, region.clock.now(), region.clock.now()))
    region.clock.advance(seconds=1)
    found = await region.store.find(CODE, order_id)
    assert found is not None
    moved: Order = found.order.model_copy(update={"status": status, "sequence": 2})
    if status is not Status.RECEIVED:
        assert await region.store.advance(found, Advance(moved)) is not None
    return str(order_id)


async def test_the_newest_come_first_and_whole(region: OrderingRegion) -> None:
    first, second, third = await placed(region, 3)
    document = await get_page(region)
    assert [item["order_id"] for item in document["items"]] == [third, second, first]
    assert document["continuation"] is None
    assert document["items"][0] == (await region.get(third)).json()


async def test_a_property_without_orders_has_an_empty_list(region: OrderingRegion) -> None:
    assert await get_page(region) == {"items": [], "continuation": None}


async def test_pages_follow_each_other_while_orders_come(region: OrderingRegion) -> None:
    made = await placed(region, 5)
    pages: list[list[str]] = []
    query = "?limit=2"
    while True:
        document = await get_page(region, query)
        pages.append([item["order_id"] for item in document["items"]])
        if document["continuation"] is None:
            break
        query = f"?limit=2&continuation={document['continuation']}"
        await placed(region, 1)
    assert pages == [made[:2:-1], made[2:0:-1], made[:1]]


async def test_a_guest_sees_its_own_and_staff_all(region: OrderingRegion) -> None:
    ann, bob = await region.guest("ann"), await region.guest("bob")
    anns = [*await placed(region, 1, ann)]
    bobs = await placed(region, 1, bob)
    anns += await placed(region, 1, ann)
    assert await ids(region, by=ann) == anns[::-1]
    assert await ids(region, by=bob) == bobs
    assert set(await ids(region)) == {*anns, *bobs}


async def test_what_only_staff_may_read_is_hidden_in_lists_too(region: OrderingRegion) -> None:
    ann = await region.guest("ann")
    order_id = UUID((await placed(region, 1, ann))[0])
    found = await region.store.find(CODE, order_id)
    assert found is not None
    entry = found.order.history[0].model_copy(update={"detail": "for staff"})
    told = found.order.model_copy(update={"history": (entry,), "sequence": 2})
    assert await region.store.advance(found, Advance(told)) is not None
    (for_ann,) = (await get_page(region, by=ann))["items"]
    (for_staff,) = (await get_page(region))["items"]
    assert "detail" not in for_ann["history"][0]
    assert for_staff["history"][0]["detail"] == "for staff"
    assert {"sequence", "asked", "expires_at"} & for_staff.keys() == set()


@pytest.mark.parametrize("status", list(Status))
async def test_orders_of_a_status(region: OrderingRegion, status: Status) -> None:
    made = {each: [await stored(region, each), await stored(region, each)] for each in Status}
    assert await ids(region, f"?status={status}") == made[status][::-1]


async def test_orders_on_the_move_are_found_among_many_that_rest(
    region: OrderingRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_READ", 3)
    waits = await stored(region, Status.NEEDS_ATTENTION)
    for _ in range(5):
        await stored(region, Status.CONFIRMED)
    document = await get_page(region, "?status=needs_attention")
    assert [item["order_id"] for item in document["items"]] == [waits]
    assert document["continuation"] is None


async def test_a_page_ends_after_so_many_that_are_not_wanted(
    region: OrderingRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_READ", 3)
    wanted = await stored(region, Status.REJECTED)
    for _ in range(4):
        await stored(region, Status.CONFIRMED)
    first = await get_page(region, "?status=rejected")
    assert (first["items"], first["continuation"] is None) == ([], False)
    second = await get_page(region, f"?status=rejected&continuation={first['continuation']}")
    assert [item["order_id"] for item in second["items"]] == [wanted]
    assert second["continuation"] is None


async def test_times_bound_when_orders_were_created_both_included(region: OrderingRegion) -> None:
    made = await placed(region, 4)
    times = [to_rfc3339(NOON + timedelta(minutes=number)) for number in (1, 2, 3, 4)]
    assert await ids(region, f"?since={times[1]}&until={times[2]}") == [made[2], made[1]]
    assert await ids(region, f"?since={times[3]}") == [made[3]]
    assert await ids(region, f"?until={times[0]}") == [made[0]]
    assert await ids(region, "?since=2030-05-04T14:04:00%2B02:00") == [made[3]]
    assert await ids(region, f"?since={times[3]}&until={times[0]}") == []


async def test_a_key_of_another_clock_is_in_the_list_of_when_it_came(region: OrderingRegion) -> None:
    early = await store_order(region, NOON - OLDEST_KEY, NOON)
    late = await store_order(region, NOON + FURTHEST_KEY_AHEAD, NOON)
    at_noon = f"?since={to_rfc3339(NOON)}&until={to_rfc3339(NOON)}"
    assert await ids(region, at_noon) == [late, early]
    assert await ids(region, at_noon + "&status=received") == [late, early]
    before = to_rfc3339(NOON - timedelta(seconds=1))
    assert await ids(region, f"?until={before}") == []


async def test_only_keys_that_may_be_wanted_are_read(region: OrderingRegion) -> None:
    too_early = await store_order(region, NOON - OLDEST_KEY - timedelta(milliseconds=1), NOON)
    too_late = await store_order(region, NOON + FURTHEST_KEY_AHEAD + timedelta(milliseconds=1), NOON)
    found = await ids(region, f"?since={to_rfc3339(NOON)}&until={to_rfc3339(NOON)}")
    assert not {too_early, too_late} & set(found)


@pytest.mark.parametrize(
    "query",
    [
        "?since=0001-01-01T00:00:00%2B14:00&until=9999-12-31T23:59:59-12:00",
        "?since=1970-01-01T00:00:00Z",
        "?until=9999-12-31T23:59:59Z",
    ],
)
async def test_times_far_away_are_no_limit(region: OrderingRegion, query: str) -> None:
    made = await placed(region, 2)
    assert await ids(region, query) == made[::-1]


@pytest.mark.parametrize(
    "query",
    [
        "?limit=0",
        "?limit=101",
        "?status=eaten",
        "?since=yesterday",
        "?until=2030-05-04T12:00:00",
        "?continuation=",
        "?continuation=b3JkZXI",
        "?continuation=" + quote(base64.urlsafe_b64encode(b"open|x").decode()),
    ],
)
async def test_what_no_list_can_be_made_of_is_refused(region: OrderingRegion, query: str) -> None:
    answer = await ask(region, query)
    assert (answer.status, answer.code) == (422, "invalid_request")


async def test_whose_business_it_is_not_gets_no_list(region: OrderingRegion) -> None:
    elsewhere = await region.guest("ann", "NOR-ODE01")
    cases: Sequence[tuple[Response, int, str]] = [
        (await ask(region, by=elsewhere), 403, "forbidden"),
        (await ask(region, by={}), 401, "unauthenticated"),
        (await ask(region, at="NOR-XXX99"), 404, "property_not_found"),
        (await ask(region, at="work-of-art"), 404, "property_not_found"),
        (await ask(region, at="NOR-BER01"), 421, "property_in_another_region"),
    ]
    assert [(answer.status, answer.code) for answer, _, _ in cases] == [case[1:] for case in cases]


async def test_an_order_that_rests_is_read_from_the_orders_and_others_from_the_index(
    region: OrderingRegion,
) -> None:
    for status in Status:
        await stored(region, status)
    open_rows = await region.open_orders()
    assert len(open_rows) == len(Status) - len(AT_REST)
    page = await region.queries.page(OWNER, CODE, OrderFilter(), 100, "")
    assert {item.order.status for item in page.items} == set(Status)
