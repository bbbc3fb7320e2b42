"""What the routes of inventory take, answer and refuse."""

import re
from decimal import Decimal

import pytest
from tests.asgi import Response, call
from tests.ordering import OrderingRegion
from tests.restaurant import CODE
from tests.tenants import REGIONS

from muneris.inventory.model import Command, StockLine
from muneris.inventory.read_models import availability_read_model, recipe_read_model
from muneris.inventory.recipes import Ingredient

AT = f"/v1/inventory/{CODE}"
TOMATO = {
    "name": "Tomato",
    "unit": "kg",
    "on_hand": "12.5",
    "reorder_point": "2",
    "supplier": "Green & Sons",
}
RECIPE = {"ingredients": [{"sku": "tomato", "quantity": "0.15"}]}
GONE = {"state": "unavailable"}
ADJUST = {"delta": "-0.5", "reason": "Found"}
RECEIVE = {"quantity": "2.5", "supplier": "Green & Sons", "reference": "4711"}
WASTE = {"quantity": "0.75", "reason": "Spilled"}
COUNTED = {"counted": "8.4"}
MOVES = {"adjust": ADJUST, "receive": RECEIVE, "waste": WASTE, "stock-take": COUNTED}
READ_AVAILABILITY = ("GET", "availability", None)
STAFF_ONLY = [
    ("GET", "items", None),
    ("GET", "items/bun", None),
    ("PUT", "items/tomato", TOMATO),
    ("PUT", "recipes/1", RECIPE),
    ("PUT", "availability/1", GONE),
    ("GET", "items/bun/movements", None),
    *(("POST", f"items/bun/{kind}", body) for kind, body in MOVES.items()),
]
ROUTES = [*STAFF_ONLY, READ_AVAILABILITY]


@pytest.fixture
async def region() -> OrderingRegion:
    """A region whose property has ten buns and as much beef."""
    region = OrderingRegion()
    await region.open(bun=10, beef=10)
    return region


async def send(
    region: OrderingRegion,
    method: str,
    path: str,
    body: object = None,
    *,
    by: dict[str, str] | None = None,
    at: str = AT,
    key: str | None = None,
    if_match: str | None = None,
    if_none_match: str | None = None,
) -> Response:
    """A request by staff, unless `by` says otherwise; what is posted has a new key unless one is given."""
    conditions = {"If-Match": if_match, "If-None-Match": if_none_match}
    headers = dict(region.staff() if by is None else by)
    headers |= {name: value for name, value in conditions.items() if value is not None}
    if method == "POST" and key != "":
        headers["Idempotency-Key"] = region.key() if key is None else key
    return await call(region.inventory_app, method, f"{at}/{path}", headers=headers, json=body)


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_nobody_gets_in_without_a_token(
    region: OrderingRegion, method: str, path: str, body: object
) -> None:
    answer = await send(region, method, path, body, by={})
    assert (answer.status, answer.code) == (401, "unauthenticated")


@pytest.mark.parametrize(("method", "path", "body"), STAFF_ONLY)
async def test_stock_is_for_staff_alone(region: OrderingRegion, method: str, path: str, body: object) -> None:
    before = await region.stock.keys(CODE)
    answer = await send(region, method, path, body, by=await region.guest("ann"))
    assert (answer.status, answer.code) == (403, "forbidden")
    assert await region.stock.keys(CODE) == before


async def test_a_guest_reads_the_availability_of_its_own_property(region: OrderingRegion) -> None:
    await send(region, "PUT", "availability/1", GONE)
    ours = await send(region, *READ_AVAILABILITY, by=await region.guest("ann"))
    gone = {"menu_item_id": 1, "state": "unavailable", "quantity": None, "until": None}
    assert (ours.status, ours.json()) == (200, {"items": [gone], "continuation": None})
    theirs = await send(region, *READ_AVAILABILITY, by=await region.guest("ann", "NOR-ODE01"))
    assert (theirs.status, theirs.code) == (403, "forbidden")


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_a_property_of_another_region(
    region: OrderingRegion, method: str, path: str, body: object
) -> None:
    answer = await send(region, method, path, body, at="/v1/inventory/NOR-BER01")
    assert (answer.status, answer.code) == (421, "property_in_another_region")
    assert answer.json()["home_endpoint"] == REGIONS["api2"]


