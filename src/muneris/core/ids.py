"""Identities: UUIDv7 (RFC 9562) keys, property and company codes."""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

PROPERTY_CODE = re.compile(r"^[A-Z]{3}-[A-Z0-9]{2,12}$")
COMPANY_CODE = re.compile(r"^[A-Z]{3}$")

Random = Callable[[int], bytes]
"""A source of that many random bytes."""

_VERSION = 7
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_ALL_BITS = (1 << 128) - 1
_SENT_UUID = re.compile(
    r'(?P<quote>"?)(?P<bare>[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?P=quote)'
)


def new_uuid7(now: datetime, random: Random = secrets.token_bytes) -> UUID:
    """A new UUIDv7: 48 bits of `now` in milliseconds, the rest random (RFC 9562, section 5.7)."""
    milliseconds = (now - _EPOCH) // _MILLISECOND
    tail = int.from_bytes(random(10))
    value = (milliseconds & (1 << 48) - 1) << 80 | tail
    value = value & ~(0xF << 76) | _VERSION << 76
    value = value & ~(0b11 << 62) | 0b10 << 62
    return UUID(int=value)


def parse_uuid7(text: str) -> UUID | None:
    """The UUIDv7 a client sent, bare or quoted, in any case; None if it is none."""
    match = _SENT_UUID.fullmatch(text.strip())
    if match is None:
        return None
    value = UUID(match["bare"])
    return value if value.version == _VERSION else None


def time_of(uuid7: UUID) -> datetime:
    """The moment inside a UUIDv7, to the millisecond.

    Raises:
        OverflowError: it lies beyond the year 9999.
    """
    return _EPOCH + (uuid7.int >> 80) * _MILLISECOND


def newest_first(order_id: UUID) -> str:
    """The complement of a UUID: in a table, which sorts its rows by text, the newest comes first."""
    digits = f"{_ALL_BITS ^ order_id.int:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def from_newest_first(text: str) -> UUID:
    """The UUID that `newest_first` made this text of."""
    return UUID(int=_ALL_BITS ^ UUID(text).int)


def company_of(property_code: str) -> str:
    """The company a property code belongs to: its first three letters."""
    return property_code[:3]
