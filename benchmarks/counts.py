"""What an order asks of storage and Event Grid, from its acceptance to its rest, counted at the wire."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from benchmarks.load import Connection
from benchmarks.placing import Request, place
from benchmarks.region import EVENT_GRID, Region, running_region
from benchmarks.report import TOGETHER
from benchmarks.report import Wire as WireRecord
from benchmarks.restaurant import Restaurants
from benchmarks.sales import Sales, selling
from benchmarks.wire import Wire, counted
from localcloud.azurite import StorageAddress
from localcloud.commands.token import open_guest_session

IDLE = "a second of an idle region"
BY_STAFF, BY_GUEST = "an order by staff", "an order by a guest"
ACCEPTED_BY_STAFF, ACCEPTED_BY_GUEST = "before the 202, by staff", "before the 202, by a guest"
_IDLE_SECONDS = 60.0  # two periods of the slowest timers
_QUIET_SECONDS = 120.0
_AT_ONCE = 32
_ORDERS_A_GUEST = 10


async def measure_counts(orders: int) -> list[WireRecord]:
    """Count so many orders of each kind."""
    return [*await _count_lives(orders), *await _count_acceptance(orders)]


async def _count_lives(orders: int) -> list[WireRecord]:
    """From the order to its rest, without what an idle region does anyway."""
    async with _wired_region() as (region, wire), selling(region, 1) as sales:
        [code] = sales.codes
        await sales.wait_until_quiet(_QUIET_SECONDS)
        before = wire.counts()
        await asyncio.sleep(_IDLE_SECONDS)
        idle = _per(_IDLE_SECONDS, wire.counts() - before)
        staff = Request.at(code, region.tokens()[0])
        guests = await _guests(region.auth, code, orders)
        waves = {
            BY_STAFF: [[staff]] * orders,
            BY_GUEST: [[each] for each in guests],
            TOGETHER: [[staff] * _AT_ONCE] * -(-orders // _AT_ONCE),
        }
        lives = [await _count_waves(name, wire, sales, idle, some) for name, some in waves.items()]
        return [WireRecord(name=IDLE, units=_IDLE_SECONDS, counts=idle), *lives]


async def _count_waves(
    name: str, wire: Wire, sales: Sales, idle: Mapping[str, float], waves: Sequence[Sequence[Request]]
) -> WireRecord:
    """Place each wave once the one before is at rest."""
    before, begun = wire.counts(), time.perf_counter()
    for wave in waves:
        await asyncio.gather(*(sales.sell(sales.codes[0], request) for request in wave))
        await sales.wait_until_quiet(_QUIET_SECONDS)
    seconds, orders = time.perf_counter() - begun, sum(map(len, waves))
    anyway = {kind: rate * seconds for kind, rate in idle.items()}
    counts = {kind: max(0.0, count - anyway.get(kind, 0)) for kind, count in (wire.counts() - before).items()}
    return WireRecord(name=name, units=orders, counts=_per(orders, counts))


async def _count_acceptance(orders: int) -> list[WireRecord]:
    """What is asked before an order is answered: nothing else runs, and its event finds no Event Grid."""
    async with _wired_region() as (region, wire):
        await region.stop_one(EVENT_GRID)
        await region.start("auth")
        connection = await Connection.open(await region.start_direct("orders"))
        async with Restaurants(region.address.connection_string, region.name) as restaurants:
            [code] = await restaurants.open(1)
        staff, guests = Request.at(code, region.tokens()[0]), await _guests(region.auth, code, orders)
        await place(connection, staff)
        await place(connection, guests[0])
        return [
            await _count_answers(ACCEPTED_BY_STAFF, wire, connection, [staff] * orders),
            await _count_answers(ACCEPTED_BY_GUEST, wire, connection, guests),
        ]


async def _count_answers(
    name: str, wire: Wire, connection: Connection, requests: Sequence[Request]
) -> WireRecord:
    before = wire.counts()
    for request in requests:
        await place(connection, request)
    return WireRecord(name=name, units=len(requests), counts=_per(len(requests), wire.counts() - before))


async def _guests(auth: str, code: str, orders: int) -> list[Request]:
    """Orders of guests who each place a few."""
    guests = [await open_guest_session(auth, code) for _ in range(-(-orders // _ORDERS_A_GUEST))]
    requests = [Request.at(code, guest.access_token) for guest in guests]
    return list(itertools.islice(itertools.cycle(requests), orders))


@asynccontextmanager
async def _wired_region() -> AsyncIterator[tuple[Region, Wire]]:
    """A region whose storage and Event Grid are behind a wire."""
    async with running_region() as region:
        blob, queue, table, events = region.spare_ports(4)
        ports = region.address
        async with counted(
            {
                "blob": (ports.blob_port, blob),
                "queue": (ports.queue_port, queue),
                "table": (ports.table_port, table),
                "events": (region.event_grid, events),
            }
        ) as wire:
            await region.start_storage(StorageAddress(blob, queue, table))
            await region.start_event_grid(events)
            yield region, wire
            await region.stop()


def _per(units: float, counts: Mapping[str, float] | Counter[str]) -> dict[str, float]:
    return {kind: round(count / units, 3) for kind, count in counts.items() if count}
