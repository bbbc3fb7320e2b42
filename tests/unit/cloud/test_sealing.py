import base64
import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muneris.cloud.sealing import Seal, Sealed, SealError

RAW = bytes(range(32))
SEAL = Seal(base64.b64encode(RAW).decode())


@given(st.binary(), st.text())
def test_what_was_sealed_opens_for_its_owner(value: bytes, owner: str) -> None:
    assert SEAL.open(SEAL.seal(value, owner), owner) == value


def test_the_key_is_named_by_its_digest() -> None:
    assert SEAL.seal(b"secret", "owner").key_id == hashlib.sha256(RAW).hexdigest()[:8]


def test_equal_values_are_sealed_differently() -> None:
    assert SEAL.seal(b"secret", "owner").body != SEAL.seal(b"secret", "owner").body


@pytest.mark.parametrize(
    "change",
    [
        lambda sealed: Sealed(sealed.body[:-1] + bytes([sealed.body[-1] ^ 1]), sealed.key_id),
        lambda sealed: Sealed(sealed.body[:20], sealed.key_id),
        lambda sealed: Sealed(b"", sealed.key_id),
        lambda sealed: Sealed(sealed.body, "00000000"),
    ],
)
def test_what_was_changed_does_not_open(change: Callable[[Sealed], Sealed]) -> None:
    with pytest.raises(SealError):
        SEAL.open(change(SEAL.seal(b"secret", "owner")), "owner")


def test_another_owner_does_not_open_it() -> None:
    with pytest.raises(SealError, match="another owner"):
        SEAL.open(SEAL.seal(b"secret", "owner"), "thief")


@pytest.mark.parametrize(
    "key", ["", "short", "not base64!", "nøgle", base64.b64encode(b"16 bytes, no more").decode()]
)
def test_a_wrong_key_is_named_at_once(key: str) -> None:
    with pytest.raises(ValueError, match="MUNERIS_SEALING_KEY"):
        Seal(key)
