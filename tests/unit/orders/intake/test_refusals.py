"""What an order is refused for, in the documented order: the first rule broken is the one that is told."""

import json
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import pytest
from tests.asgi import Response
from tests.ordering import OrderingRegion
from tests.restaurant import BURGER, CHEESE, CODE, MENU, NOON, ORDER, PLATTER, PROPERTY, SODA
from tests.tenants import REGIONS

from muneris.cloud.tables import Row
from muneris.config.ordering import Ordering
from muneris.core.ids import new_uuid7
from muneris.inventory.availability import Availability, ItemAvailability
from muneris.orders.intake.timing import OPEN, IntakeState

PAUSED = IntakeState(state="paused")
USED = str(new_uuid7(NOON, lambda count: b"\7" * count))
"""The key of an order that was accepted."""


@dataclass
class Wish:
    """An order that would be accepted, until something is done to it."""

    region: OrderingRegion
    tokens: dict[str, dict[str, str]]
    token: str = "staff"
    key: str = ""
    at: str = CODE
    order: dict[str, Any] = field(default_factory=lambda: deepcopy(GOOD))
    cut: bool = False
    state: IntakeState = OPEN

    async def send(self) -> Response:
        await self.region.switch.put(CODE, self.state)
        body = json.dumps(self.order).encode()
        by = self.tokens[self.token]
        return await self.region.place(self.key, by=by, at=self.at, body=body[:-1] if self.cut else body)


GOOD: dict[str, Any] = {
    **ORDER,
    "lines": [*ORDER["lines"], {"menu_item_id": SODA, "quantity": 1}],
    "expected_total": "24.50",
}

type Part = Literal[
    "size",
    "token",
    "key",
    "syntax",
    "channel",
    "time",
    "place",
    "home",
    "menu",
    "switch",
    "hours",
    "availability",
    "unknown",
    "condiments",
    "stock",
    "total",
    "slot",
]


@dataclass(frozen=True)
class Rule:
    """One way to be refused; rules about the same part cannot be broken together.

    `members`: what its document says beyond what every problem of its code says.
    """

    code: str
    status: int
    parts: AbstractSet[Part]
    broken_by: Callable[[Wish], None]
    members: AbstractSet[str] = frozenset()

    def __str__(self) -> str:
        return self.code


def _sets(**values: Any) -> Callable[[Wish], None]:  # noqa: ANN401 - whatever an attribute takes
    def change(wish: Wish) -> None:
        for name, value in values.items():
            setattr(wish, name, value)

    return change


def _orders(**values: object) -> Callable[[Wish], None]:
    return lambda wish: wish.order.update(values)


def _adds(line: dict[str, object], *, last: bool = False) -> Callable[[Wish], None]:
    return lambda wish: wish.order["lines"].insert(len(wish.order["lines"]) if last else 0, line)


def _late(wish: Wish) -> None:
    wish.order["fulfilment"] = {"type": "pickup", "requested_at": "2030-05-04T11:59:59Z"}


def _old_key(wish: Wish) -> None:
    wish.key = str(new_uuid7(NOON - timedelta(days=14, milliseconds=1)))


def _key_ahead(wish: Wish) -> None:
    wish.key = str(new_uuid7(NOON + timedelta(hours=24, milliseconds=1)))


def _not_configured(wish: Wish) -> None:
    _set(wish.region, status="confirmed")


def _set(region: OrderingRegion, **values: object) -> None:
    properties = region.properties.values
    properties[CODE] = properties[CODE].model_copy(update=values)


def _set_ordering(region: OrderingRegion, **values: object) -> None:
    ordering = region.properties.values[CODE].ordering.model_dump() | values
    _set(region, ordering=Ordering.model_validate(ordering))


def _too_far(wish: Wish) -> None:
    wish.order["fulfilment"] = {"type": "pickup", "requested_at": "2030-05-18T12:00:01Z"}


def _closed(wish: Wish) -> None:
    _set_ordering(wish.region, opening_hours={"mon": []})


def _one_at_once(region: OrderingRegion) -> None:
    _set_ordering(region, capacity={"pickup": {"in_progress": 1}})


def _no_menu(wish: Wish) -> None:
    wish.region.menus.values.clear()


