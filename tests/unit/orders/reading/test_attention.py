"""What cannot be settled from here is listed with its evidence, counted, and settled by staff."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from tests.asgi import Response, call
from tests.ordering import OrderingRegion
from tests.restaurant import CODE

from muneris.cloud.agenda import SETTLED_AFTER
from muneris.orders.model import Status

NOTE = "Found in Simphony by its name"


async def doubtful(region: OrderingRegion) -> UUID:
    """An order that Simphony may hold or not: nobody can tell from here."""
    (order_id,) = await several_doubtful(region, 1)
    return order_id


async def several_doubtful(region: OrderingRegion, count: int) -> list[UUID]:
    """Such orders, a minute between each."""
    made = []
    for _ in range(count):
        made.append(await region.reserved())
        region.clock.advance(minutes=1)
    region.pos.mood, region.pos.look_ups_fail = "loses_answer", True
    for _, post in made:
        await region.deliver(post)
    for _ in range(100):
        await region.sweep(seconds=300)
        orders = [await region.order(order_id) for order_id, _ in made]
        if all(order.status is Status.NEEDS_ATTENTION for order in orders):
            return [order.order_id for order in orders]
    raise AssertionError("they never need attention")


async def listed(region: OrderingRegion, query: str = "") -> Any:  # noqa: ANN401 - JSON
    answer = await call(region.app, "GET", f"/v1/orders/attention{query}", headers=region.staff())
    assert answer.status == 200
    return answer.json()


async def resolve(region: OrderingRegion, order_id: UUID, **resolution: object) -> Response:
    return await resolve_as(region, region.staff(), order_id, resolution)


async def resolve_as(
    region: OrderingRegion, by: Mapping[str, str], order_id: UUID, resolution: Mapping[str, object]
) -> Response:
    path = f"/v1/orders/{CODE}/{order_id}/resolve"
    return await call(region.app, "POST", path, headers=by, json={"note": NOTE, **resolution})


async def test_none_is_listed_while_all_is_clear(region: OrderingRegion) -> None:
    await region.accepted()
    await region.pump()
    assert await listed(region) == {"items": [], "continuation": None}
    assert (await region.backlog.count()).attention == 0


async def test_it_is_listed_whole_with_its_evidence_long_after_it_owes_nothing(
    region: OrderingRegion,
) -> None:
    order_id = await doubtful(region)
    await region.sweep_until_quiet()
    for _ in range(3):
        await region.sweep(seconds=SETTLED_AFTER.total_seconds())
    document = await listed(region)
    assert document["continuation"] is None
    assert document["items"] == [(await region.get(order_id)).json()]
    assert document["items"][0]["status"] == "needs_attention"
    assert "first sent" in document["items"][0]["history"][-1]["detail"]
    assert (await region.backlog.count()).attention == 1


async def test_they_are_listed_page_by_page(region: OrderingRegion) -> None:
    first, second = await several_doubtful(region, 2)
    page = await listed(region, "?limit=1")
    following = await listed(region, f"?limit=1&continuation={page['continuation']}")
    found = [item["order_id"] for item in (*page["items"], *following["items"])]
    assert found == [str(first), str(second)]
    assert following["continuation"] is None


async def test_it_is_confirmed_with_the_check_that_holds_it(region: OrderingRegion) -> None:
    order_id = await doubtful(region)
    answer = await resolve(region, order_id, kind="confirmed", check_ref="ref-1", check_number=1)
    assert answer.status == 200
    document = answer.json()
    assert (document["status"], document["check"]) == (
        "confirmed",
        {"check_ref": "ref-1", "check_number": 1},
    )
    assert (document["history"][-1]["by"], document["history"][-1]["detail"]) == ("staff", NOTE)
    assert answer.headers["etag"] == (await region.get(order_id)).headers["etag"]
    assert (await listed(region))["items"] == []
    await region.pump()
    assert await region.item("bun") == ("98", "0")


@pytest.mark.parametrize("kind", ["rejected", "cancelled"])
async def test_it_is_given_up_and_its_stock_comes_back(region: OrderingRegion, kind: str) -> None:
    order_id = await doubtful(region)
    assert (await resolve(region, order_id, kind=kind)).json()["status"] == kind
    await region.pump()
    assert await region.item("bun") == ("100", "0")
    assert await region.works() == []


async def test_it_is_asked_again(region: OrderingRegion) -> None:
    order_id = await doubtful(region)
    region.pos.mood, region.pos.look_ups_fail = "takes", False
    assert (await resolve(region, order_id, kind="retry")).json()["status"] == "posting"
    await region.pump()
    await region.sweep_until_quiet()
    assert (await region.order(order_id)).status is Status.CONFIRMED
    assert len(region.pos.checks_of(str(order_id))) == 1


async def test_what_was_settled_leaves_the_list_for_good(region: OrderingRegion) -> None:
    order_id = await doubtful(region)
    await resolve(region, order_id, kind="rejected")
    region.clock.advance(seconds=SETTLED_AFTER.total_seconds())
    assert await listed(region) == {"items": [], "continuation": None}
    assert [row.key for row in await region.rows() if row.partition == "attention"] == []


@pytest.mark.parametrize(
    ("resolution", "status", "code"),
    [
        ({"kind": "confirmed"}, 422, "invalid_request"),
        ({"kind": "confirmed", "check_ref": "ref-1"}, 422, "invalid_request"),
        ({"kind": "eaten"}, 422, "invalid_request"),
        ({"kind": "rejected", "note": ""}, 422, "invalid_request"),
    ],
)
async def test_what_settles_nothing_is_refused(
    region: OrderingRegion, resolution: dict[str, str], status: int, code: str
) -> None:
    order_id = await doubtful(region)
    before = await region.rows()
    answer = await resolve(region, order_id, **resolution)
    assert (answer.status, answer.code) == (status, code)
    assert await region.rows() == before


async def test_only_what_needs_attention_is_settled(region: OrderingRegion) -> None:
    order_id = await region.accepted()
    before = await region.rows()
    answer = await resolve(region, order_id, kind="rejected")
    assert (answer.status, answer.code) == (409, "not_in_doubt")
    assert await region.rows() == before


async def test_guests_settle_nothing(region: OrderingRegion) -> None:
    order_id = await doubtful(region)
    before = await region.rows()
    answer = await resolve_as(region, await region.guest("ann"), order_id, {"kind": "rejected"})
    assert (answer.status, answer.code) == (403, "forbidden")
    assert await region.rows() == before
