"""Orders on the storage emulator, with the retries that ship."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from random import Random

import pytest
from tests.asgi import Response
from tests.faults import Faults, FaultyTable, Kind
from tests.ordering import OWNER, OrderingRegion
from tests.restaurant import CODE
from tests.tables import create_table, open_requests

from localcloud.azurite import StorageAddress
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables.retried import RetriedTable
from muneris.core.ids import parse_uuid7
from muneris.orders.model import Order, Status

GUESTS, EACH = 8, 8
FAILS_ONE_IN = 8


@pytest.fixture
def below() -> Faults:
    """What happens between the retries and the tables."""
    return Faults()


@pytest.fixture
async def region(
    azurite: StorageAddress, unique: Callable[[str], str], below: Faults
) -> AsyncIterator[OrderingRegion]:
    """A region on real tables whose property takes orders."""
    async with open_requests() as requests:
        orders, agenda, inventory = [
            RetriedTable(
                FaultyTable(await create_table(azurite, unique(name), requests), below),
                RetryPolicy(chance=lambda: 0.01),
                lambda: secrets.token_hex(6),
            )
            for name in ("Orders", "Agenda", "Inventory")
        ]
        region = OrderingRegion(orders, agenda, inventory, guest_limit=EACH)
        await region.open(bun=1000)
        yield region


async def find(region: OrderingRegion, key: str) -> Order:
    order_id = parse_uuid7(key)
    assert order_id is not None
    return await region.order(order_id)


async def test_an_order_lives_as_in_memory(region: OrderingRegion) -> None:
    key = region.key()
    first = await region.place(key)
    await region.pump()
    again = await region.place(key)
    assert (again.status, again.body, again.headers["idempotency-replayed"]) == (202, first.body, "true")
    order = await find(region, key)
    assert [entry.status for entry in order.history] == [
        Status.RECEIVED,
        Status.RESERVED,
        Status.POSTING,
        Status.CONFIRMED,
    ]
    assert len(region.pos.checks_of(key)) == 1
    assert await region.item("bun") == ("998", "0")
    assert await region.works() == []
    assert await region.open_orders() == []


async def test_cancelled_after_it_was_confirmed_it_leaves_nothing(region: OrderingRegion) -> None:
    key = region.key()
    await region.submit(key)
    await region.pump()
    cancels = [region.commands.cancel(OWNER, CODE, key, None) for _ in range(8)]
    assert {stored.order.sequence for stored in await asyncio.gather(*cancels)} == {5}
    assert len(await region.open_orders()) == 1
    await region.pump()
    assert (await find(region, key)).status is Status.CANCELLED
    assert (region.pos.void_calls, region.pos.standing_checks_of(key)) == (["ref-1"], [])
    assert await region.item("bun") == ("1000", "0")
    assert (await region.works(), await region.open_orders()) == ([], [])


@pytest.mark.parametrize("kind", ["before", "after"])
async def test_retries_hide_what_fails_below_them(kind: Kind, region: OrderingRegion, below: Faults) -> None:
    below.plan = lambda number: kind if Random(number).random() < 1 / FAILS_ONE_IN else None  # noqa: S311
    placed = [await region.submit(region.key()) for _ in range(16)]
    await region.pump()
    assert below.struck > 10
    assert await region.works() == []
    for each in placed:
        assert (await region.order(each.order_id)).status is Status.CONFIRMED
    assert len(region.pos.calls) == 16
    assert await region.item("bun") == ("968", "0")


async def test_64_orders_of_8_guests_each_sent_twice_at_once(region: OrderingRegion) -> None:
    guests = [await region.guest(f"guest{number}") for number in range(GUESTS)]
    wishes = [(guest, region.key()) for guest in guests for _ in range(EACH)]

    async def twice(guest: dict[str, str], key: str) -> tuple[Response, Response]:
        return await asyncio.gather(region.place(key, by=guest), region.place(key, by=guest))

    answers = await asyncio.gather(*(twice(guest, key) for guest, key in wishes))
    for one, other in answers:
        assert (one.status, other.status, one.body) == (202, 202, other.body)
        assert sum("idempotency-replayed" in each.headers for each in (one, other)) == 1
    assert (await region.place(by=guests[0])).code == "too_many_open_orders"
    await region.scheduler.quiet()
    await drain(region)
    await region.sweep_until_quiet()
    assert {(await find(region, key)).status for _, key in wishes} == {Status.CONFIRMED}
    assert [len(region.pos.checks_of(key)) for _, key in wishes] == [1] * len(wishes)
    assert await region.item("bun") == (str(1000 - 2 * len(wishes)), "0")
    assert await region.open_orders() == []
    rows = [row.key for row in await region.rows() if row.partition == CODE]
    assert sum(key.startswith("order|") for key in rows) == len(wishes)
    assert sum(key.startswith("hold|") for key in rows) == len(wishes)


async def drain(region: OrderingRegion) -> None:
    """Deliver whatever waits, all at once and each twice, until nothing does."""
    while region.bus.waiting:
        events = list(region.bus.waiting)
        region.bus.waiting.clear()
        await asyncio.gather(*(region.deliver(event) for event in (*events, *events)))
        await region.scheduler.quiet()
