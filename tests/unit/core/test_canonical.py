import hashlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from muneris.core.canonical import MalformedJsonError, fingerprint, parse_json, read_json
from muneris.core.problems import Json

TEXTS = st.text(st.characters(codec="utf-8"))
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def rfc8785_digest(value: Any) -> str:  # noqa: ANN401 - any JSON
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def mark(body: str | bytes) -> str:
    _, digest = read_json(body.encode() if isinstance(body, str) else body)
    return digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a":1,"b":2}', ' {\n"b" : 2,\t"a" : 1 } '),
        ('{"a":{"y":[],"x":{}}}', '{"a":{"x":{},"y":[]}}'),
        ("1", "1.0"),
        ("1", "1e0"),
        ("1", "10E-1"),
        ("0", "-0"),
        ("0", "-0.0"),
        ("100000000000000000000.0", "1e20"),
        ("0.1", "1e-1"),
        ('"é"', '"\\u00e9"'),
        ('"/"', '"\\/"'),
        ('"🍣"', '"\\ud83c\\udf63"'),
        ('"\\n"', '"\\u000a"'),
        ('{"a":1}', '{"\\u0061":1}'),
    ],
)
def test_equal_meanings_have_one_fingerprint(one: str, other: str) -> None:
    assert mark(one) == mark(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", '"1"'),
        ("1", "true"),
        ("0", "false"),
        ("null", '"null"'),
        ("[1,2]", "[2,1]"),
        ("[]", "{}"),
        ('{"a":null}', "{}"),
        ('"a"', '"A"'),
        ('"é"', '"e\\u0301"'),
        ("0.1", "0.10000000000000002"),
        ("9007199254740991", "9007199254740990"),
    ],
)
def test_other_meanings_have_other_fingerprints(one: str, other: str) -> None:
    assert mark(one) != mark(other)


def test_the_fingerprint_is_the_hash_of_the_canonical_form() -> None:
    # The sample of RFC 8785, section 3.2.2, and what section 3.2.3 makes of it.
    sample = r"""{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }"""
    canonical = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert mark(sample) == hashlib.sha256(canonical.encode()).hexdigest()


@settings(deadline=None)
@given(VALUES)
def test_writing_it_in_another_way_changes_nothing(value: object) -> None:
    plain = mark(json.dumps(value))
    assert mark(json.dumps(value, ensure_ascii=False, indent=2)) == plain
    assert mark(json.dumps(value, sort_keys=True, separators=(",", ":"))) == plain


