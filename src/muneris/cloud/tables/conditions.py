"""What a transaction's operations require of the rows that are stored."""

from muneris.cloud.tables.rows import ANY, Row
from muneris.cloud.tables.table import RowChangedError, RowConflictError, RowExistsError, RowMissingError
from muneris.cloud.tables.transaction import Operation


def find_conflict(operation: Operation, stored: Row | None) -> RowConflictError | None:
    """Why an operation cannot be carried out on what is stored under its key; None: it can."""
    if operation.kind == "insert":
        return None if stored is None else RowExistsError(operation.key)
    if operation.etag is None:
        return None
    if stored is None:
        return RowMissingError(operation.key)
    return None if operation.etag in {ANY, stored.etag} else RowChangedError(operation.key)
