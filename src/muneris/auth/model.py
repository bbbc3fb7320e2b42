"""Guest sessions and their refresh tokens. Pure."""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from muneris.core.ids import Random

SESSION_LIFETIME = timedelta(hours=24)
ACCESS_TOKEN_LIFETIME = timedelta(hours=1)

_REFRESH_TOKEN = re.compile(
    r"(?P<property_code>[A-Z]{3}-[A-Z0-9]{2,12})\.(?P<session>[\w-]{22})\.(?P<secret>[\w-]{43})", re.ASCII
)


@dataclass(frozen=True)
class RefreshToken:
    """What a client holds to go on with its session; both random parts are base64url (RFC 4648).

    The session's id is in no other token that anybody else sees: who names it has held a token of it.
    """

    property_code: str
    session: str
    secret: str

    @classmethod
    def new(cls, property_code: str, random: Random) -> Self:
        """The first token of a new session: 128 bits name it, 256 bits guard it."""
        return cls(property_code, _base64url(random(16)), _base64url(random(32)))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The token a client sent, or None: it is none of ours."""
        match = _REFRESH_TOKEN.fullmatch(text)
        return None if match is None else cls(**match.groupdict())

    def rotated(self, random: Random) -> Self:
        """The next token of the same session."""
        return replace(self, secret=_base64url(random(32)))

    @property
    def digest(self) -> bytes:
        """What is stored of the secret: its SHA-256."""
        return hashlib.sha256(self.secret.encode()).digest()

    def __str__(self) -> str:
        return f"{self.property_code}.{self.session}.{self.secret}"


@dataclass(frozen=True)
class Session:
    """A guest's session at a property: `digest` is that of the only refresh token that is still good."""

    property_code: str
    id: str
    subject: str
    expires_at: datetime
    digest: bytes

    def accepts(self, token: RefreshToken) -> bool:
        """Whether a token is the current one; told in constant time."""
        return hmac.compare_digest(self.digest, token.digest)


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
