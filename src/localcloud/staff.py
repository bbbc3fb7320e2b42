"""The local cloud's own issuer of staff tokens: in Azure, staff sign in with Microsoft Entra ID instead."""

import json
import time

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

ISSUER = "muneris-local-staff"
LIFETIME_SECONDS = 3600

_ALGORITHM = "ES256"


def generate_signing_key() -> str:
    """A new private ES256 key as a JWK in JSON; its `kid` is its thumbprint (RFC 7638)."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": _ALGORITHM}, auto_kid=True)
    return json.dumps(key.as_dict(private=True))


def to_public_jwks(private_key: str) -> str:
    """The key set in JSON with which tokens of a private key are verified."""
    return json.dumps(KeySet([ECKey.import_key(json.loads(private_key))]).as_dict(private=False))


def issue_token(private_key: str, issued_at: int | None = None) -> str:
    """A staff token, valid in all regions for an hour.

    Args:
        private_key: the issuer's private JWK in JSON.
        issued_at: seconds since 1970; now when absent.
    """
    key = ECKey.import_key(json.loads(private_key))
    now = int(time.time()) if issued_at is None else issued_at
    claims = {
        "iss": ISSUER,
        "sub": "staff",
        "aud": "muneris",
        "scope": "staff",
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
    }
    header = {"alg": _ALGORITHM, "typ": "JWT", "kid": key.kid}
    return jwt.encode(header, claims, key, algorithms=[_ALGORITHM])
