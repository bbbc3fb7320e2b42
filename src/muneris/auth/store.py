"""Sessions in table `Sessions`: of their property's partition, in this region only."""

from contextlib import suppress
from dataclasses import dataclass

from muneris.auth.model import RefreshToken, Session
from muneris.cloud.tables import ANY, RowConflictError, RowMissingError, Table, Transaction, Values
from muneris.core.clock import from_rfc3339, to_rfc3339


@dataclass(frozen=True)
class StoredSession:
    """A session and the version that was read."""

    session: Session
    etag: str


class SessionStore:
    """Keeps sessions."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def add(self, session: Session) -> None:
        """Keep a new session."""
        await self._table.transact(
            Transaction(session.property_code).insert(_key(session.id), _values(session))
        )

    async def find(self, property_code: str, session_id: str) -> StoredSession | None:
        """The session, or None: it never was, or it has ended."""
        row = await self._table.find(property_code, _key(session_id))
        if row is None:
            return None
        expires_at = from_rfc3339(row.text("ExpiresAt"))
        session = Session(
            property_code, session_id, row.text("Subject"), expires_at, row.binary("SecretSha256")
        )
        return StoredSession(session, row.etag)

    async def rotate(self, stored: StoredSession, token: RefreshToken) -> bool:
        """Make `token` the only good one; False if the session has changed since it was read."""
        session = stored.session
        digest: Values = {"SecretSha256": token.digest}
        try:
            await self._table.transact(
                Transaction(session.property_code).merge(_key(session.id), digest, etag=stored.etag)
            )
        except RowConflictError:
            return False
        return True

    async def end(self, property_code: str, session_id: str) -> None:
        """Forget a session, if there is one."""
        with suppress(RowMissingError):
            await self._table.transact(Transaction(property_code).delete(_key(session_id), etag=ANY))


def _key(session_id: str) -> str:
    return f"refresh|{session_id}"


def _values(session: Session) -> Values:
    return {
        "Subject": session.subject,
        "ExpiresAt": to_rfc3339(session.expires_at),
        "SecretSha256": session.digest,
    }
