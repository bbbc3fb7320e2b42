"""Ten minutes without inventory or Simphony, under load: few messages an order, and all is made up for."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from tests.ordering import DEADLINE, POST, OrderingRegion
from tests.point_of_sale import Mood
from tests.proofs.figures import keep
from tests.simulation.promises import broken_promises

from muneris.cloud.events import Event
from muneris.orders.life.calls import CALL_WITHIN, MARGIN
from muneris.orders.life.scheduler import PER_SWEEP

pytestmark = pytest.mark.prove

SWEEP_SECONDS = 5
ORDERS_A_SWEEP = 10
OUTAGE_SWEEPS = 600 // SWEEP_SECONDS
SHELF = 100_000
HANDFUL = 5
"""Messages that the outage may cost an order on average; the unluckiest may have three times as many."""
PROBES_UNTIL_HEARD = 12
"""Sweeps until a probe was sent and its answer has made everything due."""
RESERVE = "muneris.stock.reserve"

type End = Callable[[], Awaitable[None]]


class Outage(NamedTuple):
    """Begins it, and answers how it ends; `asked` is the event whose messages it multiplies.

    `lasts`: how long what it did to a call is not known after its end.
    """

    asked: str
    begin: Callable[[OrderingRegion], End]
    lasts: timedelta = timedelta(0)


def inventory_does_not_run(region: OrderingRegion) -> End:
    """What inventory is asked stays in its queue, and comes all at once when it runs again."""
    deliver, queued = region.deliver, list[Event]()

    async def unless_down(event: Event) -> None:
        if event.type == RESERVE:
            queued.append(event)
        else:
            await deliver(event)

    async def run_again() -> None:
        region.deliver = deliver  # type: ignore[method-assign] # the outage is over
        region.bus.waiting.extend(queued)
        await region.pump()

    region.deliver = unless_down  # type: ignore[method-assign] # the outage
    return run_again


def simphony(mood: Mood) -> Callable[[OrderingRegion], End]:
    """Its calls go wrong in that way, and nothing can be looked up."""

    def begin(region: OrderingRegion) -> End:
        region.pos.mood, region.pos.look_ups_fail = mood, True

        async def run_again() -> None:
            region.pos.mood, region.pos.look_ups_fail = "takes", False

        return run_again

    return begin


OUTAGES: Mapping[str, Outage] = {
    "inventory does not run": Outage(RESERVE, inventory_does_not_run),
    "Simphony cannot be reached": Outage(POST, simphony("unreachable")),
    "Simphony answers nothing": Outage(POST, simphony("loses_request"), CALL_WITHIN + DEADLINE + MARGIN),
}


@pytest.mark.parametrize("name", OUTAGES)
async def test_an_outage_costs_few_messages_an_order_and_the_backlog_drains_at_full_speed(name: str) -> None:
    region, outage = OrderingRegion(), OUTAGES[name]
    await region.open(bun=SHELF, beef=SHELF)
    end = outage.begin(region)
    orders = []
    for _ in range(OUTAGE_SWEEPS):
        orders += [await region.accepted() for _ in range(ORDERS_A_SWEEP)]
        await region.sweep(SWEEP_SECONDS)
    messages = Counter(str(event.data["order_id"]) for event in region.bus.said(outage.asked))
    assert not await confirmed(region)
    await end()
    sweeps = 0
    while await region.works():
        await region.sweep(SWEEP_SECONDS)
        sweeps += 1
        assert sweeps < OUTAGE_SWEEPS, "the backlog does not drain"
    assert await confirmed(region) == len(orders)
    assert await broken_promises(region, delivered=dict.fromkeys(("bun", "beef"), Decimal(SHELF))) == []
    an_order = messages.total() / len(orders)
    keep(
        f"Ten minutes: {name}",
        {
            "orders placed meanwhile": len(orders),
            "messages an order": round(an_order, 2),
            "most messages of one order": max(messages.values()),
            "seconds until all were confirmed": sweeps * SWEEP_SECONDS,
        },
    )
    assert an_order <= HANDFUL
    assert max(messages.values()) <= 3 * HANDFUL
    waited = outage.lasts / timedelta(seconds=SWEEP_SECONDS)
    assert sweeps <= len(orders) / PER_SWEEP + PROBES_UNTIL_HEARD + waited


async def confirmed(region: OrderingRegion) -> int:
    """How many orders are on a check."""
    return sum(each.check.state == "open" for each in region.pos.opened)
