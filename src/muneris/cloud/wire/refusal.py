"""What a service of Azure says when it does not do what it was asked."""

import re
from typing import NamedTuple

_CODE = re.compile(rb'"code"\s*:\s*"(\w+)"|<code>(\w+)</code>', re.IGNORECASE)
"""In JSON or in XML, as the service pleases ("Status and error codes", Azure Storage)."""

_TOO_MANY_REQUESTS, _REQUEST_TIMEOUT, _SERVER_ERROR = 429, 408, 500


class Refusal(NamedTuple):
    """An answer other than success: its status and the service's error code, empty if it has none."""

    status: int
    code: str

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may succeed later."""
        return self.status >= _SERVER_ERROR or self.status in {_TOO_MANY_REQUESTS, _REQUEST_TIMEOUT}

    def __str__(self) -> str:
        return f"{self.status} {self.code}".rstrip()


class RequestRefusedError(Exception):
    """A service refused what it should have taken: a bug, or a wrong setting. Never quotes the request."""


def read_refusal(status: int, body: bytes) -> Refusal:
    """The refusal that an answer is."""
    found = _CODE.search(body)
    return Refusal(status, (found[1] or found[2]).decode() if found else "")
