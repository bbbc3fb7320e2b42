"""Requests compared by meaning: strict JSON in, canonical JSON (RFC 8785) and its fingerprint out."""

import hashlib
import math
import re
from collections.abc import Iterable, Sequence
from json import JSONDecoder
from typing import NoReturn

import orjson
import rfc8785

from muneris.core.problems import Json


class MalformedJsonError(ValueError):
    """The text is not one unambiguous JSON value (RFC 8259, I-JSON)."""


MAX_DEPTH = 64
"""How deep values may nest: beyond any request of ours, and whatever reads it again can."""


def _unique_members(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJsonError("a member name occurs twice in one object")
    return members


def _no_constant(name: str) -> NoReturn:
    raise MalformedJsonError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise MalformedJsonError("a number is beyond what JSON can carry exactly")
    return number


_DECODER = JSONDecoder(object_pairs_hook=_unique_members, parse_float=_finite, parse_constant=_no_constant)
_UNSURE_NUMBER = re.compile(rb"[:,\[]-?[0-9]*(?:[0-9]{16}|[.eE])")
"""One with a fraction, or an integer that may be beyond the exact ones (RFC 7493, section 2.2)."""
_HIGH_TEXT = re.compile(rb'[\xee-\xff](?:[^"\\]|\\.)*+"(?P<is_name>:?)')
"""The rest of a text from a character beyond U+DFFF on."""


def read_json(body: bytes) -> tuple[Json, str]:
    """The value a body holds, and its fingerprint.

    Raises:
        MalformedJsonError: as `parse_json` and `fingerprint`.
    """
    read = _find_read_quickly(body)
    if read is not None:
        return read
    value = parse_json(body)
    return value, fingerprint(value)


def _find_read_quickly(body: bytes) -> tuple[Json, str] | None:
    """What most bodies hold, by `orjson`, which forgives members that repeat; None: that is not sure.

    Without escapes every text has two quotes: what is written again with as many has lost no member.
    """
    if b"\\" in body or body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        return None
    try:
        value: Json = orjson.loads(body)
        written = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    if written.count(b'"') != body.count(b'"') or not _is_canonical(written):
        return None
    return value, hashlib.sha256(written).hexdigest()


def parse_json(body: bytes) -> Json:
    """The value a body holds.

    Raises:
        MalformedJsonError: it is no JSON, not UTF-8, repeats a member name, nests too deep, or has a number
            beyond every finite one.
    """
    try:
        value: Json = _DECODER.decode(body.decode())
    except MalformedJsonError:
        raise
    except RecursionError as error:
        raise MalformedJsonError("it nests too deep") from error
    except ValueError as error:
        raise MalformedJsonError(str(error)) from error
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH:  # fewer cannot nest as deep
        _check_depth(value)
    return value


def _check_depth(value: Json) -> None:
    level: list[Json] = [value]
    for _ in range(MAX_DEPTH):
        level = [part for each in level for part in _parts(each)]
        if not level:
            return
    raise MalformedJsonError(f"it nests deeper than {MAX_DEPTH} levels")


def _parts(value: Json) -> Iterable[Json]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def fingerprint(value: Json) -> str:
    """SHA-256 of the canonical form of what `parse_json` read: equal exactly when two values mean the same.

    Raises:
        MalformedJsonError: a number is beyond what JSON can carry exactly, or a text is no Unicode.
    """
    try:
        canonical = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        if not _is_canonical(canonical):
            canonical = rfc8785.dumps(value)
    except (orjson.JSONEncodeError, rfc8785.CanonicalizationError) as error:
        raise MalformedJsonError(str(error)) from error
    return hashlib.sha256(canonical).hexdigest()


def _is_canonical(written: bytes) -> bool:
    """Whether what `orjson` wrote is surely what RFC 8785 says, at a thirtieth of the cost of `rfc8785`.

    They differ in some numbers, and in the order of member names: `orjson` sorts by code points, the RFC by
    UTF-16 code units.
    """
    is_composed = written[:1] in {b"{", b"["}
    return is_composed and _UNSURE_NUMBER.search(written) is None and not _has_high_name(written)


def _has_high_name(written: bytes) -> bool:
    return not written.isascii() and any(text["is_name"] for text in _HIGH_TEXT.finditer(written))