@pytest.mark.parametrize("code", ["NOR-XXX99", "nor-cph01", "x"])
@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_an_unknown_property(
    region: OrderingRegion, method: str, path: str, body: object, code: str
) -> None:
    answer = await send(region, method, path, body, at=f"/v1/inventory/{code}")
    assert (answer.status, answer.code) == (404, "property_not_found")


@pytest.mark.parametrize(("method", "path", "body"), STAFF_ONLY)
async def test_storage_out_of_reach(region: OrderingRegion, method: str, path: str, body: object) -> None:
    region.faults.down()
    answer = await send(region, method, path, body)
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "service_unavailable", "2")


async def test_an_item_is_answered_as_it_was_put(region: OrderingRegion) -> None:
    tomato = TOMATO | {"sku": "tomato", "held": "0", "available": "12.5"}
    put = await send(region, "PUT", "items/tomato", TOMATO)
    assert (put.status, put.json()) == (200, tomato)
    got = await send(region, "GET", "items/tomato")
    assert (got.status, got.json()) == (200, tomato)


async def test_an_item_that_is_put_first_opens_its_journal(region: OrderingRegion) -> None:
    await send(region, "PUT", "items/tomato", TOMATO)
    (opening,) = await movements(region, "tomato")
    del opening["movement_id"]
    assert opening == NOTHING_SAID | {
        "sku": "tomato",
        "kind": "stock-take",
        "delta": "12.5",
        "on_hand_before": "0",
        "on_hand": "12.5",
        "at": "2030-05-04T12:00:00Z",
        "by": "staff",
    }


async def test_another_on_hand_is_among_the_movements_and_another_name_is_not(region: OrderingRegion) -> None:
    region.clock.advance(seconds=1)
    assert (await send(region, "PUT", "items/bun", {"name": "Brioche", "on_hand": "10"})).status == 200
    assert len(await movements(region)) == 1
    assert (await send(region, "PUT", "items/bun", {"name": "Brioche", "on_hand": "7.5"})).status == 200
    newest, _ = await movements(region)
    said = [newest[each] for each in ("kind", "delta", "on_hand_before", "on_hand", "by")]
    assert said == ["stock-take", "-2.5", "10", "7.5", "staff"]
    assert (await send(region, "GET", "items/bun")).json()["on_hand"] == "7.5"


async def test_an_item_is_read_again_only_if_it_changed(region: OrderingRegion) -> None:
    first = await send(region, "GET", "items/bun")
    assert re.fullmatch('"[0-9a-f]{32}"', first.headers["etag"])
    same = await send(region, "GET", "items/bun", if_none_match=first.headers["etag"])
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", first.headers["etag"])
    await region.holds.reserve(CODE, "a", [StockLine(sku="bun", quantity=Decimal(4))])
    other = await send(region, "GET", "items/bun", if_none_match=first.headers["etag"])
    assert (other.status, other.json()["held"]) == (200, "4")
    assert other.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("header", ["{etag}", 'W/{etag}, "other"', "*"])
async def test_the_version_that_was_read_may_be_changed(region: OrderingRegion, header: str) -> None:
    read = await send(region, "GET", "items/bun")
    body = {"name": "Brioche", "on_hand": "12"}
    if_match = header.format(etag=read.headers["etag"])
    put = await send(region, "PUT", "items/bun", body, if_match=if_match)
    assert (put.status, put.json()["name"], put.json()["on_hand"]) == (200, "Brioche", "12")
    now = await send(region, "GET", "items/bun")
    assert (now.json(), now.headers["etag"]) == (put.json(), put.headers["etag"])


async def test_a_supplier_without_a_name_is_none_and_its_version_can_be_changed(
    region: OrderingRegion,
) -> None:
    put = await send(region, "PUT", "items/tomato", TOMATO | {"supplier": ""})
    assert (put.status, put.json()["supplier"]) == (200, None)
    assert (await send(region, "GET", "items/tomato")).headers["etag"] == put.headers["etag"]
    again = await send(region, "PUT", "items/tomato", TOMATO, if_match=put.headers["etag"])
    assert (again.status, again.json()["supplier"]) == (200, "Green & Sons")


