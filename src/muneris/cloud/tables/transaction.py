"""Entity-group transactions, held to the real service's rules (the emulator is laxer)."""

import re
from collections.abc import Iterator, KeysView, Sequence
from functools import lru_cache
from itertools import chain
from typing import Literal, NamedTuple, Self

from muneris.cloud.tables.rows import Value, Values

# Limits of Azure Table Storage ("Scalability and performance targets for Table storage",
# "Understanding the Table service data model").
MAX_ROWS = 100
MAX_PAYLOAD = 4 * 1024 * 1024
MAX_ROW = 1024 * 1024
MAX_VALUE = 64 * 1024
MAX_VALUES = 252 - 1  # the mark is one, too
MAX_KEY = 1024
MARK = "Tx"
"""The value that says which transaction wrote a row last."""
MARK_LENGTH = 12
"""A mark's characters; every row has room for them from the start."""
_FORBIDDEN_IN_KEYS = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_RESERVED = frozenset({"PartitionKey", "RowKey", "Timestamp"})
# What a request carries at most (JSON: `\u0001` for two stored bytes, binary in base64).
_OPERATION_OVERHEAD = 1024  # the headers, keys and mark around one row in a multipart body
_VALUE_OVERHEAD = 64  # a value's punctuation and type
_SENT_PER_STORED_BYTE = 3
_MAX_MERGED = MAX_ROW - 2 * 2 * MAX_KEY  # as a row's keys may be longer than a payload allows for
_MARK_STORED = 8 + 2 * (len(MARK) + MARK_LENGTH) + 4

Kind = Literal["insert", "replace", "merge", "upsert", "delete"]


class BrokenRuleError(ValueError):
    """The service would refuse this: a bug of the caller."""


class Operation(NamedTuple):
    """One row's part in a transaction. `etag` is what must be stored; None: no condition.

    Its values keep the rules; `payload` is what it adds to a request, in bytes at most.
    """

    kind: Kind
    key: str
    values: Values
    etag: str | None
    payload: int

    @property
    def is_conditional(self) -> bool:
        """Whether what is stored can refuse it."""
        return self.kind != "upsert"

    def marked(self, mark: str) -> "Operation":
        """The same, with a mark of `MARK_LENGTH` on the row, if it writes one."""
        if self.kind == "delete":
            return self
        return Operation(self.kind, self.key, {**self.values, MARK: mark}, self.etag, self.payload)


class Transaction:
    """What happens together, or not at all, in one partition.

    Raises:
        BrokenRuleError: from any method that would break one of the service's rules.
    """

    def __init__(self, partition: str) -> None:
        _check_key(partition)
        self.partition = partition
        self.payload = 0
        self._operations: dict[str, Operation] = {}

    def __len__(self) -> int:
        return len(self._operations)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._operations.values())

    def __getitem__(self, key: str) -> Operation:
        return self._operations[key]

    @property
    def keys(self) -> KeysView[str]:
        """The keys of its rows."""
        return self._operations.keys()

    @property
    def only_deletes(self) -> bool:
        """Whether it leaves no row behind that could bear its mark."""
        return all(each.kind == "delete" for each in self)

    def insert(self, key: str, values: Values) -> Self:
        """Add a row that must not exist yet: the claim of its key."""
        return self._add("insert", key, values)

    def replace(self, key: str, values: Values, *, etag: str) -> Self:
        """Put new values in the place of the version `etag`."""
        return self._add("replace", key, values, etag)

    def merge(self, key: str, values: Values, *, etag: str) -> Self:
        """Change some values of the version `etag`; the others stay."""
        return self._add("merge", key, values, etag)

    def upsert(self, key: str, values: Values) -> Self:
        """Write some values whatever is there, other values stay: no concurrency check."""
        return self._add("upsert", key, values)

    def delete(self, key: str, *, etag: str) -> Self:
        """Remove the version `etag`; an absent row fails the transaction."""
        return self._add("delete", key, {}, etag)

    def add(self, operation: Operation) -> Self:
        """Add an operation of another transaction of the partition."""
        if operation.key in self._operations:
            raise BrokenRuleError(f"row {operation.key} occurs twice in one transaction")
        if len(self._operations) == MAX_ROWS:
            raise BrokenRuleError(f"a transaction holds at most {MAX_ROWS} rows")
        payload = self.payload + operation.payload
        if payload >= MAX_PAYLOAD:
            raise BrokenRuleError(f"a transaction stays below {MAX_PAYLOAD} bytes")
        self.payload = payload
        self._operations[operation.key] = operation
        return self

    def marked(self, mark: str) -> "Transaction":
        """The same, with a mark of `MARK_LENGTH` on every row that it writes."""
        marked = Transaction(self.partition)
        marked.payload = self.payload
        marked._operations = {key: each.marked(mark) for key, each in self._operations.items()}
        return marked

    def fits_with(self, others: Sequence["Transaction"]) -> bool:
        """Whether `combined` would take it after others that it does take."""
        rows: set[str] = set().union(*(each.keys for each in others))
        shared = rows & self.keys
        return (
            len(rows) + len(self) - len(shared) <= MAX_ROWS
            and sum(each.payload for each in others) + self.payload < MAX_PAYLOAD
            and all(_may_merge([each[key] for each in (*others, self) if key in each.keys]) for key in shared)
        )

    def _add(self, kind: Kind, key: str, values: Values, etag: str | None = None) -> Self:
        _check_key(key)
        payload = _OPERATION_OVERHEAD + _check_values(self.partition, key, values)
        return self.add(Operation(kind, key, values, etag, payload))