def _sold_out(wish: Wish) -> None:
    gone = ItemAvailability(state="unavailable")
    wish.region.availability.values[CODE] = Availability(items={SODA: gone})


TOO_MUCH_CHEESE = {
    "menu_item_id": BURGER,
    "quantity": 1,
    "condiments": [{"condiment_id": CHEESE, "quantity": 3}],
}
RULES = (
    Rule("request_too_large", 413, {"size"}, _orders(padding="x" * 256 * 1024)),
    Rule("unauthenticated", 401, {"token"}, _sets(token="nobody")),
    Rule("session_of_another_region", 401, {"token"}, _sets(token="elsewhere")),
    Rule("idempotency_key_required", 400, {"key"}, _sets(key="")),
    Rule("idempotency_key_required", 400, {"key"}, _sets(key="0c2cd0d9-6d2c-4a0c-8d7c-0a3f7a1f2b11")),
    Rule("idempotency_key_expired", 422, {"key"}, _old_key),
    Rule("idempotency_key_expired", 422, {"key"}, _key_ahead),
    Rule("malformed_json", 400, {"syntax"}, _sets(cut=True)),
    Rule("invalid_request", 422, {"channel"}, _orders(channel="smoke")),
    Rule("invalid_request", 422, {"time", "home"}, _late),
    Rule("forbidden", 403, {"token"}, _sets(token="neighbour")),
    Rule("property_not_found", 404, {"place"}, _sets(at="NOR-NONE9")),
    Rule("property_not_found", 404, {"place"}, _sets(at="nowhere")),
    Rule("property_in_another_region", 421, {"place", "home"}, _sets(at="NOR-BER01")),
    Rule("idempotency_key_reused", 422, {"key"}, _sets(key=USED)),
    Rule("property_not_open", 409, {"menu"}, _not_configured),
    Rule("property_not_open", 409, {"menu"}, _no_menu),
    Rule("property_not_open", 409, {"switch"}, _sets(state=PAUSED), {"until"}),
    Rule("requested_time_unavailable", 409, {"time"}, _too_far),
    Rule("property_not_open", 409, {"hours"}, _closed, {"opens_at"}),
    Rule("too_many_open_orders", 429, {"token", "place"}, _sets(token="greedy")),
    Rule("unknown_item", 422, {"unknown"}, _adds({"menu_item_id": 404, "quantity": 1}, last=True)),
    Rule("condiment_rule", 422, {"condiments"}, _adds(TOO_MUCH_CHEESE)),
    Rule("too_many_stock_items", 422, {"stock"}, _adds({"menu_item_id": PLATTER, "quantity": 1})),
    Rule("item_unavailable", 409, {"availability"}, _sold_out),
    Rule("price_changed", 409, {"total"}, _orders(expected_total="24.51")),
    Rule("slot_full", 409, {"slot"}, lambda wish: _one_at_once(wish.region)),
)


@pytest.fixture
async def busy(region: OrderingRegion) -> OrderingRegion:
    """A region with an order accepted under `USED`, in a slot, and a guest who has as many as a guest may."""
    _one_at_once(region)
    assert (await region.place(USED)).status == 202
    region.properties.values[CODE] = PROPERTY
    for _ in range(3):
        assert (await region.place(by=await region.guest("greedy"))).status == 202
    return region


@pytest.fixture
async def wish(busy: OrderingRegion) -> Callable[[], Wish]:
    """Makes orders that would be accepted."""
    tokens = {
        "staff": busy.staff(),
        "nobody": {},
        "elsewhere": await busy.guest("ann", issuer="api2"),
        "neighbour": await busy.guest("ann", "NOR-AAR01"),
        "greedy": await busy.guest("greedy"),
    }

    def make() -> Wish:
        busy.properties.values[CODE], busy.menus.values[CODE] = PROPERTY, MENU
        busy.availability.values.clear()
        return Wish(busy, tokens, key=busy.key())

    return make


async def test_nothing_broken_is_accepted(wish: Callable[[], Wish]) -> None:
    assert (await wish().send()).status == 202