async def test_another_version_than_was_read_is_not_changed(region: OrderingRegion) -> None:
    read = await send(region, "GET", "items/bun")
    await region.holds.reserve(CODE, "a", [StockLine(sku="bun", quantity=Decimal(4))])
    await region.holds.settle(CODE, "a", Command.CONSUME)
    before = await region.stock.keys(CODE)
    body = {"name": "Brioche", "on_hand": "10"}
    answer = await send(region, "PUT", "items/bun", body, if_match=read.headers["etag"])
    assert (answer.status, answer.code) == (412, "changed_meanwhile")
    assert answer.json()["detail"] == "bun is not the version you read: read it again and repeat your change."
    now = (await send(region, "GET", "items/bun")).json()
    assert (now["name"], now["on_hand"]) == ("bun", "6")
    assert await region.stock.keys(CODE) == before


@pytest.mark.parametrize("header", ['"other"', "*"])
async def test_what_is_not_there_is_no_version(region: OrderingRegion, header: str) -> None:
    before = await region.stock.keys(CODE)
    answer = await send(region, "PUT", "items/tomato", TOMATO, if_match=header)
    assert (answer.status, answer.code) == (412, "changed_meanwhile")
    assert answer.json()["detail"] == "There is no stock item 'tomato' to change: leave 'If-Match' out."
    assert await region.stock.keys(CODE) == before


async def test_what_is_there_already_is_put_under_any_condition(region: OrderingRegion) -> None:
    put = await send(region, "PUT", "items/tomato", TOMATO)
    again = await send(region, "PUT", "items/tomato", TOMATO, if_match='"of before"')
    assert (again.status, again.body, again.headers["etag"]) == (200, put.body, put.headers["etag"])
    assert len(await movements(region, "tomato")) == 1


async def test_items_are_listed_by_sku(region: OrderingRegion) -> None:
    await send(region, "PUT", "items/apple", {"name": "Apple", "on_hand": 3})
    listed = (await send(region, "GET", "items")).json()
    assert [each["sku"] for each in listed["items"]] == ["apple", "beef", "bun"]
    assert listed["items"][0] == (await send(region, "GET", "items/apple")).json()
    assert listed["items"][0]["unit"] == "piece"
    assert listed["continuation"] is None


async def test_limits_are_not_listed(region: OrderingRegion) -> None:
    await send(region, "PUT", "items/zest", TOMATO)
    await send(region, "PUT", "availability/7", {"state": "limited", "quantity": 2})
    first = (await send(region, "GET", "items?limit=2")).json()
    assert [each["sku"] for each in first["items"]] == ["beef", "bun"]
    last = (await send(region, "GET", f"items?limit=2&continuation={first['continuation']}")).json()
    assert ([each["sku"] for each in last["items"]], last["continuation"]) == (["zest"], None)


@pytest.mark.parametrize(
    ("sent", "answered"),
    [("1E+5", "100000"), ("-0", "0"), ("0.0000000", "0"), ("0E+9", "0"), ("2.50", "2.5"), (1e-6, "0.000001")],
)
async def test_quantities_are_answered_as_plain_decimals(
    region: OrderingRegion, sent: str | float, answered: str
) -> None:
    body = {"name": "Bun", "on_hand": sent, "reorder_point": sent}
    put = (await send(region, "PUT", "items/bun", body)).json()
    assert [put[each] for each in ("on_hand", "available", "reorder_point")] == [answered] * 3
    assert (await send(region, "GET", "items/bun")).json() == put
    counted = (await send(region, "POST", "items/beef/stock-take", {"counted": sent})).json()
    assert counted["on_hand"] == answered
    moved = (await send(region, "POST", "items/bun/adjust", {"delta": sent, "reason": "Found"})).json()
    assert (moved["delta"], moved["on_hand_before"]) == (answered, answered)


async def test_what_is_held_is_not_available(region: OrderingRegion) -> None:
    await region.holds.reserve(CODE, "a", [StockLine(sku="bun", quantity=Decimal(4))])
    bun = (await send(region, "GET", "items/bun")).json()
    assert (bun["on_hand"], bun["held"], bun["available"]) == ("10", "4", "6")


