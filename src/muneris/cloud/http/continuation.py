"""Where a list goes on, as a caller carries it from one page to the next: opaque, and never trusted."""

import base64
import re

from muneris.core.validation import refuse_invalid


def to_continuation(key: str) -> str:
    """The `continuation` of a page whose next one starts with this key."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def read_continuation(continuation: str | None, key: re.Pattern[str]) -> str:
    """The key that the asked page starts with; empty for the first page. `key` is what keys look like.

    Raises:
        ProblemError: `invalid_request`: it is none of ours.
    """
    if continuation is None:
        return ""
    try:
        text = base64.b64decode(continuation + "=" * (-len(continuation) % 4), b"-_", validate=True).decode()
    except ValueError:
        text = ""
    if key.fullmatch(text) is None:
        raise refuse_invalid([("continuation", "send the one of the page before, or none")])
    return text
