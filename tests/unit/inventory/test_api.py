"""What the routes of inventory take, answer and refuse."""

from decimal import Decimal

import pytest
from tests.asgi import Response, call
from tests.ordering import OrderingRegion
from tests.restaurant import CODE
from tests.tenants import REGIONS

from muneris.inventory.model import StockLine
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
READ_AVAILABILITY = ("GET", "availability", None)
STAFF_ONLY = [
    ("GET", "items", None),
    ("GET", "items/bun", None),
    ("PUT", "items/tomato", TOMATO),
    ("PUT", "recipes/1", RECIPE),
    ("PUT", "availability/1", GONE),
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
) -> Response:
    """A request by staff, unless `by` says otherwise."""
    headers = region.staff() if by is None else by
    return await call(region.inventory_app, method, f"{at}/{path}", headers=headers, json=body)


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_nobody_gets_in_without_a_token(
    region: OrderingRegion, method: str, path: str, body: object
) -> None:
    answer = await send(region, method, path, body, by={})
    assert (answer.status, answer.code) == (401, "unauthenticated")


@pytest.mark.parametrize(("method", "path", "body"), STAFF_ONLY)
async def test_stock_is_for_staff_alone(region: OrderingRegion, method: str, path: str, body: object) -> None:
    answer = await send(region, method, path, body, by=await region.guest("ann"))
    assert (answer.status, answer.code) == (403, "forbidden")
    assert await region.stock.keys(CODE) == ["item|beef", "item|bun"]


async def test_a_guest_reads_the_availability_of_its_own_property(region: OrderingRegion) -> None:
    await send(region, "PUT", "availability/1", GONE)
    ours = await send(region, *READ_AVAILABILITY, by=await region.guest("ann"))
    gone = {"menu_item_id": 1, "state": "unavailable", "until": None}
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


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
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


async def test_items_are_listed_by_sku(region: OrderingRegion) -> None:
    await send(region, "PUT", "items/apple", {"name": "Apple", "on_hand": 3})
    listed = (await send(region, "GET", "items")).json()
    assert [each["sku"] for each in listed["items"]] == ["apple", "beef", "bun"]
    assert listed["items"][0] == (await send(region, "GET", "items/apple")).json()
    assert listed["items"][0]["unit"] == "piece"
    assert listed["continuation"] is None


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
    answer = await send(region, "PUT", "recipes/7", RECIPE)
    assert (answer.status, answer.body) == (204, b"")
    published = await recipe_read_model(region.documents).find(CODE)
    assert published is not None
    assert published.recipes == {7: (Ingredient(sku="tomato", quantity=Decimal("0.15")),)}


async def test_availability_is_published_and_listed_by_menu_item(region: OrderingRegion) -> None:
    until = {"state": "unavailable", "until": "2030-05-04T18:00:00+02:00"}
    for menu_item_id, body in ((11, GONE), (2, until), (3, {"state": "available"})):
        answer = await send(region, "PUT", f"availability/{menu_item_id}", body)
        assert (answer.status, answer.body) == (204, b"")
    assert await unavailable(region) == [2, 11]
    region.clock.advance(hours=4)
    assert await unavailable(region) == [11]
    published = await availability_read_model(region.documents).find(CODE)
    assert published is not None
    assert sorted(published.items) == [2, 3, 11]


async def unavailable(region: OrderingRegion) -> list[int]:
    return [each["menu_item_id"] for each in (await send(region, *READ_AVAILABILITY)).json()["items"]]


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
    ("recipes/1", {"ingredients": [{"sku": "a", "quantity": 1}] * 99}, "ingredients"),
    ("availability/soup", GONE, "menu_item_id"),
    ("availability/1", {"state": "limited"}, "state"),
    ("availability/1", GONE | {"until": "2030-05-04T18:00:00"}, "until"),
]


@pytest.mark.parametrize(("path", "body", "field"), INVALID)
async def test_what_is_wrong_is_named_and_nothing_is_stored(
    region: OrderingRegion, path: str, body: object, field: str
) -> None:
    answer = await send(region, "PUT", path, body)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert await region.stock.keys(CODE) == ["item|beef", "item|bun"]


async def test_a_body_that_is_not_json(region: OrderingRegion) -> None:
    answer = await call(region.inventory_app, "PUT", f"{AT}/items/bun", headers=region.staff(), body=b"{")
    assert (answer.status, answer.code) == (400, "malformed_json")
