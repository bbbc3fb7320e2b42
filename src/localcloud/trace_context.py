"""W3C Trace Context: the `traceparent` header of version 00."""

import re
import secrets
from dataclasses import dataclass
from typing import Self

HEADER = "traceparent"
_VERSION_00 = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True)
class TraceContext:
    """A request's place in a trace, as its header says it."""

    traceparent: str

    @property
    def trace_id(self) -> str:
        """The trace's id, 32 hexadecimal digits: what people quote as the correlation id."""
        return self.traceparent.split("-")[1]

    @classmethod
    def of(cls, header: str | None) -> Self:
        """The caller's context, or the beginning of a new trace if it sent none that is valid."""
        if header and _VERSION_00.fullmatch(header):
            return cls(header)
        return cls(f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01")
