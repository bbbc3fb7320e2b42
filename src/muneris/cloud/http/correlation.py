"""The id that ties a request, its answer, its events and its logs together (W3C Trace Context)."""

import re
import secrets
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$")
_current: ContextVar[str] = ContextVar("correlation_id", default="")


def correlation_id() -> str:
    """The current request's trace id; empty outside of one."""
    return _current.get()


def enter(traceparent: str | None) -> str:
    """Take on a caller's trace, or begin one; the `traceparent` of our own part in it."""
    match = _TRACEPARENT.match(traceparent or "")
    drawn = secrets.token_hex(16 + 8)
    trace = match.group(1) if match and set(match.group(1)) != {"0"} else drawn[:32]
    _current.set(trace)
    return f"00-{trace}-{drawn[32:]}-01"
