import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muneris.cloud.sealing import Opener, Sealer, SealError, generate_sealing_key, to_public_jwk

PRIVATE = {region: generate_sealing_key() for region in ("api1", "api2", "api3")}
SEALER = Sealer({region: to_public_jwk(key) for region, key in PRIVATE.items()})
OPENER = Opener(PRIVATE["api2"])


@settings(max_examples=20)
@given(st.binary(), st.text(min_size=1))
def test_what_was_sealed_opens_for_its_owner(value: bytes, owner: str) -> None:
    assert OPENER.open(SEALER.seal(value, owner), owner) == value


@pytest.mark.parametrize("region", PRIVATE)
def test_each_recipient_opens_it(region: str) -> None:
    assert Opener(PRIVATE[region]).open(SEALER.seal(b"secret", "owner"), "owner") == b"secret"


def test_nobody_else_opens_it() -> None:
    with pytest.raises(SealError, match="does not have"):
        Opener(generate_sealing_key()).open(SEALER.seal(b"secret", "owner"), "owner")


def test_an_older_key_in_the_set_still_opens() -> None:
    keys = [json.loads(generate_sealing_key()), json.loads(PRIVATE["api1"])]
    opener = Opener(json.dumps({"keys": keys}))
    assert opener.open(SEALER.seal(b"secret", "owner"), "owner") == b"secret"


def test_equal_values_are_sealed_differently() -> None:
    sealed = SEALER.seal(b"secret", "owner")
    assert sealed != SEALER.seal(b"secret", "owner")
    assert b"secret" not in sealed


def test_another_owner_does_not_open_it() -> None:
    with pytest.raises(SealError, match="another owner"):
        OPENER.open(SEALER.seal(b"secret", "owner"), "thief")


def changed(name: str, value: str) -> Callable[[dict[str, Any]], object]:
    return lambda envelope: envelope | {name: value}


@pytest.mark.parametrize(
    "change",
    [
        changed("ciphertext", "AAAA"),
        changed("tag", "AAAAAAAAAAAAAAAAAAAAAA"),
        changed("aad", base64.urlsafe_b64encode(b"thief").decode().rstrip("=")),
        changed("recipients", ""),
        lambda envelope: {name: value for name, value in envelope.items() if name != "iv"},
        lambda _: [],
    ],
)
def test_what_was_changed_does_not_open(change: Callable[[dict[str, Any]], object]) -> None:
    damaged = json.dumps(change(json.loads(SEALER.seal(b"secret", "owner")))).encode()
    for owner in ("owner", "thief"):
        with pytest.raises(SealError):
            OPENER.open(damaged, owner)


def test_what_is_no_json_does_not_open() -> None:
    with pytest.raises(SealError, match="damaged"):
        OPENER.open(b"\xff", "owner")


@pytest.mark.parametrize(
    "key",
    ["", "short", "{}", "[]", '{"keys": [{}]}', '{"kty": "EC"}', json.dumps(to_public_jwk(PRIVATE["api1"]))],
    ids=["empty", "text", "object", "list", "key set", "type alone", "public"],
)
def test_a_wrong_private_key_is_named_at_once(key: str) -> None:
    with pytest.raises(ValueError, match="MUNERIS_SEALING_KEY"):
        Opener(key)


def test_a_wrong_recipient_is_named_at_once() -> None:
    with pytest.raises(ValueError, match="MUNERIS_SEALING_RECIPIENTS: api1"):
        Sealer({"api1": {"kty": "EC"}})


def test_a_public_key_has_nothing_private() -> None:
    assert set(to_public_jwk(PRIVATE["api1"])) == {"kty", "crv", "x", "y", "use", "alg", "kid"}
