"""The people of the restaurants: stock comes and goes by their hands, and they settle what is in doubt."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from uuid import UUID

from tests.simulation.invariants import OrderKey, Sku, read_stored
from tests.simulation.seeded.customers import (
    STAFF_CALLER,
    TRIES,
    Crowd,
    NobodyThereError,
    UnansweredError,
)
from tests.simulation.seeded.processes import OrdersProcess
from tests.simulation.seeded.region import Region
from tests.simulation.seeded.virtual_time import SkewedClock

from muneris.core.ids import new_uuid7
from muneris.core.problems import ProblemError
from muneris.inventory.movement import MovementAsk
from muneris.orders.life.posted import round_reference_of
from muneris.orders.life.wishes import Resolution
from muneris.orders.model import Order, Status
from muneris.orders.round import RoundStatus
from muneris.orders.stored import StoredOrder

EVERY = 20.0
"""Seconds between two movements of stock, somewhere."""
_RETRY = Resolution(kind="retry", note="Simphony is back")


@dataclass
class Staff:
    """Moves stock, and remembers what it was told of that."""

    crowd: Crowd
    heard: dict[Sku, dict[UUID, Decimal]] = field(default_factory=lambda: defaultdict(dict))

    async def move_stock(self) -> None:
        """Deliveries, waste and corrections, each asked for until it is answered."""
        chance = self.crowd.net.chance
        async with asyncio.TaskGroup() as movements:
            while True:
                await asyncio.sleep(chance.expovariate(1 / EVERY))
                region = chance.choice(self.crowd.regions)
                movements.create_task(self._move(region, chance.choice(list(region.plans))))

    async def settle_doubts(self, region: Region, property_code: str) -> int:
        """Settle each order and round that needs attention; how many there were.

        Simphony is asked again about an order; whether it has a round, somebody looks.
        """
        stored = await read_stored([property_code], region.tables["Orders"], region.tables["Inventory"])
        rounds = {
            each.reference for check in region.restaurants[property_code].opened for each in check.rounds
        }
        doubts = 0
        for key, kept in stored.orders.items():
            for resolution in _resolutions(kept.order, rounds):
                await self.crowd.command(region, key, "resolve", partial(_resolve, key, resolution))
                doubts += 1
        return doubts

    async def _move(self, region: Region, property_code: str) -> None:
        chance = self.crowd.net.chance
        asked = MovementAsk(
            sku=chance.choice(["bun", "beef"]),
            kind=chance.choice(["adjust", "receive", "waste", "stock-take"]),
            quantity=Decimal(chance.randint(1, 40)),
            key=new_uuid7(SkewedClock().now(), chance.randbytes),
            fingerprint="",
            by=STAFF_CALLER.subject,
        )
        for _ in range(TRIES):
            try:
                moved = await self.crowd.ask(
                    region.inventory, lambda process: process.movements.move(property_code, asked)
                )
            except ProblemError:
                return
            except (UnansweredError, NobodyThereError):
                await asyncio.sleep(chance.uniform(0.5, 6))
            else:
                self.heard[property_code, asked.sku][asked.key] = moved.movement.delta
                return


def _resolutions(order: Order, rounds: AbstractSet[str]) -> Iterator[Resolution]:
    """What there is to say of an order's doubts, given the rounds that its restaurant has."""
    if order.status is Status.NEEDS_ATTENTION:
        yield _RETRY
    for each in order.rounds:
        if each.status is RoundStatus.NEEDS_ATTENTION:
            is_there = round_reference_of(order, each.id) in rounds
            yield Resolution(kind="confirmed" if is_there else "rejected", round=each.id, note="I looked")


async def _resolve(key: OrderKey, resolution: Resolution, process: OrdersProcess) -> StoredOrder:
    return await process.commands.resolve(STAFF_CALLER, key[0], str(key[1]), resolution)
