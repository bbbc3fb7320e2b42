"""What it means for a table that the service refused a request."""

from collections.abc import Mapping

from muneris.cloud.tables.table import (
    RowChangedError,
    RowConflictError,
    RowExistsError,
    RowMissingError,
    TableUnavailableError,
)
from muneris.cloud.wire.refusal import Refusal, RequestRefusedError

_CONFLICTS: Mapping[str, type[RowConflictError]] = {
    "EntityAlreadyExists": RowExistsError,
    "ResourceNotFound": RowMissingError,
    "EntityNotFound": RowMissingError,
    "UpdateConditionNotSatisfied": RowChangedError,
    "ConditionNotMet": RowChangedError,
}
"""Error codes that say a condition did not hold ("Table service error codes"). In a transaction their status
is 400 by the documentation, and their own in fact."""


def is_conflict(refusal: Refusal) -> bool:
    """Whether a condition did not hold."""
    return refusal.code in _CONFLICTS


def error_of(
    refusal: Refusal, key: str | None = None, unavailable: type[TableUnavailableError] = TableUnavailableError
) -> Exception:
    """What to raise: a conflict of row `key`, `unavailable` if it may pass, else a bug of ours."""
    conflict = _CONFLICTS.get(refusal.code)
    if conflict is not None:
        return conflict(key)
    if refusal.is_temporary:
        return unavailable(str(refusal))
    return RequestRefusedError(str(refusal))