async def test_less_than_orders_hold(region: OrderingRegion) -> None:
    await region.holds.reserve(CODE, "a", [StockLine(sku="bun", quantity=Decimal(4))])
    before = (await send(region, "GET", "items/bun")).json()
    answer = await send(region, "PUT", "items/bun", {"name": "Brioche", "on_hand": "3"})
    assert (answer.status, answer.code) == (409, "less_than_held")
    assert answer.json()["detail"] == "Orders hold 4 of bun: not less can be on hand."
    assert (await send(region, "GET", "items/bun")).json() == before


async def test_an_unknown_item(region: OrderingRegion) -> None:
    answer = await send(region, "GET", "items/salt")
    assert (answer.status, answer.code) == (404, "item_not_found")
    assert answer.json()["detail"] == "There is no stock item 'salt'."


async def test_a_recipe_is_published(region: OrderingRegion) -> None:
    await send(region, "PUT", "items/tomato", TOMATO)
    answer = await send(region, "PUT", "recipes/7", RECIPE)
    assert (answer.status, answer.body) == (204, b"")
    published = await recipe_read_model(region.documents).find(CODE)
    assert published is not None
    assert published.recipes == {7: (Ingredient(sku="tomato", quantity=Decimal("0.15")),)}


async def test_a_recipe_of_what_is_no_stock_item_is_refused(region: OrderingRegion) -> None:
    await send(region, "PUT", "recipes/7", {"ingredients": [{"sku": "bun", "quantity": "1"}]})
    before = await region.stock.keys(CODE)
    wanted = [{"sku": sku, "quantity": "1"} for sku in ("salt", "bun", "pepper")]
    for menu_item_id in (7, 8):
        answer = await send(region, "PUT", f"recipes/{menu_item_id}", {"ingredients": wanted})
        assert (answer.status, answer.code) == (422, "unknown_stock_item")
        assert answer.json()["skus"] == ["salt", "pepper"]
        assert answer.json()["detail"] == (
            "There is no stock item salt, pepper: put the items that a recipe takes first."
        )
    assert await region.stock.keys(CODE) == before
    published = await recipe_read_model(region.documents).find(CODE)
    assert published is not None
    assert published.recipes == {7: (Ingredient(sku="bun", quantity=Decimal(1)),)}


async def test_a_recipe_of_another_propertys_item_is_refused(region: OrderingRegion) -> None:
    await region.add_property("NOR-ODE01")
    body = {"ingredients": [{"sku": "bun", "quantity": 1}]}
    answer = await send(region, "PUT", "recipes/7", body, at="/v1/inventory/NOR-ODE01")
    assert (answer.status, answer.code, answer.json()["skus"]) == (422, "unknown_stock_item", ["bun"])
    assert await region.stock.keys("NOR-ODE01") == []


async def test_availability_is_published_and_listed_by_menu_item(region: OrderingRegion) -> None:
    until = {"state": "unavailable", "until": "2030-05-04T18:00:00+02:00"}
    for menu_item_id, body in ((11, GONE), (2, until), (3, {"state": "available"})):
        answer = await send(region, "PUT", f"availability/{menu_item_id}", body)
        assert (answer.status, answer.body) == (204, b"")
    assert await unavailable(region) == [2, 11]
    listed = (await send(region, *READ_AVAILABILITY)).json()["items"]
    assert [each["until"] for each in listed] == ["2030-05-04T16:00:00Z", None]
    region.clock.advance(hours=4)
    assert await unavailable(region) == [11]
    published = await availability_read_model(region.documents).find(CODE)
    assert published is not None
    assert sorted(published.items) == [2, 11]


async def unavailable(region: OrderingRegion) -> list[int]:
    return [each["menu_item_id"] for each in (await send(region, *READ_AVAILABILITY)).json()["items"]]