ODD_TEXTS = [
    *map(chr, range(0x20)), '"', "\\", "/", "\x7f", "\x80", "\u2028", "\u2029", "\ufeff", "\uffff",
    "é", "e\u0301", "🍣",
]  # fmt: skip
MIXED = st.lists(st.sampled_from(ODD_TEXTS) | TEXTS, max_size=4).map("".join)
EDGES = st.sampled_from([0, 1, -1, 2**53 - 1, -(2**53) + 1, 0.0, -0.0, 1.0, 0.5, 1e21, 1e-7, 5e-324])
ORDER_LIKE = st.recursive(
    st.none() | st.booleans() | NUMBERS | EDGES | MIXED,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(MIXED, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(ORDER_LIKE)
@example({"\ue000": 1, "\U00010000": 2})
@example({"b": 1, "a\x00": 2, "a": 3, "A": 4, "": 5})
@example(ODD_TEXTS)
def test_every_value_is_written_as_rfc_8785_says(value: Json) -> None:
    assert fingerprint(value) == rfc8785_digest(value)


TYPICAL: dict[str, Json] = {
    "channel": "online",
    "fulfilment": {"type": "pickup", "requested_at": "2030-05-04T10:30:00Z"},
    "lines": [
        {"menu_item_id": 11001, "quantity": 2, "note": "no œuf 🍳", "condiments": [{"condiment_id": 52003}]}
    ],
    "payment": {"method": "at_counter"},
    "expected_total": "23.40",
    "customer": None,
    "gift": True,
}


def test_a_typical_order_is_read_and_written_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    digest = rfc8785_digest(TYPICAL)
    monkeypatch.delattr(rfc8785, "dumps")
    monkeypatch.delattr("muneris.core.canonical.parse_json")
    body = json.dumps(TYPICAL, ensure_ascii=False, indent=1).encode()
    assert read_json(body) == (TYPICAL, digest)
    assert fingerprint(TYPICAL) == digest


@settings(deadline=None)
@given(ORDER_LIKE, st.booleans())
def test_it_is_read_the_same_in_both_ways(value: Json, escaped: bool) -> None:  # noqa: FBT001 - a property's
    body = json.dumps(value, ensure_ascii=escaped, indent=1).encode()
    assert read_json(body) == (parse_json(body), rfc8785_digest(value))


@pytest.mark.parametrize(
    "body",
    [
        '{"a":1,"a":1}',
        '{"a":"","a":""}',
        '[{"b":{}},{"deep":[{"a":"x","b":2,"a":"y"}]}]',
        '{"":1,"":2}',
        '{"é":1,"é":2}',
        '{"a":{"a":1},"a":{"a":1}}',
    ],
)
def test_a_member_that_repeats_is_seen_without_escapes(body: str) -> None:
    with pytest.raises(MalformedJsonError, match="twice"):
        read_json(body.encode())


@pytest.mark.parametrize("value", [0.5, [1e21], {"a": -0.0}, 2**53, {"\ue000": 1}, {"a": {'🍣"': 1}}])
def test_what_needs_the_rfcs_own_rules_gets_them(value: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rfc8785, "dumps", lambda _: b"by its rules")
    assert fingerprint(value) == hashlib.sha256(b"by its rules").hexdigest()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b"{",
        b"{}{}",
        b"{'a':1}",
        b'{"a":1,}',
        b"[1,]",
        b"01",
        b"+1",
        b".5",
        b"NaN",
        b"Infinity",
        b"[-Infinity]",
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'{"deep":[{"a":1,"a":1}]}',
        b'"\n"',
        b'"\\x41"',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b"[" * 200_000,
        b"[" * 200_000 + b"]" * 200_000,
        b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
        b"1" * 5_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_not_one_unambiguous_value_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedJsonError, match=r"."):
        read_json(body)


def nested(depth: int, open_: bytes, close: bytes) -> bytes:
    return open_ * (depth - 1) + b"[]" + close * (depth - 1)


@pytest.mark.parametrize(("open_", "close"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{},{"a":', b"}]")])
def test_values_nest_64_levels_and_no_more(open_: bytes, close: bytes) -> None:
    levels = len(close)
    read_json(nested(63 // levels + 1, open_, close))
    with pytest.raises(MalformedJsonError, match="64 levels"):
        read_json(nested(64 // levels + 1, open_, close))


def test_many_values_that_do_not_nest_are_read() -> None:
    assert parse_json(b"[" + b"{}," * 999 + b"{}]") == [{}] * 1000


@pytest.mark.parametrize(
    "body",
    [
        b"9007199254740993",
        b"-9007199254740993",
        b"1" * 400,
        b"1e400",
        b"-1e400",
        b'"\\ud800"',
        b'{"\\udc00":1}',
        b'["\\ude03\\ud83d"]',
    ],
)
def test_what_no_two_readers_agree_on_has_no_fingerprint(body: bytes) -> None:
    with pytest.raises(MalformedJsonError, match=r"."):
        mark(body)


@settings(deadline=None)
@given(
    st.binary(max_size=200)
    | st.text(alphabet='{}[]",:0123456789.eE+-\\u dfNaItrulsk', max_size=60).map(str.encode)
    | st.integers(0, 5_000).map(lambda depth: b"[" * depth + b"]" * depth)
)
@example(b"[" * 990 + b"]" * 990)
@example(b'{"a":' * 990 + b"1" + b"}" * 990)
def test_whatever_is_sent_has_a_fingerprint_or_is_malformed(body: bytes) -> None:
    try:
        digest = mark(body)
    except MalformedJsonError:
        return
    assert len(digest) == 64
