"""What a table sends, byte for byte, beside what the Azure SDK sends; and what it makes of each answer."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableClient
from tests.raw_http import answer, raw_server
from tests.tables import open_requests
from tests.tenants import ManualClock

from localcloud.azurite.process import ACCOUNT, KEY
from muneris.cloud.tables import Row, RowExistsError, TableUnavailableError, Transaction
from muneris.cloud.tables.azure import AzureTable
from muneris.cloud.wire.account import storage_account
from muneris.cloud.wire.refusal import RequestRefusedError
from muneris.cloud.wire.requests import Requests

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ODD_KEYS = ["order|01", "o'neil x", "søde 🍣", "!$&'()*,:;=@", "100%+{x}", "a~b-c._", "%2F"]
ENTITY = b'{"odata.etag":"W/\\"1\\"","PartitionKey":"p","RowKey":"r","A":"a"}'


def connection(url: str) -> str:
    return f"AccountName={ACCOUNT};AccountKey={KEY};TableEndpoint={url}/{ACCOUNT}"


def table_at(url: str, requests: Requests, moment: datetime = NOON) -> AzureTable:
    return AzureTable(storage_account(connection(url), clock=ManualClock(moment)), "Orders", requests)


@pytest.fixture
async def requests() -> AsyncIterator[Requests]:
    async with open_requests() as requests:
        yield requests


def first_line(request: bytes) -> str:
    return request.partition(b"\r\n")[0].decode()


def header(request: bytes, name: str) -> str:
    found = re.search(rf"^{name}: *(.*)\r$", request.decode("latin-1"), re.IGNORECASE | re.MULTILINE)
    assert found is not None
    return found[1]


async def test_a_point_read_is_one_lean_request(requests: Requests) -> None:
    async with raw_server(answer("200 OK", ENTITY)) as server:
        row = await table_at(server.url, requests).find("NOR-CPH01", "order|01")
    (request,) = server.requests
    assert row == Row("p", "r", {"A": "a"}, 'W/"1"')
    assert (
        request
        == (
            f"GET /{ACCOUNT}/Orders(PartitionKey='NOR-CPH01',RowKey='order%7C01') HTTP/1.1\r\n"
            f"Host: {server.url.removeprefix('http://')}\r\n"
            "x-ms-version: 2020-12-06\r\n"
            "DataServiceVersion: 3.0\r\n"
            "Accept: application/json;odata=minimalmetadata\r\n"
            "x-ms-date: Sat, 21 Nov 2026 12:00:00 GMT\r\n"
            f"Authorization: {header(request, 'Authorization')}\r\n\r\n"
        ).encode()
    )


async def test_a_transaction_is_one_post(requests: Requests) -> None:
    refused = (
        b"--batchresponse_1\r\n\r\n--changesetresponse_1\r\n\r\nHTTP/1.1 409 Conflict\r\n\r\n"
        b'{"odata.error":{"code":"EntityAlreadyExists","message":{"value":"0:It exists."}}}'
    )
    async with raw_server(answer("202 Accepted", refused)) as server:
        with pytest.raises(RowExistsError):
            await table_at(server.url, requests).transact(Transaction("p").insert("r", {}))
    (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.decode() == (
        f"POST /{ACCOUNT}/$batch HTTP/1.1\r\n"
        f"Host: {server.url.removeprefix('http://')}\r\n"
        "x-ms-version: 2020-12-06\r\n"
        "DataServiceVersion: 3.0\r\n"
        "Accept: application/json;odata=minimalmetadata\r\n"
        "Content-Type: multipart/mixed; boundary=batch_muneris\r\n"
        "x-ms-date: Sat, 21 Nov 2026 12:00:00 GMT\r\n"
        f"Authorization: {header(request, 'Authorization')}\r\n"
        f"Content-Length: {len(body)}"
    )
    assert f"POST {server.url}/{ACCOUNT}/Orders HTTP/1.1\r\n".encode() in body


async def test_a_query_asks_for_a_range_and_goes_on_where_it_is_told(requests: Requests) -> None:
    nothing = b'{"value":[]}'
    first = answer(
        "200 OK", nothing, "x-ms-continuation-NextPartitionKey: 1!8!cA--", "X-MS-Continuation-NextRowKey: 1&2"
    )
    second = answer("200 OK", nothing, "x-ms-continuation-NextPartitionKey: 1!8!cQ--")
    async with raw_server(first, second, answer("200 OK", b'{"value":[' + ENTITY + b"]}")) as server:
        table = table_at(server.url, requests)
        continuation = None
        pages = []
        for _ in range(3):
            page = await table.page("p'1", start="a|", end="a|~", limit=5, continuation=continuation)
            continuation = page.continuation
            pages.append([row.key for row in page.rows])
    query = (
        f"GET /{ACCOUNT}/Orders()?$filter=PartitionKey%20eq%20'p''1'%20and%20"
        "RowKey%20ge%20'a%7C'%20and%20RowKey%20lt%20'a%7C~'&$top=5"
    )
    assert [first_line(request) for request in server.requests] == [
        f"{query} HTTP/1.1",
        f"{query}&NextPartitionKey=1%218%21cA--&NextRowKey=1%262 HTTP/1.1",
        f"{query}&NextPartitionKey=1%218%21cQ-- HTTP/1.1",
    ]
    assert (pages, continuation) == ([[], [], ["r"]], None)


@pytest.mark.parametrize("key", ODD_KEYS)
async def test_a_read_is_addressed_and_signed_as_by_the_sdk(requests: Requests, key: str) -> None:
    absent = answer("404 Not Found", b'{"odata.error":{"code":"ResourceNotFound"}}')
    async with raw_server(absent, absent) as server:
        transport = AioHttpTransport(use_env_settings=False)
        async with TableClient.from_connection_string(
            connection(server.url), "Orders", transport=transport, retry_total=0
        ) as sdk:
            with pytest.raises(HttpResponseError):
                await sdk.get_entity(key, key)
        theirs = server.requests[0]
        moment = parsedate_to_datetime(header(theirs, "x-ms-date"))
        assert await table_at(server.url, requests, moment).find(key, key) is None
    ours = server.requests[1]
    assert first_line(ours) == first_line(theirs)
    assert header(ours, "Authorization") == header(theirs, "Authorization")


async def test_a_transaction_is_signed_as_by_the_sdk() -> None:
    refused = answer("403 Forbidden", b'{"odata.error":{"code":"AuthenticationFailed"}}')
    async with raw_server(refused) as server:
        transport = AioHttpTransport(use_env_settings=False)
        async with TableClient.from_connection_string(
            connection(server.url), "Orders", transport=transport, retry_total=0
        ) as sdk:
            with pytest.raises(HttpResponseError):
                await sdk.submit_transaction([("create", {"PartitionKey": "p", "RowKey": "r"})])
        theirs = server.requests[0]
        account = storage_account(
            connection(server.url), clock=ManualClock(parsedate_to_datetime(header(theirs, "x-ms-date")))
        )
        ours = await account.tables.headers(
            "POST", f"{account.table}/$batch", {"Content-Type": header(theirs, "Content-Type")}
        )
    assert ours["Authorization"] == header(theirs, "Authorization")


@pytest.mark.parametrize("code", ["ResourceNotFound", "EntityNotFound"])
async def test_a_row_that_is_not_there_is_none(requests: Requests, code: str) -> None:
    absent = answer("404 Not Found", b'{"odata.error":{"code":"%s"}}' % code.encode())
    async with raw_server(absent) as server:
        assert await table_at(server.url, requests).find("p", "r") is None


@pytest.mark.parametrize(
    ("status", "body", "raised"),
    [
        ("404 Not Found", b'{"odata.error":{"code":"TableNotFound"}}', RequestRefusedError),
        ("403 Forbidden", b"<Error><Code>AuthenticationFailed</Code></Error>", RequestRefusedError),
        ("400 Bad Request", b"", RequestRefusedError),
        ("307 Temporary Redirect", b"", RequestRefusedError),
        ("429 Too Many Requests", b"", TableUnavailableError),
        ("500 Internal Server Error", b'{"odata.error":{"code":"InternalError"}}', TableUnavailableError),
        ("503 Server Busy", b'{"odata.error":{"code":"ServerBusy"}}', TableUnavailableError),
        ("200 OK", b"<html>welcome</html>", TableUnavailableError),
        ("200 OK", b"{}", TableUnavailableError),
    ],
)
async def test_any_other_answer_to_a_read_is_an_outage_or_a_bug(
    requests: Requests, status: str, body: bytes, raised: type[Exception]
) -> None:
    async with raw_server(answer(status, body), answer(status, body)) as server:
        table = table_at(server.url, requests)
        with pytest.raises(raised) as on_find:
            await table.find("p", "r")
        with pytest.raises(raised) as on_page:
            await table.page("p")
    assert (on_find.type, on_page.type) == (raised, raised)
