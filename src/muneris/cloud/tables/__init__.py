"""Table Storage: rows, transactions and their rules, over Azure or in memory."""

from muneris.cloud.tables.rows import ANY, Page, Row, Value, Values
from muneris.cloud.tables.table import (
    OutcomeUnknownError,
    RowChangedError,
    RowConflictError,
    RowExistsError,
    RowMissingError,
    Table,
    TableUnavailableError,
    get_row,
    rows_between,
    rows_with_prefix,
)
from muneris.cloud.tables.transaction import BrokenRuleError, Transaction

__all__ = [
    "ANY",
    "BrokenRuleError",
    "OutcomeUnknownError",
    "Page",
    "Row",
    "RowChangedError",
    "RowConflictError",
    "RowExistsError",
    "RowMissingError",
    "Table",
    "TableUnavailableError",
    "Transaction",
    "Value",
    "Values",
    "get_row",
    "rows_between",
    "rows_with_prefix",
]