@pytest.mark.parametrize("first", range(len(RULES)), ids=lambda first: f"{first}-{RULES[first].code}")
async def test_the_first_rule_that_is_broken_is_told(
    first: int, wish: Callable[[], Wish], busy: OrderingRegion
) -> None:
    rule = RULES[first]
    stored, said = await _orders_of(busy), list(busy.bus.published)
    for later in (rule, *(each for each in RULES[first + 1 :] if not each.parts & rule.parts)):
        broken = wish()
        later.broken_by(broken)
        rule.broken_by(broken)
        answer = await broken.send()
        assert (answer.status, answer.code) == (rule.status, rule.code), f"with {later.code}"
    assert await _orders_of(busy) == stored
    assert busy.bus.published == said


async def _orders_of(region: OrderingRegion) -> list[Row]:
    """What is stored but for the switch, which the wishes themselves turn."""
    return [row for row in await region.rows() if row.key != "intake"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
async def test_a_refusal_says_all_that_is_promised(rule: Rule, wish: Callable[[], Wish]) -> None:
    broken = wish()
    rule.broken_by(broken)
    answer = await broken.send()
    document = answer.json()
    assert document["status"] == rule.status
    assert document["type"].endswith(f"/{rule.code}")
    assert document["instance"] == f"/v1/orders/{broken.at}"
    assert document["title"]
    assert document["detail"]
    assert answer.headers["muneris-region"] == "api1"
    assert answer.headers["traceparent"].split("-")[1] == document["correlation_id"]
    assert set(document) - STANDARD == EXTRA.get(rule.code, set()) | rule.members
    assert document.get("home_endpoint", REGIONS["api2"]) == REGIONS["api2"]


STANDARD = {"type", "title", "status", "detail", "instance", "code", "correlation_id"}
EXTRA = {
    "invalid_request": {"errors"},
    "session_of_another_region": {"home_endpoint"},
    "property_in_another_region": {"home_endpoint"},
    "price_changed": {"total"},
    "requested_time_unavailable": {"earliest", "latest"},
    "slot_full": {"next_free"},
}


async def test_price_changed_tells_the_total(wish: Callable[[], Wish]) -> None:
    changed = wish()
    changed.order["expected_total"] = "24.00"
    assert (await changed.send()).json()["total"] == "24.50"


async def test_too_many_open_orders_says_when_to_come_back(wish: Callable[[], Wish]) -> None:
    greedy = wish()
    greedy.token = "greedy"
    assert int((await greedy.send()).headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "key",
    [
        "not-a-uuid",
        "00000000-0000-0000-0000-000000000000",
        USED.replace("-", ""),
        f"{USED}0",
        f"{{{USED}}}",
        f"urn:uuid:{USED}",
        '"',
    ],
)
async def test_a_key_that_is_no_uuid7_is_required_anew(key: str, wish: Callable[[], Wish]) -> None:
    broken = wish()
    broken.key = key
    answer = await broken.send()
    assert (answer.status, answer.code) == (400, "idempotency_key_required")


@pytest.mark.parametrize("offset", [-timedelta(days=14), timedelta(hours=24)])
async def test_a_key_at_the_edge_of_its_time_is_taken(offset: timedelta, wish: Callable[[], Wish]) -> None:
    edge = wish()
    edge.key = str(new_uuid7(NOON + offset))
    assert (await edge.send()).status == 202


async def test_an_expired_key_is_refused_though_its_order_exists(busy: OrderingRegion) -> None:
    busy.clock.advance(days=14, seconds=1)
    answer = await busy.place(USED)
    assert (answer.status, answer.code) == (422, "idempotency_key_expired")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"NaN", b'{"a": 1, "a": 2}', b'{"a": Infinity}', b'{"a": 1} x', b"[" * 100_000],
    ids=["empty", "open", "latin", "nan", "twice", "infinity", "two", "deep"],
)
async def test_a_body_that_is_no_json_is_malformed(body: bytes, region: OrderingRegion) -> None:
    answer = await region.place(body=body)
    assert (answer.status, answer.code) == (400, "malformed_json")


@pytest.mark.parametrize("body", [b"[]", b'"order"', b"7", b"null"])
async def test_json_that_is_no_object_is_invalid(body: bytes, region: OrderingRegion) -> None:
    answer = await region.place(body=body)
    assert (answer.status, answer.code) == (422, "invalid_request")
