"""Ten simultaneous cancels and confirmations of one order end in one consistent state, every time.

Three processes of a region. Every call to a table, to Event Grid and to Simphony lets others run a while
first, as long as the try's seed says, so that each seed is another order of events, and the same each time.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence

import pytest
from tests.ordering import OWNER, OrderingRegion
from tests.point_of_sale import Mood
from tests.proofs.figures import keep
from tests.restaurant import CODE
from tests.simulation.processes import beside
from tests.simulation.promises import broken_promises
from tests.tables import create_table, open_requests

from localcloud.azurite import StorageAddress
from muneris.cloud.tables import Table
from muneris.orders.model import Order, Status

PROCESSES, CANCELS, CONFIRMATIONS = 3, 5, 5
LONGEST_TURN = 12
"""How often others may run before a call."""
SEEDS, SAMPLE, SEEDS_ON_AZURITE = range(1000), range(25), range(100)
VOIDS: Sequence[Mood] = ("takes", "refuses")
ENDS = {
    "cancelled before Simphony was called",
    "cancelled, its check voided",
    "confirmed, as Simphony refused to void its check",
}

type Tables = Callable[[], Awaitable[Sequence[Table | None]]]


async def in_memory() -> Sequence[Table | None]:
    return None, None, None


@pytest.mark.parametrize("seed", SAMPLE)
async def test_cancels_and_confirmations_of_one_order_end_in_one_state(seed: int) -> None:
    assert await race(seed, in_memory) in ENDS


@pytest.mark.prove
async def test_cancels_and_confirmations_of_one_order_end_in_one_state_every_time() -> None:
    ends = await race_each(SEEDS, in_memory)
    assert ends.keys() == ENDS
    keep("Ten cancels and confirmations at once", {"tries": ends.total(), **dict(sorted(ends.items()))})


@pytest.mark.prove
async def test_they_do_so_in_the_storage_emulator(
    azurite: StorageAddress, unique: Callable[[str], str]
) -> None:
    async with open_requests() as requests:

        async def new_tables() -> Sequence[Table]:
            names = [unique(each) for each in ("Orders", "Agenda", "Inventory")]
            return [await create_table(azurite, each, requests) for each in names]

        ends = await race_each(SEEDS_ON_AZURITE, new_tables)
    assert ends.keys() == ENDS
    keep(
        "Ten cancels and confirmations at once, in the storage emulator",
        {"tries": ends.total(), **dict(sorted(ends.items()))},
    )


async def race_each(seeds: Iterable[int], tables: Tables) -> Counter[str]:
    """How often it ends how."""
    ends = Counter[str]()
    for seed in seeds:
        try:
            ends[await race(seed, tables)] += 1
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
    return ends


async def race(seed: int, tables: Tables) -> str:
    """How an order ends that waits for Simphony when everybody comes at once; all promises are kept."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    processes = await open_processes(tables)
    region = processes[0]
    order_id, post = await region.reserved()
    region.pos.void_mood = chance.choice(VOIDS)
    for each in processes:
        unsettle(each, chance)
    calls = [
        *(each.commands.cancel(OWNER, CODE, str(order_id), None) for each in in_turn(processes, CANCELS)),
        *(each.deliver(post) for each in in_turn(processes, CONFIRMATIONS)),
    ]
    chance.shuffle(calls)
    await asyncio.gather(*calls)
    await settle(processes)
    assert await broken_promises(region) == []
    return ending(await region.order(order_id), was_posted=bool(region.pos.opened))


def ending(order: Order, *, was_posted: bool) -> str:
    if order.status is Status.CANCELLED:
        return "cancelled, its check voided" if was_posted else "cancelled before Simphony was called"
    if (order.status, order.reason) == (Status.CONFIRMED, "cancel_refused"):
        return "confirmed, as Simphony refused to void its check"
    return f"{order.status} for {order.reason}"


async def open_processes(tables: Tables) -> Sequence[OrderingRegion]:
    """Several of one region, whose property takes orders."""
    region = OrderingRegion(*await tables())
    await region.open()
    return [region, *(beside(region) for _ in range(PROCESSES - 1))]


def in_turn(processes: Sequence[OrderingRegion], times: int) -> list[OrderingRegion]:
    return [processes[number % len(processes)] for number in range(times)]


def unsettle(process: OrderingRegion, chance: random.Random) -> None:
    """Before each call of a process others run a while."""

    async def let_others_run() -> None:
        for _ in range(chance.randrange(LONGEST_TURN)):
            await asyncio.sleep(0)

    process.faults.plan = lambda _: "slow"
    process.faults.meanwhile = let_others_run


async def settle(processes: Sequence[OrderingRegion]) -> None:
    """Whatever is said is delivered, by all processes at once, until nothing is owed."""
    region = processes[0]
    for each in processes:
        await each.scheduler.quiet()
    while region.bus.waiting or await region.works():
        events = list(region.bus.waiting)
        region.bus.waiting.clear()
        turns = in_turn(processes, len(events))
        await asyncio.gather(*(each.deliver(event) for each, event in zip(turns, events, strict=True)))
        for each in processes:
            await each.scheduler.quiet()
        if not region.bus.waiting:
            region.clock.advance(seconds=11)
            await asyncio.gather(*(each.scheduler.sweep() for each in processes))