async def test_a_limited_item_is_listed_with_what_is_left_of_it(region: OrderingRegion) -> None:
    until = "2030-05-04T18:00:00Z"
    limited = {"state": "limited", "quantity": 2, "until": until}
    assert (await send(region, "PUT", "availability/7", limited)).status == 204
    await send(region, "PUT", "items/salt", {"name": "Salt", "on_hand": 0})
    await send(region, "PUT", "recipes/8", {"ingredients": [{"sku": "salt", "quantity": "0.1"}]})
    out_of_stock = {"menu_item_id": 8, "state": "unavailable", "quantity": None, "until": None}
    listed = (await send(region, *READ_AVAILABILITY)).json()["items"]
    assert listed == [{"menu_item_id": 7, **limited}, out_of_stock]
    await region.holds.reserve(CODE, "a", [StockLine(sku="limit.7", quantity=Decimal(2))])
    await region.publishing.quiet()
    (sold_out, _) = (await send(region, *READ_AVAILABILITY)).json()["items"]
    assert sold_out == {"menu_item_id": 7, "state": "unavailable", "quantity": 0, "until": until}
    region.clock.advance(hours=6)
    assert (await send(region, *READ_AVAILABILITY)).json()["items"] == [out_of_stock]


MOVED = {
    "adjust": {"delta": "-0.5", "on_hand": "9.5", "reason": "Found"},
    "receive": {"delta": "2.5", "on_hand": "12.5", "supplier": "Green & Sons", "reference": "4711"},
    "waste": {"delta": "-0.75", "on_hand": "9.25", "reason": "Spilled"},
    "stock-take": {"delta": "-1.6", "on_hand": "8.4"},
}
NOTHING_SAID = {"reason": None, "supplier": None, "reference": None}


async def movements(region: OrderingRegion, sku: str = "bun") -> list[dict[str, object]]:
    """What was moved of an item, the newest first; its opening stock is the last."""
    listed = await send(region, "GET", f"items/{sku}/movements")
    assert (listed.status, listed.json()["continuation"]) == (200, None)
    return list(listed.json()["items"])


@pytest.mark.parametrize("kind", MOVES)
async def test_stock_is_moved_and_the_movement_answered(region: OrderingRegion, kind: str) -> None:
    region.clock.advance(seconds=1)
    key = region.key()
    answer = await send(region, "POST", f"items/bun/{kind}", MOVES[kind], key=key)
    moved: dict[str, object] = {
        "movement_id": key,
        "sku": "bun",
        "kind": kind,
        "on_hand_before": "10",
        "by": "staff",
    }
    moved |= {"at": "2030-05-04T12:00:01Z", **NOTHING_SAID, **MOVED[kind]}
    assert (answer.status, answer.json()) == (200, moved)
    assert "idempotency-replayed" not in answer.headers
    assert (await send(region, "GET", "items/bun")).json()["on_hand"] == MOVED[kind]["on_hand"]
    assert (await movements(region))[:-1] == [moved]


