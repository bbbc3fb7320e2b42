"""Intake: an order through the whole API, against the bare storage calls it cannot do without."""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableServiceClient
from starlette.types import ASGIApp, Message, Scope

from benchmarks.restaurant import MENU, ORDER, Restaurants, staff_token
from benchmarks.slices import Once
from localcloud.azurite import StorageAddress
from muneris.cloud.agenda import REMEMBERED_FOR, Agenda
from muneris.cloud.events.memory import MemoryPublisher
from muneris.cloud.http import create_api
from muneris.cloud.http.guard import Guard
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables import Table, Transaction
from muneris.cloud.tables.azure import AzureTable
from muneris.cloud.tables.retried import RetriedTable
from muneris.core.clock import SystemClock
from muneris.core.ids import new_uuid7, newest_first
from muneris.orders import api
from muneris.orders.changes import Changes
from muneris.orders.guests import GuestLimit
from muneris.orders.health import Health
from muneris.orders.queries import OrderQueries
from muneris.orders.scheduler import Scheduler
from muneris.orders.service import Intake
from muneris.orders.store import OrderStore
from muneris.orders.targets import Targets

_BODY = json.dumps(ORDER).encode()
_ORDER_BYTES = 900
"""About what the row of such an order holds besides its keys."""


@dataclass(frozen=True)
class IntakeBench:
    """Both sides over one storage account. Each slice gets a property, hence a partition, of its own."""

    app: ASGIApp
    orders: Table
    restaurants: Restaurants

    def intake(self) -> Once:
        """Orders through guard, API, checks, pricing and the transaction."""
        path = f"/v1/orders/{self.restaurants.next_property()}"

        async def once() -> None:
            await _post(self.app, path)

        return once

    def floor(self) -> Once:
        """The same transaction by the same client, its rows made up."""
        partition = self.restaurants.next_property()

        async def once() -> None:
            key = newest_first(new_uuid7(datetime.now(UTC)))
            transaction = Transaction(partition).insert(f"order|{key}", {"Body0": b"x" * _ORDER_BYTES})
            transaction.insert(f"open|{key}", {}).insert(f"work|{key}|000001|reserve", {"Payload": "x" * 100})
            await self.orders.transact(transaction)

        return once


@asynccontextmanager
async def intake_bench(storage: StorageAddress) -> AsyncIterator[IntakeBench]:
    """The orders app's HTTP side without its consumers; what it publishes stays in memory."""
    async with TableServiceClient.from_connection_string(
        storage.connection_string, transport=AioHttpTransport(use_env_settings=False), retry_total=0
    ) as service:
        tables = {}
        for name in ("Orders", "Agenda", "Settings"):
            client = await service.create_table(name)
            tables[name] = RetriedTable(AzureTable(client), RetryPolicy(), lambda: secrets.token_hex(6))
        clock = SystemClock()
        restaurants = Restaurants(MENU)
        changes = Changes()
        store = OrderStore(tables["Orders"], changes)
        agenda = Agenda(tables["Agenda"], "region", clock, remembered=REMEMBERED_FOR)
        targets = Targets(tables["Agenda"], clock)
        scheduler = Scheduler(store, agenda, targets, MemoryPublisher(), clock)
        read_models = restaurants.read_models()
        intake = Intake("api1", store, agenda, scheduler, GuestLimit(store, 20), read_models, clock)
        queries = OrderQueries(store, read_models.homes, changes)
        health = Health("api1", tables["Settings"], _always, {}, targets)
        routes = api.router(intake, queries, health, restaurants.authenticate(clock))
        yield IntakeBench(Guard(create_api("orders", routes), "api1"), tables["Orders"], restaurants)
        await scheduler.quiet()


async def _always() -> bool:
    return True


async def _post(app: ASGIApp, path: str) -> None:
    """One order over ASGI; anything but a 202 ends the run."""
    headers = [
        (b"authorization", f"Bearer {staff_token()}".encode()),
        (b"idempotency-key", str(new_uuid7(datetime.now(UTC))).encode()),
        (b"content-type", b"application/json"),
    ]
    scope: Scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers, "client": None,
        "server": ("localhost", 80), "root_path": "",
    }  # fmt: skip
    answered: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": _BODY, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answered.append(message["status"])

    await app(scope, receive, send)
    if answered != [HTTPStatus.ACCEPTED]:
        raise RuntimeError(f"an order was answered {answered}")
