"""Access tokens checked: JWT, ES256 only, from this region's issuer or from staff's."""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from fastapi import Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from muneris.cloud.tables import Table, rows_with_prefix
from muneris.core.cache import Cache
from muneris.core.clock import Clock
from muneris.core.identity import GUEST, STAFF, Caller
from muneris.core.problems import SESSION_OF_ANOTHER_REGION, UNAUTHENTICATED, ProblemError
from muneris.core.recent import Recent

AUDIENCE = "muneris"
KEYS_PARTITION = "region"
ALGORITHMS = ["ES256"]
KEYS_FRESH_SECONDS = 60.0
"""How long a key that was withdrawn may go on being believed."""
MOST_VERIFIED = 10_000
_PREFIX = "keys|"
_KEYS_STALE_SECONDS = 3600.0
_REREAD_SECONDS = 5.0


class Keys(Protocol):
    """Finds the public key a token names."""

    async def find(self, key_id: str) -> ECKey | None:
        """The key, or None.

        Raises:
            OperationalError: the keys cannot be read now.
        """
        ...


class PublicKeys:
    """The region's public keys, as its auth app publishes them, kept in memory for a minute.

    A key that is not known has all of them read again, so that what a stranger sends names no row. Whoever
    misses one meanwhile shares that reading; one in vain is the last for a few seconds.
    """

    def __init__(self, settings: Table, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._keys = Cache(
            self._read,
            fresh_seconds=lambda _: KEYS_FRESH_SECONDS,
            stale_seconds=_KEYS_STALE_SECONDS,
            monotonic=monotonic,
        )
        self._rereading: asyncio.Task[Mapping[str, ECKey]] | None = None
        self._reread_at = float("-inf")

    async def find(self, key_id: str) -> ECKey | None:
        """The key, or None; the same object while it stays the same key."""
        known = await self._keys.get(KEYS_PARTITION)
        if key_id not in known:
            if self._rereading is None and self._monotonic() - self._reread_at >= _REREAD_SECONDS:
                self._reread_at = self._monotonic()
                self._rereading = asyncio.create_task(self._reread())
            if self._rereading is not None:
                known = await asyncio.shield(self._rereading)
            if key_id in known:
                self._reread_at = float("-inf")
        return known.get(key_id)

    async def _reread(self) -> Mapping[str, ECKey]:
        try:
            return await self._keys.get(KEYS_PARTITION, fresh=True)
        finally:
            self._rereading = None

    async def _read(self, partition: str, _held: object) -> Mapping[str, ECKey]:
        rows = rows_with_prefix(self._settings, partition, _PREFIX)
        return {row.key.removeprefix(_PREFIX): _to_key(row.text("Jwk")) async for row in rows}


@lru_cache(maxsize=64)
def _to_key(jwk: str) -> ECKey:
    return ECKey.import_key(json.loads(jwk))


@dataclass(frozen=True, slots=True)
class _Verified:
    """What a token says whose signature was found good, and the key it was checked with."""

    issuer: str
    key_id: str
    key: ECKey
    caller: Caller
    expires_at: int


class Authenticate(SecurityBase):
    """The dependency that every protected route has: who calls, or a 401.

    A token's signature is checked once a process, while its key stays; its expiry on every use. The token
    itself is not kept.
    """

    scheme_name = "AccessToken"
    model = HTTPBearer(
        bearerFormat="JWT",
        description="An access token: a guest's session (`POST /v1/auth/guest-sessions`), or staff's.",
    )

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
        self._verified = Recent[bytes, _Verified](MOST_VERIFIED)

    async def __call__(self, request: Request) -> Caller:
        """Who sends a request."""
        return await self.identify(request.headers.get("authorization"))

    async def identify(self, authorization: str | None) -> Caller:
        """Who calls, by the `Authorization` header.

        Raises:
            ProblemError: `unauthenticated`, or `session_of_another_region` with its `home_endpoint`.
            OperationalError: the region's keys cannot be read now.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthenticated("Send 'Authorization: Bearer <access token>'.")
        digest = hashlib.sha256(token.encode()).digest()
        verified = self._verified.find(digest)
        if verified is None or await self._find_key(verified.issuer, verified.key_id) is not verified.key:
            verified = await self._verify(token)
            self._verified.put(digest, verified)
        if verified.expires_at <= self._clock.now().timestamp():
            self._verified.forget(digest)
            raise _expired()
        return verified.caller

    async def _verify(self, token: str) -> _Verified:
        try:
            header, unverified = _unverified(token)
            issuer, key_id = str(unverified.get("iss")), str(header.get("kid"))
            key = await self._find_key(issuer, key_id)
            claims = jwt.decode(token, key, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise _unauthenticated("The access token is not valid.") from error
        expires_at = claims.get("exp")
        if not isinstance(expires_at, int):
            raise _expired()
        return _Verified(issuer, key_id, key, self._caller(claims), expires_at)

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


def _expired() -> ProblemError:
    return _unauthenticated("The access token has expired: get a new one.")


def _unauthenticated(detail: str) -> ProblemError:
    return UNAUTHENTICATED(detail, headers={"WWW-Authenticate": "Bearer"})
