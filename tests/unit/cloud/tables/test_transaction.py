import json

import pytest

from muneris.cloud.tables import ANY, BrokenRuleError, Transaction, Value

KIB = 1024
TEXT = "é" * (32 * KIB)
"""64 KiB as the service counts: two bytes a character (UTF-16)."""


def test_a_transaction_holds_its_operations_in_order() -> None:
    rows = (
        Transaction("p")
        .insert("a", {"V": 1})
        .replace("b", {"V": 2}, etag="1")
        .merge("c", {"V": 3}, etag=ANY)
        .upsert("d", {"V": 4})
        .delete("e", etag="2")
    )
    assert len(rows) == 5
    assert [(each.kind, each.key, dict(each.values), each.etag) for each in rows] == [
        ("insert", "a", {"V": 1}, None),
        ("replace", "b", {"V": 2}, "1"),
        ("merge", "c", {"V": 3}, ANY),
        ("upsert", "d", {"V": 4}, None),
        ("delete", "e", {}, "2"),
    ]


def test_at_most_100_rows() -> None:
    rows = Transaction("p")
    for number in range(100):
        rows.insert(str(number), {})
    with pytest.raises(BrokenRuleError, match="at most 100 rows"):
        rows.insert("100", {})
    assert len(rows) == 100


def test_a_row_once() -> None:
    rows = Transaction("p").insert("a", {})
    with pytest.raises(BrokenRuleError, match="row a occurs twice"):
        rows.delete("a", etag=ANY)


def test_a_refused_operation_leaves_the_transaction_as_it_was() -> None:
    rows = Transaction("p").insert("a", {})
    with pytest.raises(BrokenRuleError):
        rows.insert("b", {"V": b"x" * (64 * KIB + 1)})
    assert [each.key for each in rows] == ["a"]


@pytest.mark.parametrize("character", list("/\\#?\t\n\r\0\x1f\x7f\x9f"))
def test_keys_without_the_characters_the_service_refuses(character: str) -> None:
    with pytest.raises(BrokenRuleError, match="character"):
        Transaction(f"p{character}")
    with pytest.raises(BrokenRuleError, match="character"):
        Transaction("p").insert(f"a{character}b", {})


@pytest.mark.parametrize("key", ["order|a~b", "a b", "a'b", "é🍣", "%2F", "a+b", "\xa0"])
def test_keys_with_any_other_character(key: str) -> None:
    assert [each.key for each in Transaction(key).insert(key, {})] == [key]


@pytest.mark.parametrize("key", ["k" * 1024, "é" * 512])
def test_keys_of_at_most_1_kib(key: str) -> None:
    assert len(Transaction(key).insert(key, {})) == 1
    with pytest.raises(BrokenRuleError, match="1 to 1024 bytes"):
        Transaction("p").insert(key + "k", {})
    with pytest.raises(BrokenRuleError, match="1 to 1024 bytes"):
        Transaction(key + "k")


def test_no_empty_key() -> None:
    with pytest.raises(BrokenRuleError, match="1 to 1024 bytes"):
        Transaction("")
    with pytest.raises(BrokenRuleError, match="1 to 1024 bytes"):
        Transaction("p").insert("", {})


@pytest.mark.parametrize(
    "value", [TEXT, "🍣" * (16 * KIB), b"x" * (64 * KIB)], ids=["text", "astral", "binary"]
)
def test_values_of_at_most_64_kib(value: str | bytes) -> None:
    assert len(Transaction("p").insert("a", {"V": value})) == 1
    longer = value + "x" if isinstance(value, str) else value + b"x"
    with pytest.raises(BrokenRuleError, match="V is over 65536 bytes"):
        Transaction("p").insert("a", {"V": longer})


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 0])
def test_whole_numbers_of_64_bits(value: int) -> None:
    assert len(Transaction("p").insert("a", {"V": value})) == 1


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**30])
def test_no_larger_number(value: int) -> None:
    with pytest.raises(BrokenRuleError, match="V does not fit 64 bits"):
        Transaction("p").insert("a", {"V": value})


def test_at_most_252_values_of_its_own() -> None:
    values: dict[str, Value] = {f"V{number}": number for number in range(252)}
    assert len(Transaction("p").insert("a", values)) == 1
    with pytest.raises(BrokenRuleError, match="at most 252 values"):
        Transaction("p").insert("a", {**values, "More": 1})


@pytest.mark.parametrize("name", ["A", "_a", "A1_b", "A" * 255])
def test_names_of_values(name: str) -> None:
    assert len(Transaction("p").insert("a", {name: 1})) == 1


@pytest.mark.parametrize(
    "name",
    ["", "1A", "a-b", "a.b", "a b", "é", "A\n", "A" * 256, "PartitionKey", "RowKey", "Timestamp"],
)
def test_names_that_no_value_may_have(name: str) -> None:
    with pytest.raises(BrokenRuleError, match="cannot name a value"):
        Transaction("p").insert("a", {name: 1})


def full_row(last: int) -> dict[str, Value]:
    """15 values of 64 KiB and one of `last` bytes: the row's keys and names count as well."""
    return {**{f"V{number:02}": b"x" * (64 * KIB) for number in range(15)}, "Last": b"x" * last}


def test_a_row_of_at_most_1_mib() -> None:
    # "Understanding the Table service data model": 4 + 2 (keys) + for each value 8 + 2 (name) + 4 + its size.
    keys, names = 4 + 2 * len("pa"), 15 * (8 + 2 * len("V00") + 4) + 8 + 2 * len("Last") + 4
    last = 64 * KIB - keys - names
    assert len(Transaction("p").insert("a", full_row(last))) == 1
    with pytest.raises(BrokenRuleError, match="row a is over 1048576 bytes"):
        Transaction("p").insert("a", full_row(last + 1))


@pytest.mark.parametrize("text", ["é", "\x01", "🍣"], ids=["letter", "control", "astral"])
def test_a_transaction_below_4_mib(text: str) -> None:
    """As it is sent: JSON of ASCII alone has six bytes for each of these characters' two."""
    rows = Transaction("p")
    size = 12 * KIB
    number = sum(1 for number in range(100) if fits(rows, str(number), {"V": text * size}))
    sent = len(json.dumps(text * size)) * number
    assert 0.9 * 4 * KIB * KIB < sent < 4 * KIB * KIB


def fits(rows: Transaction, key: str, values: dict[str, Value]) -> bool:
    try:
        rows.insert(key, values)
    except BrokenRuleError as error:
        assert str(error) == "a transaction stays below 4194304 bytes"  # noqa: PT017 - any other is a failure
        return False
    return True


def test_a_transaction_at_the_limit_and_one_byte_beyond() -> None:
    # Each row: 1024 around it, for each value 64 + twice its name, three bytes for each that is stored.
    full = 1024 + 64 + 2 * len("V") + 3 * (4 + 13_600)
    rows = Transaction("p")
    for number in range(99):
        rows.insert(str(number), {"V": b"x" * 13_600})
    left = 4 * KIB * KIB - 1 - 99 * full - 1024 - 64 - 2 * len("V") - 3 * 4
    assert not fits(rows, "last", {"V": b"x" * (left // 3 + 1)})
    assert fits(rows, "last", {"V": b"x" * (left // 3)})
    assert len(rows) == 100


def test_deletes_weigh_little() -> None:
    rows = Transaction("p")
    for number in range(100):
        rows.delete(str(number), etag=ANY)
    assert len(rows) == 100
