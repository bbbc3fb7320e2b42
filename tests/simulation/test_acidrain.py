"""The three attacks of "ACIDRain" (Warszawski and Bailis, SIGMOD 2017), on stock and on capacity.

The inventory attack sells more than there is, the voucher attack spends one thing twice, the cart attack
changes what is ordered while it is checked out. Each is tried by many at once, in several processes.
"""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import pytest
from tests.ordering import OWNER, OrderingRegion
from tests.restaurant import BURGER, CODE, ORDER, PROPERTY
from tests.simulation.processes import beside
from tests.simulation.promises import STOCKED, broken_promises, stored_in

from muneris.config.ordering import Capacity, Ordering
from muneris.core.problems import ProblemError
from muneris.orders.intake.service import Placed
from muneris.orders.model import Status

TRIES, PROCESSES, BUNS, PLACES = 64, 3, 14, 5
PACED = Ordering(capacity={"pickup": Capacity(in_progress=PLACES)})
ONE_BURGER = {
    **ORDER,
    "lines": [{"menu_item_id": BURGER, "quantity": 1, "condiments": []}],
    "expected_total": "10.00",
}


async def _soon(_: float) -> None:
    await asyncio.sleep(0)


@pytest.fixture
async def processes() -> Sequence[OrderingRegion]:
    """Several of one region."""
    region = OrderingRegion(sleep=_soon)
    await region.open(bun=BUNS)
    return [region, *(beside(region) for _ in range(PROCESSES - 1))]


async def submit(region: OrderingRegion, key: str, order: object = ORDER) -> Placed | str:
    """What somebody is answered; the code if it is refused."""
    try:
        return await region.submit(key, order=order)
    except ProblemError as refusal:
        return refusal.type.code


async def settle(processes: Sequence[OrderingRegion]) -> None:
    """All that waits is delivered at once, by all processes, until nothing is owed."""
    region = processes[0]
    while region.bus.waiting or await region.works():
        for each in processes:
            await each.scheduler.quiet()
        events = list(region.bus.waiting)
        region.bus.waiting.clear()
        await asyncio.gather(
            *(processes[number % PROCESSES].deliver(event) for number, event in enumerate(events))
        )
        region.clock.advance(seconds=11)
        await asyncio.gather(*(each.scheduler.sweep() for each in processes))
    assert await broken_promises(region, delivered={**STOCKED, "bun": Decimal(BUNS)}) == []


async def statuses(region: OrderingRegion) -> list[Status]:
    return [each.order.status for each in (await stored_in(region)).orders.values()]


def spread(processes: Sequence[OrderingRegion], times: int) -> list[OrderingRegion]:
    """Each process in turn, so many times."""
    return [processes[number % PROCESSES] for number in range(times)]


async def test_no_more_is_sold_than_there_is(processes: Sequence[OrderingRegion]) -> None:
    region = processes[0]
    await asyncio.gather(*(submit(each, region.key()) for each in spread(processes, TRIES)))
    await settle(processes)
    assert (await statuses(region)).count(Status.CONFIRMED) == BUNS // 2
    assert await region.item("bun") == ("0", "0")


async def test_no_more_are_admitted_than_there_are_places(processes: Sequence[OrderingRegion]) -> None:
    region = processes[0]
    region.properties.values[CODE] = PROPERTY.model_copy(update={"ordering": PACED})
    answers = await asyncio.gather(*(submit(each, region.key()) for each in spread(processes, TRIES)))
    assert answers.count("slot_full") == TRIES - PLACES
    assert len(await statuses(region)) == PLACES
    await settle(processes)


async def test_what_an_order_holds_is_given_back_once(processes: Sequence[OrderingRegion]) -> None:
    region = processes[0]
    order_id = await region.accepted()
    await region.pump()
    await asyncio.gather(
        *(each.commands.cancel(OWNER, CODE, str(order_id), None) for each in spread(processes, TRIES))
    )
    await settle(processes)
    assert await statuses(region) == [Status.CANCELLED]
    assert await region.item("bun") == (str(BUNS), "0")


async def test_a_place_that_was_left_is_taken_once(processes: Sequence[OrderingRegion]) -> None:
    region = processes[0]
    region.properties.values[CODE] = PROPERTY.model_copy(update={"ordering": PACED})
    admitted = [await region.accepted() for _ in range(PLACES)]
    await region.pump()
    await region.commands.fulfil(OWNER, CODE, str(admitted[0]), "ready")
    answers = await asyncio.gather(*(submit(each, region.key()) for each in spread(processes, TRIES)))
    assert answers.count("slot_full") == TRIES - 1
    await settle(processes)


async def test_what_is_held_is_what_was_ordered(processes: Sequence[OrderingRegion]) -> None:
    region, key = processes[0], processes[0].key()
    orders = [(ORDER, ONE_BURGER)[number % 2] for number in range(TRIES)]
    answers = await asyncio.gather(
        *(submit(each, key, order) for each, order in zip(spread(processes, TRIES), orders, strict=True))
    )
    assert answers.count("idempotency_key_reused") == TRIES // 2
    await settle(processes)
    quantity = (await region.order(UUID(key))).priced_lines[0].quantity
    assert await region.item("bun") == (str(BUNS - quantity), "0")
    (check,) = region.pos.calls
    assert [line.quantity for line in check.lines] == [quantity]


async def test_an_order_takes_the_place_it_asked_for(processes: Sequence[OrderingRegion]) -> None:
    """One key, sent for two windows of time at once: one of them has its order, the other has nobody."""
    region, key = processes[0], processes[0].key()
    paced = Ordering(capacity={"pickup": Capacity(per_window=PLACES)})
    region.properties.values[CODE] = PROPERTY.model_copy(update={"ordering": paced})
    times = ("2030-05-04T13:00:00Z", "2030-05-04T14:00:00Z")
    orders = [{**ORDER, "fulfilment": {"type": "pickup", "requested_at": each}} for each in times]
    answers = await asyncio.gather(*(submit(processes[n], key, orders[n]) for n in range(2)))
    assert answers.count("idempotency_key_reused") == 1
    slots = [row for row in await region.rows() if row.key.startswith("slot|")]
    requested_at = (await region.order(UUID(key))).fulfilment.requested_at
    assert requested_at is not None
    assert [row.key for row in slots] == [f"slot|pickup|2030050{requested_at[9]}{requested_at[11:13]}00"]
    assert key in slots[0].text("Orders")
