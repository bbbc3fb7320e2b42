"""Guests' sessions: started, refreshed, ended."""

import secrets
from dataclasses import dataclass

from muneris.auth.access_tokens import AccessTokens
from muneris.auth.model import SESSION_LIFETIME, RefreshToken, Session
from muneris.auth.store import SessionStore, StoredSession
from muneris.core.clock import Clock
from muneris.core.ids import Random, new_uuid7
from muneris.core.problems import SESSION_OF_ANOTHER_REGION, UNAUTHENTICATED, ProblemError
from muneris.directory import Directory


@dataclass(frozen=True)
class IssuedTokens:
    """What a client gets; `expires_in` is the access token's lifetime in seconds."""

    access_token: str
    expires_in: int
    refresh_token: str


class GuestSessions:
    """Sessions of a property's guests: nobody, with the same `sub` for 24 hours."""

    def __init__(
        self,
        store: SessionStore,
        access_tokens: AccessTokens,
        directory: Directory,
        clock: Clock,
        random: Random = secrets.token_bytes,
    ) -> None:
        self._store = store
        self._access_tokens = access_tokens
        self._directory = directory
        self._clock = clock
        self._random = random

    async def start(self, property_code: str) -> IssuedTokens:
        """A new guest at a property.

        Raises:
            ProblemError: `property_not_found`, or `property_in_another_region`.
        """
        await self._directory.require_here(property_code)
        now = self._clock.now()
        token = RefreshToken.new(property_code, self._random)
        subject = f"guest-{new_uuid7(now, self._random)}"
        session = Session(property_code, token.session, subject, now + SESSION_LIFETIME, token.digest)
        await self._store.add(session)
        return await self._issue(session, token)

    async def refresh(self, text: str) -> IssuedTokens:
        """New tokens for the current refresh token; any other one of a session ends it.

        Raises:
            ProblemError: `unauthenticated`, or `session_of_another_region`.
        """
        token = RefreshToken.parse(text)
        if token is None:
            raise _unauthenticated()
        stored = await self._get(token)
        following = token.rotated(self._random)
        # Who loses the race for a rotation has used the token a second time.
        if not self._is_good(stored, token) or not await self._store.rotate(stored, following):
            await self._store.end(token.property_code, token.session)
            raise _unauthenticated()
        return await self._issue(stored.session, following)

    async def end(self, property_code: str, session_id: str) -> None:
        """Forget a session; its access tokens run out within the hour."""
        await self._store.end(property_code, session_id)

    async def _get(self, token: RefreshToken) -> StoredSession:
        stored = await self._store.find(token.property_code, token.session)
        if stored is not None:
            return stored
        home = await self._directory.find_elsewhere(token.property_code)
        if home is not None:
            raise SESSION_OF_ANOTHER_REGION(
                f"This session belongs to {home}: call that region.",
                home_endpoint=self._directory.endpoint_of(home),
            )
        raise _unauthenticated()

    def _is_good(self, stored: StoredSession, token: RefreshToken) -> bool:
        return stored.session.accepts(token) and self._clock.now() < stored.session.expires_at

    async def _issue(self, session: Session, token: RefreshToken) -> IssuedTokens:
        access_token, expires_in = await self._access_tokens.issue(session, self._clock.now())
        return IssuedTokens(access_token, expires_in, str(token))


def _unauthenticated() -> ProblemError:
    return UNAUTHENTICATED(
        "The refresh token is not valid any more: start a new session.",
        headers={"WWW-Authenticate": "Bearer"},
    )
