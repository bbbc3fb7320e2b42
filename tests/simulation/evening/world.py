"""An evening in virtual time: the product takes orders and posts them to the simulator, by HTTP."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.ordering import OWNER, OrderingRegion
from tests.restaurant import CODE, PROPERTY
from tests.simulation.evening.simphony import CHECKS, FailingSimphony, open_simphony
from tests.simulation.invariants import Outside, Violation, find_violations, read_stored
from tests.simulation.seeded.virtual_time import SkewedClock
from tests.tenants import ManualClock

from muneris.cloud.events import Event
from muneris.orders.model import Status

SHELF = 1_000_000
ORDER_EVERY = 2.0
"""Virtual seconds between two orders, on average."""
SWEEP_EVERY = 5.0
QUIET_WITHIN = 6 * 3600.0
"""Virtual seconds after the last order within which everything must have come to rest."""
ROUNDS, CANCELS, PAYMENTS = 0.2, 0.1, 0.3
"""How many of the orders are added to, called off, and paid at the till soon after they were placed."""
DISHES = ((11001, (52001, 52002, 52003)), (11005, ()), (11004, ()), (12001, (52022,)), (12003, ()))
"""Items of the demo restaurant, and extras that they take."""


@dataclass
class _VirtualClock(ManualClock):
    """A `ManualClock` that nobody needs to move."""

    def now(self) -> datetime:
        return SkewedClock().now()

    def monotonic(self) -> float:
        return SkewedClock().monotonic()


@dataclass(frozen=True)
class Ended:
    """How an evening ended."""

    violations: Sequence[Violation]
    statuses: Mapping[str, int]
    rounds: Mapping[str, int]
    calls: int
    struck: Mapping[str, int]
    seconds_to_rest: float


@dataclass
class Evening:
    """One restaurant, its guests, and the region that serves it."""

    region: OrderingRegion
    simphony: FailingSimphony
    chance: random.Random
    receipts: dict[tuple[str, UUID], set[bytes]] = field(default_factory=dict)
    delivering: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, orders: int) -> Ended:
        """Take so many orders, and look at what is left once all is quiet."""
        await self.simphony.fail()
        async with asyncio.TaskGroup() as guests:
            for _ in range(orders):
                guests.create_task(self._guest())
                await asyncio.sleep(self.chance.expovariate(1 / ORDER_EVERY))
        return await self.look_back(await self.rest())

    async def rest(self) -> float:
        """Wait until all is quiet; in seconds."""
        last = asyncio.get_running_loop().time()
        async with asyncio.timeout(QUIET_WITHIN):
            while await self.region.works():  # noqa: ASYNC110 - nothing signals that nothing is owed
                await asyncio.sleep(SWEEP_EVERY)
        rested = asyncio.get_running_loop().time() - last
        await asyncio.gather(*self.delivering)
        return rested

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Events are delivered, and what is owed is asked for again."""
        await self.region.open(bun=SHELF, beef=SHELF)
        async with _going_on(self._deliver), _going_on(self._sweep):
            yield

    async def look_back(self, rested: float) -> Ended:
        """What is left once all is quiet."""
        stored = await read_stored([CODE], self.region.orders.table, self.region.stock.table)
        outside = Outside(
            self.receipts,
            await self.simphony.checks(),
            {(CODE, sku): Decimal(SHELF) for sku in ("bun", "beef")},
            said=self.region.bus.published,
            asked=self.receipts.keys(),
        )
        orders = [each.order for each in stored.orders.values()]
        return Ended(
            violations=find_violations(stored, outside),
            statuses=Counter(str(each.status) for each in orders),
            rounds=Counter(str(added.status) for each in orders for added in each.rounds),
            calls=sum(n for path, n in self.simphony.calls.items() if path.startswith(CHECKS)),
            struck=await self.simphony.struck(),
            seconds_to_rest=rested,
        )

    async def _guest(self) -> None:
        """Order; some call it off at any time, some add to it once it is confirmed, some pay."""
        order_id = await self.place()
        fate = self.chance.random()
        if fate < CANCELS:
            await asyncio.sleep(self.chance.uniform(0, 60))
            await self.region.commands.cancel(OWNER, CODE, str(order_id), None)
        elif fate < CANCELS + ROUNDS:
            await self._add_round(order_id)
        elif fate < CANCELS + ROUNDS + PAYMENTS:
            await self.pay(order_id)

    async def place(self) -> UUID:
        """Order something."""
        placed = await self.region.submit(self.region.key(), order=self._order())
        self.receipts[CODE, placed.order_id] = {placed.receipt}
        return placed.order_id

    async def pay(self, order_id: UUID) -> None:
        """Pay at the till, which may have the check long before its order is confirmed."""
        await asyncio.sleep(self.chance.uniform(1, SWEEP_EVERY))
        while not await self.simphony.pay(order_id):  # noqa: ASYNC110 - as who stands there and waits
            await asyncio.sleep(SWEEP_EVERY)

    async def _add_round(self, order_id: UUID) -> None:
        while not (await self.region.order(order_id)).at_rest:  # noqa: ASYNC110 - as an app that polls
            await asyncio.sleep(SWEEP_EVERY)
        if (await self.region.order(order_id)).status is Status.CONFIRMED:
            await self.region.submit_round(order_id, self.region.key(), {"lines": [self._line()]})

    def _order(self) -> dict[str, Any]:
        return {
            "channel": "online",
            "fulfilment": {"type": self.chance.choice(["pickup", "dine_in"])},
            "lines": [self._line() for _ in range(self.chance.randint(1, 4))],
            "payment": {"method": "at_counter"},
        }

    def _line(self) -> dict[str, Any]:
        item, extras = self.chance.choice(DISHES)
        chosen = [extra for extra in extras if self.chance.random() < 0.4]
        condiments = [{"condiment_id": extra} for extra in chosen[:1]]
        return {"menu_item_id": item, "quantity": self.chance.randint(1, 3), "condiments": condiments}

    async def _deliver(self) -> None:
        """Each event goes to whom it is for, as many at a time as there are."""
        waiting = self.region.bus.waiting
        while waiting:
            task = asyncio.create_task(self._handle(waiting.popleft()))
            self.delivering.add(task)
            task.add_done_callback(self.delivering.discard)
        await asyncio.sleep(0.05)

    async def _handle(self, event: Event) -> None:
        await asyncio.sleep(self.chance.uniform(0.01, 0.5))
        await self.region.deliver(event)

    async def _sweep(self) -> None:
        await self.region.scheduler.sweep()
        await asyncio.sleep(SWEEP_EVERY)


@asynccontextmanager
async def _going_on(turn: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    async def go_on() -> None:
        while True:
            await turn()

    task = asyncio.create_task(go_on())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def open_evening(seed: int, *, detects_duplicates: bool) -> AsyncIterator[Evening]:
    """An evening at one restaurant; what guests do and how calls go wrong is drawn from the seed."""
    async with open_simphony(seed, detects_duplicates=detects_duplicates) as simphony:
        region = OrderingRegion()
        region.clock = _VirtualClock()
        region.pos = simphony.point_of_sale  # type: ignore[assignment] # the product's own client
        region.menus.values[CODE] = simphony.menu
        region.properties.values[CODE] = PROPERTY.model_copy(
            update={"simphony": simphony.connection, "currency": "DKK"}
        )
        region.restart()
        evening = Evening(region, simphony, random.Random(seed))  # noqa: S311 - the same guests each time
        async with evening.going_on():
            yield evening
