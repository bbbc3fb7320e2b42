"""What a well-formed order is, field by field."""

import json
from copy import deepcopy
from typing import Any

import pytest
from tests.restaurant import NOON, ORDER

from muneris.core.problems import ProblemError
from muneris.orders.intake.request import read_order

LINE = {"menu_item_id": 1, "quantity": 1}
CONDIMENT = {"condiment_id": 1}
MISSING = object()


def order_with(path: str, value: object) -> bytes:
    """A good order with one member changed, or taken away."""
    order: dict[str, Any] = deepcopy({**ORDER, "lines": [{**LINE, "condiments": [CONDIMENT]}]})
    del order["expected_total"]
    target: Any = order
    *parents, last = path.split(".")
    for part in parents:
        if not isinstance(target, list):
            target.setdefault(part, {})
        target = target[int(part)] if isinstance(target, list) else target[part]
    if value is MISSING:
        del target[last]
    else:
        target[last] = value
    return json.dumps(order).encode()


def fields_refused(body: bytes, currency: str | None = "EUR") -> list[str]:
    with pytest.raises(ProblemError) as refused:
        read_order(body, NOON, currency)
    assert refused.value.type.code == "invalid_request"
    errors = refused.value.members["errors"]
    assert isinstance(errors, list)
    assert all(each["message"] for each in errors)
    return [each["field"] for each in errors]


NO_INTEGERS: tuple[object, ...] = ("2", True, 2.0, 1.5, None, [], {})
NO_TEXTS: tuple[object, ...] = (7, True, [], {})
INTEGERS = (
    "lines.0.menu_item_id",
    "lines.0.definition_sequence",
    "lines.0.price_sequence",
    "lines.0.quantity",
    "lines.0.condiments.0.condiment_id",
    "lines.0.condiments.0.definition_sequence",
    "lines.0.condiments.0.quantity",
)
TEXTS = (
    "channel",
    "fulfilment.type",
    "fulfilment.table",
    "fulfilment.requested_at",
    "lines.0.note",
    "payment.method",
    "payment.tip",
    "payment.reference",
    "expected_total",
    "customer.name",
    "customer.phone",
    "customer.email",
)
REQUIRED = (
    "channel",
    "fulfilment",
    "fulfilment.type",
    "lines",
    "lines.0.menu_item_id",
    "lines.0.quantity",
    "lines.0.condiments.0.condiment_id",
    "payment",
    "payment.method",
)


@pytest.mark.parametrize("path", INTEGERS)
def test_integers_are_strict(path: str) -> None:
    for value in NO_INTEGERS:
        assert fields_refused(order_with(path, value)) == [path], value
    read_order(order_with(path, 2), NOON, "EUR")


@pytest.mark.parametrize("path", TEXTS)
def test_texts_are_strict(path: str) -> None:
    for value in NO_TEXTS:
        assert fields_refused(order_with(path, value)) == [path], value


@pytest.mark.parametrize("path", REQUIRED)
def test_what_is_required(path: str) -> None:
    assert fields_refused(order_with(path, MISSING)) == [path]
    assert fields_refused(order_with(path, None)) == [path]


