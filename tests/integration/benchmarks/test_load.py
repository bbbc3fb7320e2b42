import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from benchmarks.load import Connection, get, post


@asynccontextmanager
async def answering(*answers: Sequence[bytes]) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that gives each request the next answer, in the parts it is cut into; then it hangs up."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for parts in answers:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked


async def test_an_answer_is_whole_however_it_is_cut() -> None:
    parts = [b"HTTP/1.1 202 Acc", b'epted\r\ncontent-length: 5\r\nETag: "1"\r\n', b"\r\nhe", b"llo"]
    async with answering(parts) as (port, _):
        connection = await Connection.open(port)
        answer = await connection.send(get("/", {}))
        connection.close()
    assert (answer.status, answer.body) == (202, b"hello")
    assert answer.header("etag") == '"1"'
    assert answer.header("location") == ""


async def test_a_connection_carries_one_request_after_another() -> None:
    accepted, unchanged = (
        b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
    )
    async with answering([accepted], [unchanged], [accepted]) as (port, asked):
        connection = await Connection.open(port)
        statuses = [(await connection.send(get(f"/{number}", {}))).status for number in range(3)]
        connection.close()
    assert statuses == [202, 304, 202]
    assert [each.split()[1] for each in asked] == [b"/0", b"/1", b"/2"]


async def test_a_server_that_hangs_up_is_an_error_not_silence() -> None:
    async with answering([b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n"]) as (port, _):
        connection = await Connection.open(port)
        with pytest.raises(ConnectionError):
            await connection.send(get("/", {}))


def test_a_post_says_how_long_its_body_is() -> None:
    request = post("/v1/orders/NOR-CPH01", b'{"a": 1}', {"Idempotency-Key": "k"})
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"POST /v1/orders/NOR-CPH01 HTTP/1.1",
        b"Host: localhost",
        b"Content-Type: application/json",
        b"Content-Length: 8",
        b"Idempotency-Key: k",
    ]
    assert body == b'{"a": 1}'