@pytest.mark.parametrize("kind", MOVES)
async def test_a_repeat_is_answered_with_the_same_bytes(region: OrderingRegion, kind: str) -> None:
    key, body = region.key(), MOVES[kind]
    first = await send(region, "POST", f"items/bun/{kind}", body, key=key)
    region.clock.advance(hours=1)
    reordered = dict(reversed(body.items()))
    again = await send(region, "POST", f"items/bun/{kind}", reordered, key=f'"{key.upper()}"')
    assert (again.status, again.body) == (200, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    assert len(await movements(region)) == 2


@pytest.mark.parametrize("kind", MOVES)
async def test_the_key_of_another_body_is_refused(region: OrderingRegion, kind: str) -> None:
    key = region.key()
    await send(region, "POST", f"items/bun/{kind}", MOVES[kind], key=key)
    before = (await send(region, "GET", "items/bun")).json()
    other = await send(region, "POST", f"items/bun/{kind}", {**MOVES[kind], "note": "again"}, key=key)
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert (await send(region, "GET", "items/bun")).json() == before


@pytest.mark.parametrize(
    ("key", "refusal"),
    [
        ("", (400, "idempotency_key_required")),
        ("b8a0a9a6-4f35-4b53-8a4e-7f0d7b1f2c11", (400, "idempotency_key_required")),
        ("01000000-0000-7000-8000-000000000000", (422, "idempotency_key_expired")),
    ],
)
@pytest.mark.parametrize("kind", MOVES)
async def test_without_a_good_key_nothing_is_moved(
    region: OrderingRegion, kind: str, key: str, refusal: tuple[int, str]
) -> None:
    before = await region.stock.keys(CODE)
    answer = await send(region, "POST", f"items/bun/{kind}", MOVES[kind], key=key)
    assert (answer.status, answer.code) == refusal
    assert await region.stock.keys(CODE) == before


@pytest.mark.parametrize("kind", MOVES)
async def test_an_unknown_item_is_not_moved(region: OrderingRegion, kind: str) -> None:
    answer = await send(region, "POST", f"items/salt/{kind}", MOVES[kind])
    assert (answer.status, answer.code) == (404, "item_not_found")
    listed = await send(region, "GET", "items/salt/movements")
    assert (listed.status, listed.code) == (404, "item_not_found")


async def test_less_than_orders_hold_is_not_left(region: OrderingRegion) -> None:
    await region.holds.reserve(CODE, "a", [StockLine(sku="bun", quantity=Decimal(4))])
    for kind, body in {
        "adjust": ADJUST | {"delta": "-7"},
        "waste": WASTE | {"quantity": "7"},
        "stock-take": {"counted": "3"},
    }.items():
        answer = await send(region, "POST", f"items/bun/{kind}", body)
        assert (answer.status, answer.code) == (409, "less_than_held")
        assert answer.json()["detail"] == "Orders hold 4 of bun: not less can be on hand."
    assert (await send(region, "GET", "items/bun")).json()["on_hand"] == "10"
    assert len(await movements(region)) == 1


async def test_movements_are_listed_page_by_page(region: OrderingRegion) -> None:
    for number in range(3):
        region.clock.advance(seconds=1)
        await send(region, "POST", "items/bun/receive", {"quantity": number + 1})
    seen: list[str] = []
    query = "?limit=2"
    while query:
        page = (await send(region, "GET", f"items/bun/movements{query}")).json()
        seen += [each["delta"] for each in page["items"]]
        query = f"?limit=2&continuation={page['continuation']}" if page["continuation"] else ""
    assert seen == ["3", "2", "1", "10"]


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("adjust", {"delta": "1"}, "reason"),
        ("adjust", ADJUST | {"delta": "0.0000001"}, "delta"),
        ("adjust", ADJUST | {"reason": ""}, "reason"),
        ("receive", {"quantity": 0}, "quantity"),
        ("receive", {"quantity": "-1"}, "quantity"),
        ("receive", RECEIVE | {"supplier": "x" * 201}, "supplier"),
        ("receive", RECEIVE | {"reference": "x" * 201}, "reference"),
        ("waste", {"quantity": "1"}, "reason"),
        ("waste", WASTE | {"quantity": "-1"}, "quantity"),
        ("stock-take", {}, "counted"),
        ("stock-take", {"counted": "-1"}, "counted"),
    ],
)
async def test_a_movement_that_cannot_be_is_refused(
    region: OrderingRegion, kind: str, body: object, field: str
) -> None:
    before = await region.stock.keys(CODE)
    answer = await send(region, "POST", f"items/bun/{kind}", body)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert await region.stock.keys(CODE) == before


async def test_the_limit_of_a_menu_item_is_not_moved(region: OrderingRegion) -> None:
    await send(region, "PUT", "availability/7", {"state": "limited", "quantity": 2})
    answer = await send(region, "POST", "items/limit.7/receive", RECEIVE)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert (await send(region, "GET", "items/limit.7")).json()["on_hand"] == "2"


async def test_a_body_that_says_a_thing_twice_is_refused(region: OrderingRegion) -> None:
    headers = region.staff() | {"Idempotency-Key": region.key()}
    body = b'{"counted": "1", "counted": "2"}'
    answer = await call(
        region.inventory_app, "POST", f"{AT}/items/bun/stock-take", headers=headers, body=body
    )
    assert (answer.status, answer.code) == (400, "malformed_json")


