"""The tokens the simulated identity provider issues; signed, so they outlive a restart of the simulator."""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

ID_TOKEN_LIFETIME = timedelta(days=14)
"""STS Gen2 guide, Location Based API Requirements."""
REFRESH_TOKEN_LIFETIME = timedelta(days=28)
"""As above."""

_KEY = OctKey.import_key(b"signs the tokens of a simulator: no secret, 32 bytes and more")
_ALGORITHM = "HS256"


class TokenRefusedError(Exception):
    """A token is forged, expired or of another kind."""


class Issuer:
    """Issues and reads tokens."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def issue(self, use: str, lifetime: timedelta, subject: Mapping[str, str]) -> str:
        """A token for one use (`id`, `access` or `refresh`)."""
        now = int(self._now().timestamp())
        claims = {"use": use, "iat": now, "exp": now + int(lifetime.total_seconds()), "jti": uuid.uuid4().hex}
        return jwt.encode({"alg": _ALGORITHM}, {**subject, **claims}, _KEY)

    def read(self, token: str, use: str) -> dict[str, str]:
        """What a token says.

        Raises:
            TokenRefusedError: it is not valid for that use.
        """
        claims = _claims(token)
        if claims.get("use") != use or int(claims["exp"]) <= self._now().timestamp():
            raise TokenRefusedError("expired or of another kind")
        return {name: str(value) for name, value in claims.items()}


@lru_cache(maxsize=1024)  # the same bearer comes with every call
def _claims(token: str) -> dict[str, str | int]:
    try:
        return jwt.decode(token, _KEY, algorithms=[_ALGORITHM]).claims
    except (JoseError, ValueError) as error:
        raise TokenRefusedError("forged") from error
