"""Placing an order with a server that is busy."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from benchmarks.load import Connection
from benchmarks.placing import Request, place

BUSY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0.01\r\nContent-Length: 4\r\n\r\nbusy"
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
REFUSED = b"HTTP/1.1 422 Unprocessable Content\r\nContent-Length: 7\r\n\r\nno menu"


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[tuple[Connection, list[str]]]:
    """A connection to a server that gives these answers, and the keys of the orders that it got."""
    keys: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            keys.extend(re.findall("Idempotency-Key: (.*)\r", head))
            await reader.readexactly(int(re.findall("Content-Length: (.*)\r", head)[0]))
            writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        connection = await Connection.open(server.sockets[0].getsockname()[1])
        yield connection, keys
        connection.close()


async def test_after_a_503_the_same_order_is_placed_again() -> None:
    async with answering(BUSY, BUSY, ACCEPTED) as (connection, keys):
        placed = await place(connection, Request.at("NOR-CPH01", "token"))
    assert placed.repeats == 2
    assert keys == [str(placed.order_id)] * 3


async def test_a_refusal_ends_the_measurement() -> None:
    async with answering(REFUSED) as (connection, keys):
        with pytest.raises(RuntimeError, match="an order was answered 422: no menu"):
            await place(connection, Request.at("NOR-CPH01", "token"))
    assert len(keys) == 1