@pytest.mark.parametrize("path", ["lines.0.quantity", "lines.0.condiments.0.quantity"])
def test_a_quantity_is_1_to_999(path: str) -> None:
    for refused in (0, -1, 1000):
        assert fields_refused(order_with(path, refused)) == [path]
    for taken in (1, 999):
        read_order(order_with(path, taken), NOON, "EUR")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("channel", "phone"),
        ("fulfilment.type", "drone"),
        ("payment.method", "cash"),
        ("lines", []),
        ("lines", [LINE] * 101),
        ("lines.0.condiments", [CONDIMENT] * 31),
        ("lines.0.definition_sequence", 0),
        ("lines.0.price_sequence", 0),
        ("lines.0.note", "x" * 201),
        ("expected_total", "-1.00"),
        ("expected_total", "1e2"),
        ("expected_total", "1,00"),
        ("expected_total", " 1.00"),
        ("expected_total", "1.00\n"),
        ("expected_total", ""),
        ("expected_total", "NaN"),
        ("expected_total", "1234567890123.00"),
        ("payment.tip", "-0.01"),
        ("fulfilment.requested_at", "tomorrow"),
        ("fulfilment.requested_at", ""),
        ("fulfilment.requested_at", "2030-05-04"),
        ("fulfilment.requested_at", "2030-05-04T12:30:00"),
        ("fulfilment.requested_at", "0001-01-01T00:00:00+01:00"),
        ("fulfilment.requested_at", "9999-12-31T23:59:59-01:00"),
    ],
)
def test_what_is_refused(path: str, value: object) -> None:
    assert fields_refused(order_with(path, value)) == [path]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("lines", [LINE] * 100),
        ("lines.0.condiments", [CONDIMENT] * 30),
        ("lines.0.condiments", []),
        ("lines.0.note", "x" * 200),
        ("lines.0.note", "Søren's 🍣"),
        ("lines.0.menu_item_id", -5),
        ("customer", None),
        ("customer", {}),
        ("expected_total", None),
        ("a_field_of_tomorrow", {"anything": 1.5}),
    ],
)
def test_what_is_taken(path: str, value: object) -> None:
    read_order(order_with(path, value), NOON, "EUR")


def test_every_wrong_field_is_named() -> None:
    order = {
        **ORDER,
        "channel": "phone",
        "lines": [LINE, {**LINE, "quantity": 0, "condiments": [CONDIMENT, {"condiment_id": "1"}]}],
        "payment": {},
    }
    assert fields_refused(json.dumps(order).encode()) == [
        "channel",
        "lines.1.quantity",
        "lines.1.condiments.1.condiment_id",
        "payment.method",
    ]


@pytest.mark.parametrize(
    ("currency", "taken", "refused"),
    [
        ("EUR", "2.50", ("2", "2.5", "2.500")),
        ("JPY", "2", ("2.5", "2.50", "2.500")),
        ("KWD", "2.500", ("2", "2.5", "2.50")),
    ],
)
def test_amounts_have_the_decimals_of_the_currency(
    currency: str, taken: str, refused: tuple[str, ...]
) -> None:
    for path in ("payment.tip", "expected_total"):
        read_order(order_with(path, taken), NOON, currency)
        for amount in refused:
            assert fields_refused(order_with(path, amount), currency) == [path]


def test_amounts_of_an_unknown_property_are_not_held_to_a_currency() -> None:
    for amount in ("2", "2.5", "2.50", "2.500"):
        read_order(order_with("payment.tip", amount), NOON, None)


@pytest.mark.parametrize(
    ("requested_at", "is_late"),
    [
        ("2030-05-04T12:00:00Z", False),
        ("2030-05-04T11:59:59.999Z", True),
        ("2030-05-04T14:00:00+02:00", False),
        ("2030-05-04T13:59:59+02:00", True),
        ("2099-01-01T00:00:00Z", False),
    ],
)
def test_the_past_is_late(requested_at: str, is_late: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert read_order(order_with("fulfilment.requested_at", requested_at), NOON, "EUR").is_late is is_late


def test_lines_are_kept_as_they_were_sent() -> None:
    lines = [{**LINE, "note": None, "of_tomorrow": [1, 2.5]}]
    read = read_order(order_with("lines", lines), NOON, "EUR")
    assert read.lines == tuple(lines)
    assert read.request.lines[0].definition_sequence == 1
    assert read.request.lines[0].price_sequence == 1


def test_a_number_beyond_json_is_malformed() -> None:
    with pytest.raises(ProblemError) as refused:
        read_order(order_with("lines.0.menu_item_id", 2**53), NOON, "EUR")
    assert refused.value.type.code == "malformed_json"


def test_half_a_character_is_malformed() -> None:
    with pytest.raises(ProblemError) as refused:
        read_order(order_with("lines.0.note", "\ud83c"), NOON, "EUR")
    assert refused.value.type.code == "malformed_json"
