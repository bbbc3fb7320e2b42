"""Entity-group transactions, held to the real service's rules (the emulator is laxer)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Self

from muneris.cloud.tables.rows import Value, Values

# Limits of Azure Table Storage ("Scalability and performance targets for Table storage",
# "Understanding the Table service data model").
MAX_ROWS = 100
MAX_PAYLOAD = 4 * 1024 * 1024
MAX_ROW = 1024 * 1024
MAX_VALUE = 64 * 1024
MAX_VALUES = 252
MAX_KEY = 1024
_FORBIDDEN_IN_KEYS = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_RESERVED = frozenset({"PartitionKey", "RowKey", "Timestamp"})
# What a request carries at most (JSON of ASCII alone: `\u00e9` for two stored bytes, binary in base64).
_OPERATION_OVERHEAD = 1024  # the headers and keys around one row in a multipart body
_VALUE_OVERHEAD = 64  # a value's punctuation and type
_SENT_PER_STORED_BYTE = 3

Kind = Literal["insert", "replace", "merge", "upsert", "delete"]


class BrokenRuleError(ValueError):
    """The service would refuse this: a bug of the caller."""


@dataclass(frozen=True)
class Operation:
    """One row's part in a transaction. `etag` is what must be stored; None: no condition."""

    kind: Kind
    key: str
    values: Values
    etag: str | None = None


class Transaction:
    """What happens together, or not at all, in one partition.

    Raises:
        BrokenRuleError: from any method that would break one of the service's rules.
    """

    def __init__(self, partition: str) -> None:
        _check_key(partition)
        self.partition = partition
        self._operations: dict[str, Operation] = {}
        self._payload = 0

    def __len__(self) -> int:
        return len(self._operations)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._operations.values())

    def insert(self, key: str, values: Values) -> Self:
        """Add a row that must not exist yet: the claim of its key."""
        return self.add(Operation("insert", key, values))

    def replace(self, key: str, values: Values, *, etag: str) -> Self:
        """Put new values in the place of the version `etag`."""
        return self.add(Operation("replace", key, values, etag))

    def merge(self, key: str, values: Values, *, etag: str) -> Self:
        """Change some values of the version `etag`; the others stay."""
        return self.add(Operation("merge", key, values, etag))

    def upsert(self, key: str, values: Values) -> Self:
        """Write some values whatever is there, other values stay: no concurrency check."""
        return self.add(Operation("upsert", key, values))

    def delete(self, key: str, *, etag: str) -> Self:
        """Remove the version `etag`; an absent row fails the transaction."""
        return self.add(Operation("delete", key, {}, etag))

    def add(self, operation: Operation) -> Self:
        """Add an operation that was built elsewhere."""
        _check_key(operation.key)
        if operation.key in self._operations:
            raise BrokenRuleError(f"row {operation.key} occurs twice in one transaction")
        if len(self._operations) == MAX_ROWS:
            raise BrokenRuleError(f"a transaction holds at most {MAX_ROWS} rows")
        payload = self._payload + _OPERATION_OVERHEAD + _check_values(self.partition, operation)
        if payload >= MAX_PAYLOAD:
            raise BrokenRuleError(f"a transaction stays below {MAX_PAYLOAD} bytes")
        self._payload = payload
        self._operations[operation.key] = operation
        return self


def _check_key(key: str) -> None:
    if not key or len(key.encode()) > MAX_KEY:
        raise BrokenRuleError(f"a key has 1 to {MAX_KEY} bytes")
    if _FORBIDDEN_IN_KEYS.search(key):
        raise BrokenRuleError(f"{key!r} has a character that keys must not have")


def _check_values(partition: str, operation: Operation) -> int:
    """The row's share of the payload, in bytes, once its values keep the rules."""
    if len(operation.values) > MAX_VALUES:
        raise BrokenRuleError(f"a row has at most {MAX_VALUES} values of its own")
    stored = 4 + 2 * (len(partition) + len(operation.key))
    payload = 0
    for name, value in operation.values.items():
        if name in _RESERVED or not _NAME.fullmatch(name):
            raise BrokenRuleError(f"{name!r} cannot name a value")
        size = _size(name, value)
        stored += 8 + 2 * len(name) + size
        payload += _VALUE_OVERHEAD + 2 * len(name) + _SENT_PER_STORED_BYTE * size
    if stored > MAX_ROW:
        raise BrokenRuleError(f"row {operation.key} is over {MAX_ROW} bytes")
    return payload


def _size(name: str, value: Value) -> int:
    if isinstance(value, bool):
        return 1
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise BrokenRuleError(f"{name} does not fit 64 bits")
        return 8
    size = len(value) if isinstance(value, bytes) else len(value.encode("utf-16-le"))
    if size > MAX_VALUE:
        raise BrokenRuleError(f"{name} is over {MAX_VALUE} bytes")
    return size + 4
