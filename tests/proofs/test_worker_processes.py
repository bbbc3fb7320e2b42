"""Devices that hammer one property, in several worker processes: nothing is oversold, lost, or slows down.

The same load goes to one property and to as many as there are devices. Storage slows with the rows of a
partition, the emulator more than Azure, so what a bare client loses between the two is taken out.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import aiohttp
import pytest
from benchmarks.load import Connection
from benchmarks.placing import Request, place
from benchmarks.region import Region, running_region
from benchmarks.restaurant import ORDER, ORDERED
from benchmarks.sales import Sales, selling
from pydantic import BaseModel, JsonValue
from tests.proofs.figures import keep
from tests.simulation.invariants import OrderKey, Outside, SeenCheck, Stored, find_violations, read_stored
from tests.tables import open_requests

from localcloud.layout import url
from localcloud.replay.api import Api
from localcloud.replay.owner import NewStockItem, Owner
from localcloud.simulators.simphony.wire import parse
from muneris.cloud.tables import ANY, Transaction
from muneris.cloud.tables.azure import AzureTable
from muneris.cloud.wire.account import storage_account
from muneris.core.clock import from_rfc3339
from muneris.core.ids import new_uuid7, newest_first
from muneris.simphony.model import Check

PROCESSES, DEVICES, ORDERS = 3, 32, 5_000
ONE, MANY = 1, 32
"""Properties."""
ITEMS = range(1, 11)
HALVES = (ITEMS[:5], ITEMS[5:])
"""What orders take, in turn: one of each item."""
ON_SALE = 0.8
"""So much of what is ordered of each item is in stock."""
FACTOR = 2
QUIET_SECONDS = 1500.0
ROW = {"Body0": bytes(700)}
"""As large as an order's."""


class Checks(BaseModel):
    """What the simulator has opened."""

    items: tuple[Check, ...]


@dataclass(frozen=True)
class Run:
    """How fast orders came to rest, a second, and how many of them were confirmed."""

    rate: float
    confirmed: int


@pytest.mark.prove
@pytest.mark.timeout(3000)
async def test_one_property_is_hammered_by_many_devices_in_several_processes() -> None:
    bare = await bare_rate(ONE) / await bare_rate(MANY)
    one, many = await hammer(ONE), await hammer(MANY)
    ours = one.rate / many.rate
    keep(
        f"{DEVICES} devices at one property, {PROCESSES} worker processes an app",
        {
            "orders, at one property and at 32": ORDERS,
            "confirmed, all that there was stock for": one.confirmed,
            "orders a second, one property": round(one.rate, 1),
            "orders a second, 32 properties": round(many.rate, 1),
            "one property / 32": round(ours, 2),
            "the same of a bare client": round(bare, 2),
            "the one divided by the other": round(ours / bare, 2),
        },
    )
    assert ours / bare >= 1 / FACTOR


async def hammer(properties: int) -> Run:
    """All orders as fast as the devices can place them; once all is quiet, every promise is kept."""
    async with running_region() as region:
        await region.start_storage()
        async with selling(region, properties, ITEMS) as sales:
            ports = [region.orders]
            for number in range(2, PROCESSES + 1):
                ports.append(await region.start_host(f"orders {number}"))
                await region.start_host(f"inventory {number}", "inventory")
            await sales.wait_until_quiet(QUIET_SECONDS)
            first = set((await read(region, sales.codes)).orders)
            await put_stock(region, sales.codes)
            placed = await place_all(region, sales, ports)
            await sales.wait_until_quiet(QUIET_SECONDS)
            stored = await read(region, sales.codes)
            assert find_violations(stored, await outside(region, sales.codes, placed | first)) == []
    assert placed | first == stored.orders.keys()
    orders = [stored.orders[key].order for key in placed]
    ends = Counter((each.status.value, each.reason) for each in orders)
    wanted = stock_of_each(properties) * len(HALVES) * properties
    assert ends == {("confirmed", None): wanted, ("rejected", "out_of_stock"): ORDERS - wanted}
    begun = min(from_rfc3339(each.created_at) for each in orders)
    ended = max(from_rfc3339(each.updated_at) for each in orders)
    return Run(ORDERS / (ended - begun).total_seconds(), wanted)


