"""Secrets at rest: sealed to regions' keys by JWE (RFC 7516; ECDH-ES+A256KW and A256GCM of RFC 7518)."""

import json
from collections.abc import Mapping
from typing import TypedDict, cast

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwe import GeneralJSONEncryption, GeneralJSONSerialization
from joserfc.jwk import ECKey

_AGREEMENT, _CONTENT = "ECDH-ES+A256KW", "A256GCM"
_ALGORITHMS = (_AGREEMENT, _CONTENT)
_CURVE = "P-256"

type Jwk = Mapping[str, str]
"""A key of an elliptic curve (RFC 7517)."""


class SealError(Exception):
    """A sealed value cannot be opened: for other keys, another owner, or damaged."""


class _Keys(TypedDict):
    keys: list[dict[str, str]]


def generate_sealing_key() -> str:
    """A new private key as a JWK in JSON; its `kid` is its thumbprint (RFC 7638)."""
    key = ECKey.generate_key(_CURVE, {"use": "enc", "alg": _AGREEMENT}, auto_kid=True)
    return json.dumps(key.as_dict(private=True))


def to_public_jwk(private_key: str) -> dict[str, str]:
    """The public half of a private JWK in JSON."""
    public = ECKey.import_key(json.loads(private_key)).as_dict(private=False)
    return {name: str(value) for name, value in public.items()}


class Sealer:
    """Seals so that each of the recipients can open it, and nobody else.

    Raises:
        ValueError: a recipient's key is none to seal with.
    """

    def __init__(self, recipients: Mapping[str, Jwk]) -> None:
        self._keys = [_import(f"MUNERIS_SEALING_RECIPIENTS: {name}", jwk) for name, jwk in recipients.items()]

    def seal(self, value: bytes, owner: str) -> bytes:
        """Seal a value so that it opens for the same owner only."""
        sealing = GeneralJSONEncryption({"enc": _CONTENT}, value, aad=owner.encode())
        for key in self._keys:
            sealing.add_recipient({"alg": _AGREEMENT}, key)
        return json.dumps(jwe.encrypt_json(sealing, None, algorithms=_ALGORITHMS)).encode()


class Opener:
    """Opens what was sealed to a region; its private keys are a JWK or a JWK set, in JSON.

    Raises:
        ValueError: they are none.
    """

    def __init__(self, private_keys: str) -> None:
        try:
            read = json.loads(private_keys)
        except ValueError:
            read = {}
        jwks = cast("_Keys", read)["keys"] if "keys" in read else [read]
        keys = [_import("MUNERIS_SEALING_KEY", jwk) for jwk in jwks]
        if not all(key.is_private for key in keys):
            raise ValueError("MUNERIS_SEALING_KEY has to be a private key")
        self._keys = {key.kid: key for key in keys}

    def open(self, sealed: bytes, owner: str) -> bytes:
        """The value.

        Raises:
            SealError: it was sealed for other keys or another owner, or it is damaged.
        """
        try:
            envelope = cast("GeneralJSONSerialization", json.loads(sealed))
            for recipient in envelope["recipients"]:
                key = self._keys.get(str(recipient["header"]["kid"]))
                if key is not None:
                    return self._open(
                        cast("GeneralJSONSerialization", {**envelope, "recipients": [recipient]}), key, owner
                    )
        except (JoseError, KeyError, TypeError, ValueError):
            raise SealError("damaged") from None  # the cause may quote what is sealed
        raise SealError("sealed for keys that this region does not have")

    def _open(self, envelope: GeneralJSONSerialization, key: ECKey, owner: str) -> bytes:
        opened = jwe.decrypt_json(envelope, key, algorithms=_ALGORITHMS)
        if opened.aad != owner.encode() or opened.plaintext is None:
            raise SealError("sealed for another owner")
        return opened.plaintext


def _import(setting: str, jwk: Jwk) -> ECKey:
    try:
        key = ECKey.import_key(dict(jwk))
        key.check_use("enc")
    except (JoseError, KeyError, TypeError, ValueError):
        raise ValueError(f"{setting} is no EC key in JSON that seals") from None
    if key.kid is None or key.curve_name != _CURVE:
        raise ValueError(f"{setting} has to be a key of {_CURVE} with a kid")
    return key
