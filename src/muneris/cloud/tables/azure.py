"""Azure Table Storage by the Azure SDK; one attempt a call, retries are `retried`'s."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.data.tables import EdmType, EntityProperty, TableTransactionError, UpdateMode
from azure.data.tables.aio import TableClient

from muneris.cloud.tables.rows import ANY, Page, Row, Value, Values
from muneris.cloud.tables.table import (
    PAGE,
    OutcomeUnknownError,
    RowChangedError,
    RowConflictError,
    RowExistsError,
    RowMissingError,
    TableUnavailableError,
)
from muneris.cloud.tables.transaction import Operation, Transaction

_NOT_FOUND, _CONFLICT, _PRECONDITION_FAILED = 404, 409, 412
_TOO_MANY_REQUESTS, _REQUEST_TIMEOUT, _SERVER_ERROR = 429, 408, 500
_NEVER_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_ALWAYS_BATCHED = frozenset({"delete", "replace"})
"""The SDK's plain delete hides that the row is absent. A plain replace is a PUT, which aiohttp repeats by
itself when a connection breaks: it would meet its own effect, and nobody would know."""

Entity = dict[str, Any]  # the SDK's own shape


class AzureTable:
    """One table of a storage account."""

    def __init__(self, client: TableClient) -> None:
        self._client = client

    async def find(self, partition: str, key: str) -> Row | None:
        """The row, or None."""
        try:
            with _reading():
                return _row(await self._client.get_entity(partition, key))
        except RowMissingError:
            return None

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        """Carry out all of it or nothing, in one request."""
        operations = list(transaction)
        with _writing(operations):
            if len(operations) == 1 and operations[0].kind not in _ALWAYS_BATCHED:
                answers = [await self._write(transaction.partition, operations[0])]
            else:
                answers = await self._client.submit_transaction(
                    [_batched(transaction.partition, each) for each in operations]
                )
        written = zip(operations, answers, strict=True)
        return {each.key: answer["etag"] for each, answer in written if each.kind != "delete"}

    async def page(
        self,
        partition: str,
        *,
        start: str = "",
        end: str = "\uffff",
        limit: int = PAGE,
        continuation: str | None = None,
    ) -> Page:
        """At most `limit` rows with start <= key < end, in key order."""
        found = self._client.query_entities(
            "PartitionKey eq @partition and RowKey ge @start and RowKey lt @end",
            parameters={"partition": partition, "start": start, "end": end},
            results_per_page=limit,
        )
        # The SDK types a token as text; for tables it is a pair of keys.
        token: Any = json.loads(continuation) if continuation else None
        with _reading():
            pages = found.by_page(token)
            rows = [_row(entity) async for entity in await _next_page(pages)]
        following = getattr(pages, "continuation_token", None)
        return Page(rows, json.dumps(following) if following else None)

    async def _write(self, partition: str, operation: Operation) -> Mapping[str, Any]:
        """One row needs no batch: a plain request costs a third of the CPU."""
        entity = _entity(partition, operation)
        if operation.kind == "insert":
            return await self._client.create_entity(entity)
        if operation.kind == "upsert":
            return await self._client.upsert_entity(entity, mode=UpdateMode.MERGE)
        return await self._client.update_entity(entity, mode=UpdateMode.MERGE, **_condition(operation))


async def _next_page(pages: AsyncIterator[Any]) -> AsyncIterator[Entity]:
    try:
        page: AsyncIterator[Entity] = await anext(pages)
    except StopAsyncIteration:
        return _nothing()
    return page


async def _nothing() -> AsyncIterator[Entity]:
    nothing: tuple[Entity, ...] = ()
    for entity in nothing:
        yield entity


def _condition(operation: Operation) -> dict[str, Any]:
    if operation.etag is None or operation.etag == ANY:
        return {"match_condition": MatchConditions.Unconditionally}
    return {"etag": operation.etag, "match_condition": MatchConditions.IfNotModified}


def _batched(partition: str, operation: Operation) -> tuple[str, Entity, dict[str, Any]]:
    entity = _entity(partition, operation)
    match operation.kind:
        case "insert":
            return "create", entity, {}
        case "upsert":
            return "upsert", entity, {"mode": UpdateMode.MERGE}
        case "delete":
            return "delete", entity, _condition(operation)
        case "merge":
            return "update", entity, {"mode": UpdateMode.MERGE, **_condition(operation)}
        case "replace":
            return "update", entity, {"mode": UpdateMode.REPLACE, **_condition(operation)}


def _entity(partition: str, operation: Operation) -> Entity:
    return {"PartitionKey": partition, "RowKey": operation.key, **_encoded(operation.values)}


def _encoded(values: Values) -> Entity:
    return {name: _encode(value) for name, value in values.items()}


def _encode(value: Value) -> Any:  # noqa: ANN401 - what the SDK writes
    if isinstance(value, int) and not isinstance(value, bool):
        return EntityProperty(value, EdmType.INT64)
    return value


def _decode(value: Any) -> Value:  # noqa: ANN401 - what the SDK read
    decoded: Value = value.value if isinstance(value, EntityProperty) else value
    return decoded


def _row(entity: Any) -> Row:  # noqa: ANN401 - the SDK's TableEntity: a dict with metadata
    values = {name: _decode(value) for name, value in entity.items()}
    partition, key = str(values.pop("PartitionKey")), str(values.pop("RowKey"))
    values.pop("Timestamp", None)
    return Row(partition, key, values, entity.metadata["etag"])


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except HttpResponseError as error:
        raise _meaning(error, None, TableUnavailableError) from error
    except (ServiceRequestError, ServiceResponseError) as error:
        raise TableUnavailableError(str(error)) from error


@contextmanager
def _writing(operations: list[Operation]) -> Iterator[None]:
    try:
        yield
    except HttpResponseError as error:
        index = error.index if isinstance(error, TableTransactionError) else 0
        key = operations[index].key if index < len(operations) else None
        raise _meaning(error, key, OutcomeUnknownError) from error
    except ServiceRequestError as error:
        # The SDK calls every fault of aiohttp so, but only without a connection was nothing sent for sure.
        sent = not isinstance(error.inner_exception, _NEVER_CONNECTED)
        raise (OutcomeUnknownError if sent else TableUnavailableError)(str(error)) from error
    except ServiceResponseError as error:
        raise OutcomeUnknownError(str(error)) from error
    except AttributeError as error:
        # The SDK trips over an answer that ended early: it has no response to read an error code from.
        if not isinstance(error.__context__, IncompleteReadError):
            raise
        raise OutcomeUnknownError("the answer ended early") from error


_CONFLICTS: Mapping[tuple[int, str], type[RowConflictError]] = {
    (_CONFLICT, "EntityAlreadyExists"): RowExistsError,
    (_NOT_FOUND, "ResourceNotFound"): RowMissingError,
    (_NOT_FOUND, "EntityNotFound"): RowMissingError,
    (_PRECONDITION_FAILED, "UpdateConditionNotSatisfied"): RowChangedError,
    (_PRECONDITION_FAILED, "ConditionNotMet"): RowChangedError,
}
"""Table service error codes that say a condition did not hold."""


def _meaning(
    error: HttpResponseError, key: str | None, unavailable: type[TableUnavailableError]
) -> Exception:
    """What the service's answer means for us; anything unexpected stays what it is: a bug."""
    code = _code(error)
    status = error.status_code or _SERVER_ERROR
    conflict = _CONFLICTS.get((status, code))
    if conflict is not None:
        return conflict(key)
    if status >= _SERVER_ERROR or status in {_TOO_MANY_REQUESTS, _REQUEST_TIMEOUT}:
        return unavailable(f"{status} {code}")
    return error


def _code(error: HttpResponseError) -> str:
    """The service's error code; the SDK decodes it for some calls only."""
    decoded = getattr(error, "error_code", None)
    if decoded is not None:
        return str(getattr(decoded, "value", decoded))
    try:
        code: str = json.loads(error.response.text())["odata.error"]["code"]  # type: ignore[union-attr] # below
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""  # no response, or not the service's own
    return code
