import json
from collections.abc import Mapping
from typing import Any

import pytest
from benchmarks.operations import Answer, Kind, Request, Service, label, operations_of, total

ACCOUNT = "/devstoreaccount1"
OK = Answer(200)


def counted(
    service: Service,
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    *,
    body: bytes = b"",
    answer: Answer = OK,
) -> dict[str, int]:
    request = Request(method, ACCOUNT + path, query or {}, body)
    return {label(each): each.times for each in operations_of(service, request, answer)}


def batch(*lines: str) -> bytes:
    parts = [
        f"--changeset\r\nContent-Type: application/http\r\n\r\n{line} HTTP/1.1\r\n\r\n{{}}" for line in lines
    ]
    return "\r\n".join(["--batch", *parts, "--changeset--"]).encode()


def test_a_transaction_is_one_however_many_rows_it_writes() -> None:
    body = batch(
        "POST http://127.0.0.1:1/devstoreaccount1/Orders",
        "PATCH http://127.0.0.1:1/devstoreaccount1/Orders(PartitionKey='NOR-CPH01',RowKey='open%7C1')",
        "DELETE http://127.0.0.1:1/devstoreaccount1/Orders(PartitionKey='NOR-CPH01',RowKey='work%7C1')",
    )
    assert counted("table", "POST", "/$batch", body=body, answer=Answer(202)) == {
        "Orders: transactions": 1,
        "Orders: rows written": 3,
    }


def test_a_transaction_that_is_refused_inside_an_accepted_answer_counts_as_refused() -> None:
    body = batch("POST http://127.0.0.1:1/devstoreaccount1/Orders")
    refused = Answer(202, b"--changesetresponse\r\n\r\nHTTP/1.1 409 Conflict\r\n")
    assert counted("table", "POST", "/$batch", body=body, answer=refused)["table: refused"] == 1


@pytest.mark.parametrize("method", ["PUT", "MERGE", "PATCH", "DELETE"])
def test_a_single_write_is_a_transaction_of_one_row(method: str) -> None:
    path = "/Orders(PartitionKey='NOR-CPH01',RowKey='order|1')"
    assert counted("table", method, path, answer=Answer(204)) == {
        "Orders: transactions": 1,
        "Orders: rows written": 1,
    }


def test_an_insert_is_a_transaction_of_one_row() -> None:
    assert counted("table", "POST", "/Orders", answer=Answer(204)) == {
        "Orders: transactions": 1,
        "Orders: rows written": 1,
    }


@pytest.mark.parametrize("status", [200, 404])
def test_a_point_read_is_one_whether_it_finds_a_row_or_not(status: int) -> None:
    path = "/Orders(PartitionKey='a(b)',RowKey='order|1')"
    assert counted("table", "GET", path, answer=Answer(status)) == {"Orders: point reads": 1}


@pytest.mark.parametrize("path", ["/Orders()", "/Orders"])
def test_a_query_counts_the_rows_of_its_answer(path: str) -> None:
    answer = Answer(200, json.dumps({"value": [{}, {}]}).encode())
    assert counted("table", "GET", path, {"$filter": "PartitionKey eq 'a'"}, answer=answer) == {
        "Orders: queries": 1,
        "Orders: rows read by queries": 2,
    }


def test_a_query_that_is_refused_reads_nothing() -> None:
    assert counted("table", "GET", "/Orders()", answer=Answer(503, b"<html>")) == {
        "Orders: queries": 1,
        "table: refused": 1,
    }


def test_tables_themselves_are_not_rows() -> None:
    assert counted("table", "POST", "/Tables", answer=Answer(201)) == {"table: other": 1}


QUEUE: list[tuple[str, str, dict[str, str], Answer, str]] = [
    ("POST", "/inbox/messages", {}, Answer(201), "inbox: puts"),
    (
        "GET",
        "/inbox/messages",
        {"numofmessages": "16"},
        Answer(200, b"<MessageId>1</MessageId>"),
        "inbox: receives",
    ),
    ("GET", "/inbox/messages", {}, Answer(200, b"<QueueMessagesList/>"), "inbox: empty receives"),
    ("DELETE", "/inbox/messages/1", {"popreceipt": "x"}, Answer(204), "inbox: deletes"),
    ("PUT", "/inbox/messages/1", {"popreceipt": "x"}, Answer(204), "inbox: other"),
    ("GET", "/inbox/messages", {"peekonly": "true"}, Answer(200), "inbox: other"),
    ("GET", "/inbox", {"comp": "metadata"}, Answer(200), "inbox: other"),
    ("GET", "/", {"comp": "list"}, Answer(200), "queue: other"),
]


@pytest.mark.parametrize(("method", "path", "query", "answer", "name"), QUEUE)
def test_a_message_is_put_received_and_deleted(
    method: str, path: str, query: dict[str, str], answer: Answer, name: str
) -> None:
    assert counted("queue", method, path, query, answer=answer) == {name: 1}


@pytest.mark.parametrize(
    ("method", "query", "status", "name"),
    [
        ("GET", {}, 200, "read-models: blob reads"),
        ("GET", {}, 304, "read-models: blob reads"),
        ("PUT", {}, 201, "read-models: blob writes"),
        ("PUT", {"comp": "lease"}, 200, "read-models: other"),
        ("HEAD", {}, 200, "read-models: other"),
    ],
)
def test_a_blob_is_read_written_or_something_else(
    method: str, query: dict[str, str], status: int, name: str
) -> None:
    path = "/read-models/NOR-CPH01/menu.json"
    assert counted("blob", method, path, query, answer=Answer(status)) == {name: 1}


def test_events_are_counted_not_the_requests_that_carry_them() -> None:
    body = json.dumps([{"id": "1"}, {"id": "2"}]).encode()
    assert counted("events", "POST", "/topics/muneris/api/events", body=body) == {
        "topic: events": 2,
        "topic: bytes of events": 26,
    }


def test_a_total_is_of_kinds_wherever_they_were_counted() -> None:
    counts: dict[str, Any] = {
        "Orders: transactions": 6,
        "Inventory: transactions": 2,
        "Orders: point reads": 3,
        "Orders: rows written": 15,
    }
    assert total(counts, Kind.TRANSACTIONS) == 8
    assert total(counts, Kind.TRANSACTIONS, Kind.POINT_READS) == 11
    assert total(counts, Kind.QUERIES) == 0
