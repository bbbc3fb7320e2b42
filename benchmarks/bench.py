"""A region that takes orders and does nothing about them, and who can be compared in it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import aiohttp

from benchmarks.bare import BareStorage, Publish, Template
from benchmarks.floor import Floor
from benchmarks.inbox import Inbox
from benchmarks.load import Connection
from benchmarks.placing import Codes, Intake, Request, place
from benchmarks.region import EVENT_GRID, Region, running_region
from benchmarks.restaurant import Restaurants
from benchmarks.yardstick import Yardstick, running_yardstick

MOST_CALLERS = 128


class Bench:
    """What is in the region, and how to make sides of it."""

    def __init__(
        self,
        region: Region,
        session: aiohttp.ClientSession,
        inbox: Inbox,
        restaurants: Restaurants,
        yardstick: Yardstick,
    ) -> None:
        self.region = region
        self.cpu = region.cpu
        self.take_yardstick = yardstick.take
        self.restaurants = restaurants
        self.storage = BareStorage(session, region.address)
        self._session = session
        self._inbox = inbox
        self._tokens = region.tokens()

    def intake(self, ports: Sequence[int], codes: Codes) -> Intake:
        """Orders to the instances of an app, each on a port."""
        return Intake(ports, codes, self._inbox, self._tokens)

    async def floor(self, port: int, codes: Codes) -> Floor:
        """What the app on a port asks of storage and Event Grid for an order, without the app."""
        publish = Publish(self._session, self.region.settings)
        return Floor(self.storage, await self.learn(port), self._inbox, publish, codes)

    async def keep_events(self) -> None:
        """Let Event Grid take events from now on, and deliver none."""
        await self.region.stop_one(EVENT_GRID)
        await self.region.start_event_grid(self.region.event_grid, delivering=False)
        self._inbox.delivers = False
        await self._inbox.start()

    async def learn(self, port: int) -> Template:
        """What an accepted order writes and publishes, from one that is placed."""
        code, order_id = await self.order(port)
        rows = await self.storage.rows(code)
        return Template(self.storage, rows, await self._inbox.peek(), code, order_id)

    async def order(self, port: int) -> tuple[str, UUID]:
        """Place an order with an app on a port; at which property, and its id."""
        [code] = await self.restaurants.open(1)
        connection = await Connection.open(port)
        order_id, _ = await place(connection, Request.at(code, self._tokens[0]))
        connection.close()
        await self._inbox.wait(1)
        return code, order_id

    def properties(self, count: int) -> Codes:
        """Open properties: the same ones again, but a lone one is new each time, so that it stays small."""
        kept: list[str] = []

        async def codes() -> Sequence[str]:
            if count == 1 or not kept:
                kept[:] = await self.restaurants.open(count)
            return kept

        return codes

    def partitions(self, count: int) -> Codes:
        """Empty partitions."""

        async def codes() -> Sequence[str]:
            return self.restaurants.next_codes(count)

        return codes


@asynccontextmanager
async def running_bench() -> AsyncIterator[Bench]:
    """Storage and Event Grid; the orders app is to be started, no other is."""
    connector = aiohttp.TCPConnector(limit=0, limit_per_host=MOST_CALLERS)
    async with running_region() as region, aiohttp.ClientSession(connector=connector) as session:
        await region.start_storage()
        await region.start(EVENT_GRID)
        account = region.address.connection_string
        async with (
            Inbox(session, region.topic, account) as inbox,
            Restaurants(account, region.name) as restaurants,
            running_yardstick() as yardstick,
        ):
            yield Bench(region, session, inbox, restaurants, yardstick)
