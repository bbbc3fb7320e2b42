"""Rows as the product reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Value = str | int | bool | bytes
Values = Mapping[str, Value]

ANY = "*"
"""The ETag that every existing row matches."""


@dataclass(frozen=True)
class Row:
    """A stored row: its keys, its values and the version (`etag`) that was read."""

    partition: str
    key: str
    values: Values
    etag: str

    def text(self, name: str) -> str:
        """A text value; empty where the row has none."""
        value = self.values.get(name, "")
        if not isinstance(value, str):
            raise TypeError(f"{name} of {self.key} is no text")
        return value

    def number(self, name: str) -> int:
        """A whole number; 0 where the row has none."""
        value = self.values.get(name, 0)
        if not isinstance(value, int):
            raise TypeError(f"{name} of {self.key} is no number")
        return value

    def binary(self, name: str) -> bytes:
        """A binary value; empty where the row has none."""
        value = self.values.get(name, b"")
        if not isinstance(value, bytes):
            raise TypeError(f"{name} of {self.key} is not binary")
        return value


@dataclass(frozen=True)
class Page:
    """One answer of a query: rows in key order, and where the next page starts (None: it was the last).

    A page may be empty and still not be the last (query time-out and pagination, Table service REST API).
    """

    rows: Sequence[Row]
    continuation: str | None
