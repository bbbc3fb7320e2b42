"""Which operations of Azure Storage or Event Grid a request and its answer are. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Literal, NamedTuple

Service = Literal["blob", "queue", "table", "events"]

_ENTITY = re.compile(r"(\w+)\(PartitionKey='.*',RowKey='.*'\)")
_PART = re.compile(rb"^(?:POST|PUT|MERGE|PATCH|DELETE|GET) \S*/(\w+)(?:\(\S*\))? HTTP/1\.1\r?$", re.MULTILINE)
_REFUSED_PART = re.compile(rb"^HTTP/1\.1 [45]", re.MULTILINE)


class Kind(StrEnum):
    """What is counted."""

    TRANSACTIONS = "transactions"
    """Requests that write rows, one or many."""
    ROWS_WRITTEN = "rows written"
    POINT_READS = "point reads"
    QUERIES = "queries"
    ROWS_READ = "rows read by queries"
    PUTS = "puts"
    RECEIVES = "receives"
    """Of messages: receives that found some."""
    EMPTY_RECEIVES = "empty receives"
    DELETES = "deletes"
    BLOB_READS = "blob reads"
    BLOB_WRITES = "blob writes"
    EVENTS = "events"
    """Events that were published, however many a request."""
    EVENT_BYTES = "bytes of events"
    OTHER = "other"
    REFUSED = "refused"
    """Requests that failed, counted as what they are too; finding nothing is no failure."""


class Request(NamedTuple):
    """A request as the service gets it; `path` begins with the account, and is decoded."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes = b""


class Answer(NamedTuple):
    """What the service answered."""

    status: int
    body: bytes = b""


class Operations(NamedTuple):
    """So many of a kind at a table, queue or container."""

    where: str
    kind: Kind
    times: int = 1


def operations_of(service: Service, request: Request, answer: Answer) -> Iterator[Operations]:
    """What a request counts as."""
    name = request.path.strip("/").partition("/")[2]  # without the account
    match service:
        case "table":
            yield from _of_table(name, request, answer)
        case "queue":
            yield from _of_queue(name, request, answer)
        case "blob":
            yield _of_blob(name, request)
        case "events":
            yield Operations("topic", Kind.EVENTS, len(json.loads(request.body)))
            yield Operations("topic", Kind.EVENT_BYTES, len(request.body))
    if _is_refusal(request, answer):
        yield Operations(service, Kind.REFUSED)


def _is_refusal(request: Request, answer: Answer) -> bool:
    if answer.status == HTTPStatus.ACCEPTED:
        return _REFUSED_PART.search(answer.body) is not None
    found_nothing = request.method == "GET" and answer.status == HTTPStatus.NOT_FOUND
    return answer.status >= HTTPStatus.BAD_REQUEST and not found_nothing


def _of_table(name: str, request: Request, answer: Answer) -> Iterator[Operations]:
    if name == "$batch":
        tables = [each.decode() for each in _PART.findall(request.body)]
        yield Operations(tables[0], Kind.TRANSACTIONS)
        yield Operations(tables[0], Kind.ROWS_WRITTEN, len(tables))
        return
    entity = _ENTITY.fullmatch(name)
    table = entity[1] if entity else name.removesuffix("()")
    if table.startswith(("Tables", "?")) or not table or "comp" in request.query:
        yield Operations("table", Kind.OTHER)
    elif request.method != "GET":
        yield Operations(table, Kind.TRANSACTIONS)
        yield Operations(table, Kind.ROWS_WRITTEN)
    elif entity:
        yield Operations(table, Kind.POINT_READS)
    else:
        yield Operations(table, Kind.QUERIES)
        if answer.status == HTTPStatus.OK:
            yield Operations(table, Kind.ROWS_READ, len(json.loads(answer.body)["value"]))


def _of_queue(name: str, request: Request, answer: Answer) -> Iterator[Operations]:
    queue, _, rest = name.partition("/")
    if rest.partition("/")[0] != "messages" or "peekonly" in request.query:
        yield Operations(queue or "queue", Kind.OTHER)
    elif request.method == "GET":
        found = b"<MessageId>" in answer.body
        yield Operations(queue, Kind.RECEIVES if found else Kind.EMPTY_RECEIVES)
    elif request.method == "POST":
        yield Operations(queue, Kind.PUTS)
    elif request.method == "DELETE":
        yield Operations(queue, Kind.DELETES)
    else:
        yield Operations(queue, Kind.OTHER)


def _of_blob(name: str, request: Request) -> Operations:
    container = name.partition("/")[0] or "blob"
    if "comp" in request.query or "restype" in request.query:
        return Operations(container, Kind.OTHER)
    kind = {"GET": Kind.BLOB_READS, "PUT": Kind.BLOB_WRITES}.get(request.method, Kind.OTHER)
    return Operations(container, kind)


def total(counts: Mapping[str, float], *kinds: Kind) -> float:
    """How many of these kinds there are, wherever."""
    return sum(count for name, count in counts.items() if name.partition(": ")[2] in kinds)


def label(operations: Operations) -> str:
    """The name that they are counted under."""
    return f"{operations.where}: {operations.kind}"
