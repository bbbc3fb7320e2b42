"""Access tokens signed (JWT, ES256), and the public key published before the first of them leaves."""

import json
from datetime import datetime

from joserfc import jws, jwt
from joserfc.jwk import ECKey

from muneris.auth.model import ACCESS_TOKEN_LIFETIME, Session
from muneris.cloud.http.bearer import ALGORITHMS, AUDIENCE, KEYS_PARTITION
from muneris.cloud.tables import RowExistsError, Table, Transaction, get_row, rows_with_prefix
from muneris.core.identity import GUEST
from muneris.core.ids import Random

_PREFIX = "keys|"


class AccessTokens:
    """The region's issuer.

    `signing_key` is a private P-256 JWK in JSON; its public half goes to table `Settings`, where whoever
    verifies tokens reads it. A key without `kid` is named by its thumbprint (RFC 7638).
    """

    def __init__(self, settings: Table, region: str, signing_key: str, random: Random) -> None:
        self._settings = settings
        self._region = region
        self._random = random
        self._key = ECKey.import_key(json.loads(signing_key))
        self._key.ensure_kid()
        self._is_published = False

    async def issue(self, session: Session, now: datetime) -> tuple[str, int]:
        """An access token of a session and its lifetime in seconds: an hour, or what the session has left."""
        await self._publish()
        lifetime = int(min(ACCESS_TOKEN_LIFETIME, session.expires_at - now).total_seconds())
        issued_at = int(now.timestamp())
        claims = {
            "iss": self._region,
            "sub": session.subject,
            "aud": AUDIENCE,
            "scope": GUEST,
            "property": session.property_code,
            "sid": session.id,
            "iat": issued_at,
            "exp": issued_at + lifetime,
            "jti": self._random(16).hex(),
        }
        header = {"alg": ALGORITHMS[0], "typ": "JWT", "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=ALGORITHMS), lifetime

    async def public_keys(self) -> list[dict[str, str]]:
        """Every public key of the region, as a JWK (RFC 7517)."""
        await self._publish()
        rows = rows_with_prefix(self._settings, KEYS_PARTITION, _PREFIX)
        return [json.loads(row.text("Jwk")) async for row in rows]

    async def _publish(self) -> None:
        """Once a process; a key that is there already must be this one.

        Raises:
            ValueError: another key has this one's id.
        """
        if self._is_published:
            return
        key, public = f"{_PREFIX}{self._key.kid}", self._key.as_dict(private=False)
        try:
            await self._settings.transact(
                Transaction(KEYS_PARTITION).insert(key, {"Jwk": json.dumps(public, sort_keys=True)})
            )
        except RowExistsError:
            stored = ECKey.import_key(
                json.loads((await get_row(self._settings, KEYS_PARTITION, key)).text("Jwk"))
            )
            if stored.thumbprint() != self._key.thumbprint():
                raise ValueError(
                    f"The id {self._key.kid} belongs to another key: give this one its own"
                ) from None
        self._is_published = True


def session_of(access_token: str) -> str | None:
    """The session that an access token, verified before, belongs to; None for staff's."""
    claims = json.loads(jws.extract_compact(access_token.encode()).payload)
    session = claims.get("sid")
    return session if isinstance(session, str) else None
