"""Secrets at rest: sealed by AES-256-GCM (NIST SP 800-38D), bound to what they belong to."""

import base64
import hashlib
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from muneris.core.ids import Random

_KEY_BYTES = 32
_NONCE_BYTES = 12


class SealError(Exception):
    """A sealed value cannot be opened: another key, another owner, or damage."""


@dataclass(frozen=True)
class Sealed:
    """A value nobody reads without the key that `key_id` names; `body` starts with its nonce."""

    body: bytes
    key_id: str


class Seal:
    """Seals and opens; `key` is 32 bytes in base64.

    Raises:
        ValueError: it is no such key.
    """

    def __init__(self, key: str, random: Random = secrets.token_bytes) -> None:
        try:
            raw = base64.b64decode(key, validate=True)
        except ValueError:
            raw = b""
        if len(raw) != _KEY_BYTES:
            raise ValueError(f"A sealing key is {_KEY_BYTES} bytes in base64: set MUNERIS_SEALING_KEY to one")
        self.key_id = hashlib.sha256(raw).hexdigest()[:8]
        self._cipher = AESGCM(raw)
        self._random = random

    def seal(self, value: bytes, owner: str) -> Sealed:
        """Seal a value so that it opens for the same owner only."""
        nonce = self._random(_NONCE_BYTES)
        return Sealed(nonce + self._cipher.encrypt(nonce, value, owner.encode()), self.key_id)

    def open(self, sealed: Sealed, owner: str) -> bytes:
        """The value.

        Raises:
            SealError: it was sealed with another key or for another owner, or it is damaged.
        """
        if sealed.key_id != self.key_id:
            raise SealError(f"sealed with key {sealed.key_id}, and this region's is {self.key_id}")
        nonce, body = sealed.body[:_NONCE_BYTES], sealed.body[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, body, owner.encode())
        except (InvalidTag, ValueError) as error:
            raise SealError("sealed for another owner, or damaged") from error