def stock_of_each(properties: int) -> int:
    """Less than is ordered of any item at any property."""
    return int(ON_SALE * (ORDERS // (len(HALVES) * properties)))


async def put_stock(region: Region, codes: Sequence[str]) -> None:
    """Set what there is of each item."""
    items = {
        number: NewStockItem(
            sku=f"sku{number}", name=f"Item {number}", on_hand=Decimal(stock_of_each(len(codes)))
        )
        for number in ITEMS
    }
    token = region.tokens()[0]
    async with aiohttp.ClientSession() as session:
        for code in codes:
            await Owner(Api(session, url(region.gateway)), code, lambda: token).put_stock(items)


async def place_all(region: Region, sales: Sales, ports: Sequence[int]) -> set[OrderKey]:
    """Each device places its share, one order after the other, with the process it is connected to."""
    token = region.tokens()[0]
    requests = [(code, Request.at(code, token, order_of(half))) for half in HALVES for code in sales.codes]
    turns = itertools.islice(itertools.cycle(requests), ORDERS)
    placed: set[OrderKey] = set()

    async def device(port: int) -> None:
        connection = await Connection.open(port)
        for code, request in turns:
            placed.add((code, (await place(connection, request)).order_id))
        connection.close()

    await asyncio.gather(*(device(ports[number % len(ports)]) for number in range(DEVICES)))
    assert len(placed) == ORDERS
    return placed


def order_of(items: Sequence[int]) -> JsonValue:
    """One of each."""
    return {**ORDER, "lines": [{"menu_item_id": number, "quantity": 1} for number in items]}


async def read(region: Region, codes: Collection[str]) -> Stored:
    """What the region's tables hold."""
    account = storage_account(region.storage.connection_string)
    async with open_requests() as requests:
        orders, inventory = (AzureTable(account, name, requests) for name in ("Orders", "Inventory"))
        return await read_stored(codes, orders, inventory)


async def outside(region: Region, codes: Collection[str], asked: set[OrderKey]) -> Outside:
    """What there was of each item, beyond what a property's first order took, and what Simphony has."""
    stock = stock_of_each(len(codes))
    delivered = {
        (code, f"sku{number}"): Decimal(stock + (number in ORDERED)) for code in codes for number in ITEMS
    }
    async with aiohttp.ClientSession() as session, session.get(f"{region.simphony}/sim/checks") as answer:
        checks = Checks.model_validate(parse(await answer.read())).items
    code_of = {str(order_id): code for code, order_id in asked}
    seen = [
        SeenCheck(
            code_of.get(check.order_id or "", ""),
            UUID(check.order_id),
            check.check_ref,
            is_open=check.state == "open",
        )
        for check in checks
    ]
    return Outside({}, seen, delivered, asked=asked)


async def bare_rate(properties: int) -> float:
    """Orders a second of a client that writes an order with what it owes, and then that it is at rest."""
    codes = itertools.cycle([f"BEN-{number}" for number in range(100, 100 + properties)])
    turns = itertools.islice(codes, ORDERS)
    async with running_region() as region, open_requests() as requests:
        await region.start_storage()
        table = AzureTable(storage_account(region.storage.connection_string), "Orders", requests)

        async def client() -> None:
            for code in turns:
                key = newest_first(new_uuid7(datetime.now(UTC)))
                order, owed = f"order|{key}", (f"open|{key}", f"work|{key}")
                begin, settle = (
                    Transaction(code).insert(order, ROW),
                    Transaction(code).merge(order, ROW, etag=ANY),
                )
                for each in owed:
                    begin.insert(each, {})
                    settle.delete(each, etag=ANY)
                await table.transact(begin)
                await table.transact(settle)

        begun = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(DEVICES)))
        return ORDERS / (time.perf_counter() - begun)
