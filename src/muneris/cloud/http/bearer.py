"""Access tokens checked: JWT, ES256 only, from this region's issuer or from staff's."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Annotated, Protocol

from fastapi import Depends, Header
from fastapi.security import HTTPBearer
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from muneris.cloud.tables import Table, rows_with_prefix
from muneris.core.clock import Clock
from muneris.core.identity import GUEST, STAFF, Caller
from muneris.core.problems import SESSION_OF_ANOTHER_REGION, UNAUTHENTICATED, ProblemError

AUDIENCE = "muneris"
KEYS_PARTITION = "region"
ALGORITHMS = ["ES256"]
_PREFIX = "keys|"
_REREAD_SECONDS = 5.0
_SCHEME = HTTPBearer(
    scheme_name="AccessToken",
    bearerFormat="JWT",
    description="An access token: a guest's session (`POST /v1/auth/guest-sessions`), or staff's.",
    auto_error=False,
)
"""How a caller signs its requests, for the OpenAPI document only."""


class Keys(Protocol):
    """Finds the public key a token names."""

    async def find(self, key_id: str) -> ECKey | None:
        """The key, or None.

        Raises:
            OperationalError: the keys cannot be read now.
        """
        ...


class PublicKeys:
    """The region's public keys, as its auth app publishes them, kept in memory.

    A key that is not known has all of them read again, so that what a stranger sends names no row. A
    reading in vain is the last one for a few seconds, and the keys it brought serve meanwhile.
    """

    def __init__(self, settings: Table, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._known: dict[str, ECKey] = {}
        self._read_in_vain_at = float("-inf")

    async def find(self, key_id: str) -> ECKey | None:
        """The key, or None."""
        if key_id not in self._known and self._monotonic() - self._read_in_vain_at >= _REREAD_SECONDS:
            self._known = await self._read()
            if key_id not in self._known:
                self._read_in_vain_at = self._monotonic()
        return self._known.get(key_id)

    async def _read(self) -> dict[str, ECKey]:
        rows = rows_with_prefix(self._settings, KEYS_PARTITION, _PREFIX)
        return {
            row.key.removeprefix(_PREFIX): ECKey.import_key(json.loads(row.text("Jwk"))) async for row in rows
        }


class Authenticate:
    """The dependency that every protected route has: who calls, or a 401."""

    def __init__(
        self,
        region: str,
        regions: Mapping[str, str],
        region_keys: Keys,
        staff_issuer: str,
        staff_jwks: str,
        clock: Clock,
    ) -> None:
        self._region = region
        self._regions = regions
        self._region_keys = region_keys
        self._staff_issuer = staff_issuer
        keys = KeySet.import_key_set(json.loads(staff_jwks)).keys
        self._staff_keys = {str(key.kid): key for key in keys if isinstance(key, ECKey)}
        self._clock = clock

    async def __call__(
        self,
        authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
        _scheme: Annotated[object, Depends(_SCHEME)] = None,
    ) -> Caller:
        """Who calls, by the `Authorization` header.

        Raises:
            ProblemError: `unauthenticated`, or `session_of_another_region` with its `home_endpoint`.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthenticated("Send 'Authorization: Bearer <access token>'.")
        try:
            header, claims = _unverified(token)
            key = await self._find_key(str(claims.get("iss")), str(header.get("kid")))
            verified = jwt.decode(token, key, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise _unauthenticated("The access token is not valid.") from error
        return self._caller(verified)

    async def _find_key(self, issuer: str, key_id: str) -> ECKey:
        if issuer != self._region and issuer in self._regions:
            raise SESSION_OF_ANOTHER_REGION(
                f"This session belongs to {issuer}: call that region.",
                home_endpoint=self._regions[issuer],
            )
        key: ECKey | None = None
        if issuer == self._staff_issuer:
            key = self._staff_keys.get(key_id)
        elif issuer == self._region:
            key = await self._region_keys.find(key_id)
        if key is None:
            raise _unauthenticated("The access token was not issued for us.")
        return key

    def _caller(self, claims: Mapping[str, object]) -> Caller:
        expires = claims.get("exp")
        if not isinstance(expires, int) or expires <= self._clock.now().timestamp():
            raise _unauthenticated("The access token has expired: get a new one.")
        if claims.get("aud") != AUDIENCE:
            raise _unauthenticated("The access token was not issued for us.")
        subject, scope, bound = claims.get("sub"), claims.get("scope"), claims.get("property")
        from_staff = claims.get("iss") == self._staff_issuer
        # Only staff's issuer makes staff; no other issuer can.
        if not isinstance(subject, str) or (scope == STAFF) != from_staff or scope not in (STAFF, GUEST):
            raise _unauthenticated("The access token lacks what we need.")
        return Caller(subject, str(scope), bound if isinstance(bound, str) else None)


def _unverified(token: str) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """A token's header and claims before its signature is checked: only to find the key."""
    compact = jws.extract_compact(token.encode())
    claims = json.loads(compact.payload)
    if not isinstance(claims, dict):
        raise TypeError("claims are an object")
    return compact.headers(), claims


def _unauthenticated(detail: str) -> ProblemError:
    return UNAUTHENTICATED(detail, headers={"WWW-Authenticate": "Bearer"})
