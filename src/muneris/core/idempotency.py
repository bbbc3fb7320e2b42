"""`Idempotency-Key`: the identity that a client gives to what it asks for once."""

from datetime import datetime, timedelta
from uuid import UUID

from muneris.core.ids import parse_uuid7, time_of
from muneris.core.problems import IDEMPOTENCY_KEY_EXPIRED, IDEMPOTENCY_KEY_REQUIRED

OLDEST_KEY = timedelta(days=14)
FURTHEST_KEY_AHEAD = timedelta(hours=24)


def read_key(header: str | None, now: datetime) -> UUID:
    """The UUIDv7 in an Idempotency-Key.

    Raises:
        ProblemError: `idempotency_key_required` or `idempotency_key_expired`.
    """
    key = parse_uuid7(header or "")
    if key is None:
        raise IDEMPOTENCY_KEY_REQUIRED("Send 'Idempotency-Key' with a new UUIDv7, the same on every retry.")
    try:
        made_at = time_of(key)
    except (OverflowError, ValueError):
        made_at = None
    if made_at is None or not now - OLDEST_KEY <= made_at <= now + FURTHEST_KEY_AHEAD:
        raise IDEMPOTENCY_KEY_EXPIRED(
            "The key's time is over 14 days old or over 24 hours ahead: check the clock, make a new key."
        )
    return key
