"""Transactions as Table Storage takes and answers them ("Performing entity group transactions", REST API)."""

import re
from collections.abc import Mapping, Sequence

from muneris.cloud.tables.entities import ENTITY_TYPE, entity_json, entity_url
from muneris.cloud.tables.refusals import error_of, is_conflict
from muneris.cloud.tables.rows import ANY
from muneris.cloud.tables.table import OutcomeUnknownError, TableUnavailableError
from muneris.cloud.tables.transaction import Kind, Operation, Transaction
from muneris.cloud.wire.refusal import Refusal, read_refusal
from muneris.cloud.wire.requests import Answer

# Nothing in a body can be taken for a boundary: JSON escapes line breaks, addresses encode them.
BATCH_TYPE = "multipart/mixed; boundary=batch_muneris"
_OPENING = b"--batch_muneris\r\nContent-Type: multipart/mixed; boundary=changeset_muneris\r\n\r\n"
_OPERATION = (
    "--changeset_muneris\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
)
_CLOSING = b"--changeset_muneris--\r\n--batch_muneris--\r\n"

_METHODS: Mapping[Kind, str] = {
    "insert": "POST",
    "replace": "PUT",
    "merge": "PATCH",
    "upsert": "PATCH",
    "delete": "DELETE",
}
_HEADERS = f"Accept: {ENTITY_TYPE}\r\nDataServiceVersion: 3.0\r\n"
_HEADERS_OF_ENTITY = f"{_HEADERS}Content-Type: application/json\r\nPrefer: return-no-content\r\n"

_ACCEPTED, _FIRST_ERROR = 202, 400
_RESULT = re.compile(rb"\nHTTP/1\.1 (\d{3})[^\r]*((?:\r\n[^\r]+)*)\r\n\r\n")
_ETAG = re.compile(rb"\n[Ee][Tt][Aa][Gg]: *([^\r]+)")
_FAILED_INDEX = re.compile(rb'(?:"value"\s*:\s*"|<message[^>]*>)(\d{1,2}):', re.IGNORECASE)


def batch_body(table_url: str, transaction: Transaction) -> bytes:
    """The body of the request that carries out a transaction."""
    operations = [_operation(table_url, transaction.partition, each) for each in transaction]
    return b"".join((_OPENING, *operations, _CLOSING))


def _operation(table_url: str, partition: str, operation: Operation) -> bytes:
    kind, key = operation.kind, operation.key
    url = table_url if kind == "insert" else entity_url(table_url, partition, key)
    condition = "" if kind in {"insert", "upsert"} else f"If-Match: {operation.etag or ANY}\r\n"
    headers, entity = _HEADERS, b""
    if kind != "delete":
        headers, entity = _HEADERS_OF_ENTITY, entity_json(partition, key, operation.values)
    head = f"{_OPERATION}{_METHODS[kind]} {url} HTTP/1.1\r\n{headers}{condition}\r\n"
    return b"%b%b\r\n" % (head.encode("ascii"), entity)


def read_batch(answer: Answer, transaction: Transaction) -> Mapping[str, str]:
    """The new ETag of each row that the transaction wrote.

    Raises:
        RowConflictError: a condition did not hold; nothing was written.
        OutcomeUnknownError: the answer leaves it open whether anything was written.
        TableUnavailableError: nothing was written; trying again will do.
        RequestRefusedError: the transaction should have been taken; nothing was written.
    """
    if answer.status >= _FIRST_ERROR:
        raise error_of(read_refusal(answer.status, answer.body), None, OutcomeUnknownError)
    results = _RESULT.findall(answer.body) if answer.status == _ACCEPTED else []
    for status, _ in results:
        if int(status) >= _FIRST_ERROR:
            raise _failure(read_refusal(int(status), answer.body), answer.body, transaction)
    if len(results) != len(transaction):
        raise OutcomeUnknownError(f"an answer without a result for each row: {answer.status}")
    return {
        operation.key: _etag(headers)
        for operation, (_, headers) in zip(transaction, results, strict=True)
        if operation.kind != "delete"
    }


def _failure(refusal: Refusal, body: bytes, transaction: Transaction) -> Exception:
    if not refusal.code:
        return OutcomeUnknownError(f"an answer that ends early: {refusal}")
    at_fault = _find_at_fault(body, list(transaction))
    if at_fault is not None and at_fault.kind == "upsert" and is_conflict(refusal):
        # It has no condition: somebody else wrote the row at this very moment.
        return TableUnavailableError(str(refusal))
    return error_of(refusal, at_fault.key if at_fault else None, OutcomeUnknownError)


def _find_at_fault(body: bytes, operations: Sequence[Operation]) -> Operation | None:
    """The operation that the answer names, or None: it names none."""
    if len(operations) == 1:
        return operations[0]
    found = _FAILED_INDEX.search(body)
    index = int(found[1]) if found else len(operations)
    return operations[index] if index < len(operations) else None


def _etag(headers: bytes) -> str:
    found = _ETAG.search(headers)
    if found is None:
        raise OutcomeUnknownError("an answer without the ETag of a row")
    return found[1].decode()
