"""The tokens the simulated identity provider issues; signed, so they outlive a restart of the simulator."""

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

_KEY = OctKey.import_key(b"signs the tokens of a simulator: no secret, 32 bytes and more")
_ALGORITHM = "HS256"


class TokenRefusedError(Exception):
    """A token is forged, expired, revoked or of another kind."""


class Issuer:
    """Issues and reads tokens."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._generations: Counter[tuple[str, str, str]] = Counter()

    def issue(self, use: str, seconds: int, subject: Mapping[str, str]) -> str:
        """A token for one use (`id`, `access` or `refresh`) that lives so many seconds."""
        now = int(self._now().timestamp())
        generation = self._generations[_whose(use, subject)]
        claims = {"use": use, "iat": now, "exp": now + seconds, "jti": uuid.uuid4().hex, "gen": generation}
        return jwt.encode({"alg": _ALGORITHM}, {**subject, **claims}, _KEY)

    def read(self, token: str, use: str) -> dict[str, str]:
        """What a token says.

        Raises:
            TokenRefusedError: it is not valid for that use.
        """
        claims = {name: str(value) for name, value in _claims(token).items()}
        if claims.get("use") != use or int(claims["exp"]) <= self._now().timestamp():
            raise TokenRefusedError("expired or of another kind")
        if int(claims.get("gen", "0")) < self._generations[_whose(use, claims)]:
            raise TokenRefusedError("revoked")
        return claims

    def revoke(self, use: str, subject: Mapping[str, str]) -> None:
        """Let no token of a use be valid that was issued to a subject so far."""
        self._generations[_whose(use, subject)] += 1


def _whose(use: str, subject: Mapping[str, str]) -> tuple[str, str, str]:
    return use, subject["org"], subject["sub"]


@lru_cache(maxsize=1024)  # the same bearer comes with every call
def _claims(token: str) -> dict[str, str | int]:
    try:
        return jwt.decode(token, _KEY, algorithms=[_ALGORITHM]).claims
    except (JoseError, ValueError) as error:
        raise TokenRefusedError("forged") from error