async def test_items_are_listed_page_by_page(region: OrderingRegion) -> None:
    for sku in ("egg", "ham"):
        await send(region, "PUT", f"items/{sku}", TOMATO)
    seen: list[str] = []
    query = "?limit=3"
    while query:
        page = (await send(region, "GET", f"items{query}", None)).json()
        seen += [item["sku"] for item in page["items"]]
        following = page["continuation"]
        query = f"?limit=3&continuation={following}" if following else ""
    assert seen == ["beef", "bun", "egg", "ham"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=many", "continuation=nonsense|"])
async def test_a_page_that_cannot_be_is_refused(region: OrderingRegion, query: str) -> None:
    refused = await send(region, "GET", f"items?{query}", None)
    assert (refused.status, refused.code) == (422, "invalid_request")


LONG_SKU = "x" * 65
INVALID: list[tuple[str, object, str]] = [
    (f"items/{LONG_SKU}", TOMATO, "sku"),
    ("items/a|b", TOMATO, "sku"),
    ("items/bun", {"name": "Bun"}, "on_hand"),
    ("items/bun", {"on_hand": 1}, "name"),
    ("items/bun", TOMATO | {"on_hand": -1}, "on_hand"),
    ("items/bun", TOMATO | {"on_hand": "0.0000001"}, "on_hand"),
    ("items/bun", TOMATO | {"on_hand": "1000000000000000000"}, "on_hand"),
    ("items/bun", TOMATO | {"on_hand": "many"}, "on_hand"),
    ("items/bun", TOMATO | {"on_hand": "NaN"}, "on_hand"),
    ("items/bun", TOMATO | {"name": "x" * 201}, "name"),
    ("items/bun", TOMATO | {"unit": "x" * 21}, "unit"),
    ("items/bun", TOMATO | {"supplier": "x" * 201}, "supplier"),
    ("items/bun", TOMATO | {"reorder_point": -1}, "reorder_point"),
    ("recipes/soup", RECIPE, "menu_item_id"),
    ("recipes/1", {"ingredients": [{"sku": "a b", "quantity": 1}]}, "ingredients.0.sku"),
    ("recipes/1", {"ingredients": [{"sku": "a", "quantity": -1}]}, "ingredients.0.quantity"),
    ("recipes/1", {"ingredients": [{"sku": "a", "quantity": 1}] * 2}, "ingredients"),
    ("recipes/1", {"ingredients": [{"sku": f"s{each}", "quantity": 1} for each in range(98)]}, "ingredients"),
    ("recipes/1", {"ingredients": [{"sku": "limit.1", "quantity": 1}]}, "ingredients.0.sku"),
    ("items/limit.1", TOMATO, "sku"),
    ("availability/soup", GONE, "menu_item_id"),
    ("availability/1", {"state": "sold out"}, "state"),
    ("availability/1", {"state": "limited"}, "quantity"),
    ("availability/1", {"state": "limited", "quantity": -1}, "quantity"),
    ("availability/1", {"state": "limited", "quantity": 1.5}, "quantity"),
    ("availability/1", GONE | {"quantity": 1}, "quantity"),
    ("availability/-1", GONE, "menu_item_id"),
    (f"availability/{2**53}", GONE, "menu_item_id"),
    ("availability/1", GONE | {"until": "2030-05-04T18:00:00"}, "until"),
    ("availability/1", GONE | {"until": "9999-12-31T23:59:59-01:00"}, "until"),
    ("availability/1", GONE | {"until": "0001-01-01T00:00:00+01:00"}, "until"),
    *(("availability/1", {"state": "limited", "quantity": each}, "quantity") for each in (True, "2", 2.0)),
]


@pytest.mark.parametrize(("path", "body", "field"), INVALID)
async def test_what_is_wrong_is_named_and_nothing_is_stored(
    region: OrderingRegion, path: str, body: object, field: str
) -> None:
    before = await region.stock.keys(CODE)
    answer = await send(region, "PUT", path, body)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert await region.stock.keys(CODE) == before


async def test_a_body_that_is_not_json(region: OrderingRegion) -> None:
    answer = await call(region.inventory_app, "PUT", f"{AT}/items/bun", headers=region.staff(), body=b"{")
    assert (answer.status, answer.code) == (400, "malformed_json")