def combined(transactions: Sequence[Transaction]) -> Transaction:
    """Transactions of one partition as one.

    Upserts of one row become one: of a value that several write, the last one counts.

    Raises:
        BrokenRuleError: they share another row, or are too much for one.
    """
    if len(transactions) == 1:
        return transactions[0]
    rows: dict[str, list[Operation]] = {}
    for each in chain.from_iterable(transactions):
        rows.setdefault(each.key, []).append(each)
    whole = Transaction(transactions[0].partition)
    for operations in rows.values():
        whole.add(operations[0] if len(operations) == 1 else _merged(operations))
    return whole


def _merged(operations: Sequence[Operation]) -> Operation:
    key = operations[0].key
    if not _may_merge(operations):
        raise BrokenRuleError(f"row {key} occurs twice in one transaction")
    values = dict(chain.from_iterable(each.values.items() for each in operations))
    return Operation("upsert", key, values, None, sum(each.payload for each in operations))


def _may_merge(operations: Sequence[Operation]) -> bool:
    """Whether operations on one row may become one; sizes are added up, as if no value was written twice."""
    return (
        all(each.kind == "upsert" for each in operations)
        and sum(len(each.values) for each in operations) <= MAX_VALUES
        and sum(each.payload for each in operations) <= _MAX_MERGED
    )


def _check_key(key: str) -> None:
    if not key or len(key.encode()) > MAX_KEY:
        raise BrokenRuleError(f"a key has 1 to {MAX_KEY} bytes")
    if _FORBIDDEN_IN_KEYS.search(key):
        raise BrokenRuleError(f"{key!r} has a character that keys must not have")


def _check_values(partition: str, key: str, values: Values) -> int:
    """The values' share of the payload, in bytes, once they keep the rules."""
    if len(values) > MAX_VALUES:
        raise BrokenRuleError(f"a row has at most {MAX_VALUES} values of its own")
    names = sum(_name_length(name) for name in values)
    sizes = sum(_size(name, value) for name, value in values.items())
    if 4 + 2 * (len(partition) + len(key)) + _MARK_STORED + 8 * len(values) + 2 * names + sizes > MAX_ROW:
        raise BrokenRuleError(f"row {key} is over {MAX_ROW} bytes")
    return _VALUE_OVERHEAD * len(values) + 2 * names + _SENT_PER_STORED_BYTE * sizes


@lru_cache  # the product has few of them
def _name_length(name: str) -> int:
    if name in _RESERVED or _NAME.fullmatch(name) is None:
        raise BrokenRuleError(f"{name!r} cannot name a value")
    return len(name)


def _size(name: str, value: Value) -> int:
    if isinstance(value, bool):
        return 1
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise BrokenRuleError(f"{name} does not fit 64 bits")
        return 8
    size = len(value) if isinstance(value, bytes) else _utf_16_size(value)
    if size > MAX_VALUE:
        raise BrokenRuleError(f"{name} is over {MAX_VALUE} bytes")
    return size + 4


def _utf_16_size(text: str) -> int:
    return 2 * len(text) if text.isascii() else len(text.encode("utf-16-le"))
