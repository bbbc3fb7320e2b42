"""Orders placed by HTTP: one, or as many as the callers can."""

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from pydantic import JsonValue

from benchmarks.inbox import Inbox
from benchmarks.load import Connection, post
from benchmarks.restaurant import ORDER
from benchmarks.slices import Ending, Once
from muneris.core.ids import new_uuid7

_PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = "0.1"  # where a 503 says nothing of when to come again
_KEY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Request:
    """An order at one property, in bytes, but for its key."""

    before_key: bytes
    after_key: bytes

    @classmethod
    def at(cls, code: str, token: str, order: JsonValue = ORDER) -> "Request":
        """As staff would place it."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": _KEY}
        before, after = post(f"/v1/orders/{code}", json.dumps(order).encode(), headers).split(_KEY.encode())
        return cls(before, after)

    def with_key(self, key: UUID) -> bytes:
        """The whole request."""
        return self.before_key + str(key).encode() + self.after_key


class Placed(NamedTuple):
    """An accepted order, and how often it was answered 503 before."""

    order_id: UUID
    repeats: int


async def place(connection: Connection, request: Request) -> Placed:
    """Place an order, after a 503 again with the same key; RuntimeError unless it is accepted."""
    key = new_uuid7(datetime.now(UTC))
    ends_at = time.perf_counter() + _PATIENCE_SECONDS
    for repeats in itertools.count():
        answer = await connection.send(request.with_key(key))
        if answer.status == HTTPStatus.ACCEPTED:
            return Placed(key, repeats)
        if answer.status != HTTPStatus.SERVICE_UNAVAILABLE or time.perf_counter() > ends_at:
            break
        await asyncio.sleep(float(answer.header("retry-after") or _PAUSE_SECONDS))
    raise RuntimeError(f"an order was answered {answer.status}: {answer.body.decode()}")


type Codes = Callable[[], Awaitable[Sequence[str]]]
"""Finds the properties of a slice, open if orders are really to be placed there."""


@dataclass
class Intake:
    """Orders by HTTP to the instances of an app, each at a port, among which the callers are parted."""

    ports: Sequence[int]
    codes: Codes
    inbox: Inbox
    tokens: Sequence[str]
    _repeats: int = 0
    _connections: list[Connection] = field(default_factory=list)

    async def begin(self, callers: int) -> Sequence[Once]:
        """Callers at properties that each instance has just read: an order was placed at each."""
        ports = itertools.islice(itertools.cycle(self.ports), max(callers, len(self.ports)))
        for port in itertools.islice(ports, len(self._connections), None):
            self._connections.append(await Connection.open(port))
        codes = await self.codes()
        await self.inbox.start()
        for code, connection in itertools.product(codes, self._connections[: len(self.ports)]):
            await place(connection, Request.at(code, self.tokens[0]))
        await self.inbox.wait(len(codes) * len(self.ports))
        tokens = itertools.cycle(self.tokens)
        orders = itertools.cycle([Request.at(code, next(tokens)) for code in codes])
        await self.inbox.start()
        self._repeats = 0
        return [partial(self._place_next, each, orders) for each in self._connections[:callers]]

    async def end(self, operations: int) -> Ending:
        """Wait for the events."""
        ending = await self.inbox.wait(operations)
        return ending._replace(repeats=self._repeats)

    async def clear(self) -> None:
        """Empty the queue."""
        await self.inbox.clear()

    async def _place_next(self, connection: Connection, orders: Iterator[Request]) -> None:
        self._repeats += (await place(connection, next(orders))).repeats
