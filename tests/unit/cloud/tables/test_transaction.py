import json

import pytest

from muneris.cloud.tables import ANY, BrokenRuleError, Transaction, Value
from muneris.cloud.tables.transaction import MARK, combined

KIB = 1024
TEXT = "é" * (32 * KIB)
"""64 KiB as the service counts: two bytes a character (UTF-16)."""
ROOM_FOR_MARK = 8 + 2 * len("Tx") + 4 + 2 * 12


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


def test_at_most_252_values_of_its_own_one_of_which_is_the_mark() -> None:
    values: dict[str, Value] = {f"V{number}": number for number in range(251)}
    assert len(Transaction("p").insert("a", values)) == 1
    with pytest.raises(BrokenRuleError, match="at most 251 values"):
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
    last = 64 * KIB - keys - names - ROOM_FOR_MARK
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


def test_a_mark_is_on_every_row_that_is_written_and_only_there() -> None:
    rows = Transaction("p").insert("a", {"V": 1}).merge("b", {}, etag="1").delete("c", etag=ANY)
    marked = rows.marked("0123456789ab")
    assert [(each.kind, each.key, dict(each.values), each.etag) for each in marked] == [
        ("insert", "a", {"V": 1, MARK: "0123456789ab"}, None),
        ("merge", "b", {MARK: "0123456789ab"}, "1"),
        ("delete", "c", {}, ANY),
    ]
    assert [dict(each.values) for each in rows] == [{"V": 1}, {}, {}]
    assert marked.payload == rows.payload


def inserts(*keys: str, size: int = 0) -> Transaction:
    rows = Transaction("p")
    for key in keys:
        rows.insert(key, {"V": b"x" * size})
    return rows


def test_transactions_combined_hold_the_operations_of_all() -> None:
    whole = combined([inserts("a", "b"), Transaction("p").delete("c", etag=ANY), inserts("d")])
    assert [(each.kind, each.key) for each in whole] == [
        ("insert", "a"),
        ("insert", "b"),
        ("delete", "c"),
        ("insert", "d"),
    ]
    assert whole.payload == inserts("a", "b", "d").delete("c", etag=ANY).payload


def test_of_upserts_of_one_row_the_last_value_counts() -> None:
    rows = [Transaction("p").upsert("a", values) for values in ({"V": 1, "W": 1}, {"V": 2}, {"X": 3})]
    whole = combined([*rows, inserts("b")])
    assert [(each.kind, each.key, dict(each.values)) for each in whole] == [
        ("upsert", "a", {"V": 2, "W": 1, "X": 3}),
        ("insert", "b", {"V": b""}),
    ]
    assert rows[1].fits_with(rows[:1])
    assert rows[2].fits_with(rows[:2])


CONDITIONAL = {
    "insert": Transaction("p").insert("a", {}),
    "merge": Transaction("p").merge("a", {}, etag=ANY),
    "replace": Transaction("p").replace("a", {}, etag=ANY),
    "delete": Transaction("p").delete("a", etag=ANY),
}


@pytest.mark.parametrize("one", CONDITIONAL)
@pytest.mark.parametrize("other", [*CONDITIONAL, "upsert"])
def test_no_row_is_shared_otherwise(one: str, other: str) -> None:
    others = {**CONDITIONAL, "upsert": Transaction("p").upsert("a", {})}
    for some in ([CONDITIONAL[one], others[other]], [others[other], CONDITIONAL[one]]):
        assert not some[1].fits_with(some[:1])
        with pytest.raises(BrokenRuleError, match="row a occurs twice"):
            combined(some)


def test_a_row_that_several_upsert_counts_once() -> None:
    rows = [inserts(f"a{number}", f"b{number}", f"c{number}").upsert("u", {}) for number in range(34)]
    assert rows[32].fits_with(rows[:32])
    assert len(combined(rows[:33])) == 100
    assert not rows[33].fits_with(rows[:33])


def test_100_rows_fit_together() -> None:
    rows = [inserts(*(f"{first + number}" for number in range(33))) for first in (0, 33, 66)]
    assert inserts("99").fits_with(rows)
    assert len(combined([*rows, inserts("99")])) == 100
    assert not inserts("99", "100").fits_with(rows)
    with pytest.raises(BrokenRuleError, match="at most 100 rows"):
        combined([*rows, inserts("99", "100")])


def test_less_than_4_mib_fits_together() -> None:
    rows = [inserts(*(f"{first + number}" for number in range(33)), size=13_600) for first in (0, 33, 66)]
    left = 4 * KIB * KIB - 1 - sum(each.payload for each in rows) - inserts("last").payload
    assert inserts("last", size=left // 3).fits_with(rows)
    assert len(combined([*rows, inserts("last", size=left // 3)])) == 100
    assert not inserts("last", size=left // 3 + 1).fits_with(rows)
    with pytest.raises(BrokenRuleError, match="stays below 4194304 bytes"):
        combined([*rows, inserts("last", size=left // 3 + 1)])


@pytest.mark.parametrize(
    "values",
    [
        [{f"{name}{number}": 1 for number in range(100)} for name in "ABC"],
        [{f"{name}{number}": b"x" * 64 * KIB for number in range(2)} for name in "ABC"],
    ],
    ids=["values", "bytes"],
)
def test_a_row_that_several_upsert_keeps_the_rules(values: list[dict[str, Value]]) -> None:
    rows = [Transaction("p").upsert("a", each) for each in values]
    assert rows[1].fits_with(rows[:1])
    assert not rows[2].fits_with(rows[:2])
    with pytest.raises(BrokenRuleError, match="row a occurs twice"):
        combined(rows)
