"""What people do in the sweeps: each scenario says how its orders end, whatever call fails meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

import pytest
from tests.ordering import OWNER
from tests.restaurant import BURGER, CODE, ORDER, PROPERTY
from tests.simulation.interleaving import just_before
from tests.simulation.swept_region import SweptRegion

from muneris.config.ordering import Capacity, Ordering
from muneris.core.problems import ProblemError

type Scenario = Callable[[SweptRegion], Awaitable[Sequence[str]]]
"""Carries it out; answers how its orders end, the oldest first, each with its rounds; `*`: in any way."""

ONE_AT_ONCE = PROPERTY.model_copy(update={"ordering": Ordering(capacity={"pickup": Capacity(in_progress=1)})})
TOO_MUCH = {"lines": [{"menu_item_id": BURGER, "quantity": 101, "condiments": []}]}
MORE_THAN_THERE_IS = {**ORDER, **TOO_MUCH, "expected_total": "1010.00"}


async def order(region: SweptRegion) -> Sequence[str]:
    await region.ordered()
    await region.pump()
    return ["confirmed"]


async def cancelled_at_once(region: SweptRegion) -> Sequence[str]:
    await region.cancel_until_answered(await region.ordered())
    await region.pump()
    return ["cancelled"]


async def cancelled_once_reserved(region: SweptRegion) -> Sequence[str]:
    order_id = await region.ordered()
    await region.reserve_all()
    await region.cancel_until_answered(order_id)
    await region.pump()
    return ["cancelled"]


async def cancelled_while_posting(region: SweptRegion) -> Sequence[str]:
    order_id = await region.ordered()
    with just_before(region.pos, "post_check", lambda: region.cancel_until_answered(order_id)):
        await region.pump()
        await region.sweep_until_quiet(seconds=20)  # whatever failed, it is posted once
    return ["cancelled"]


async def cancelled_once_confirmed(region: SweptRegion) -> Sequence[str]:
    order_id = await region.ordered()
    await region.pump()
    await region.cancel_until_answered(order_id)
    await region.pump()
    return ["cancelled"]


async def rejected_for_stock(region: SweptRegion) -> Sequence[str]:
    await region.ordered(MORE_THAN_THERE_IS)
    await region.pump()
    return ["rejected"]


async def rejected_by_simphony(region: SweptRegion) -> Sequence[str]:
    region.pos.mood = "refuses"
    await region.ordered()
    await region.pump()
    return ["rejected"]


async def opened(region: SweptRegion) -> UUID:
    """An order whose check is open, whatever failed."""
    order_id = await region.ordered()
    await region.pump()
    await region.sweep_until_quiet(seconds=20)
    return order_id


async def rounds(region: SweptRegion) -> Sequence[str]:
    """Two devices add to one order at once."""
    order_id = await opened(region)
    await asyncio.gather(region.round_added(order_id), region.round_added(order_id))
    await region.pump()
    return ["confirmed confirmed confirmed"]


async def round_without_stock(region: SweptRegion) -> Sequence[str]:
    await region.round_added(await opened(region), TOO_MUCH)
    await region.pump()
    return ["confirmed rejected"]


async def cancelled_with_a_round(region: SweptRegion) -> Sequence[str]:
    order_id = await opened(region)
    await region.round_added(order_id)
    await region.reserve_all()
    await region.cancel_until_answered(order_id)
    await region.pump()
    return ["cancelled *"]


async def capacity(region: SweptRegion) -> Sequence[str]:
    """One order at once: a second one is refused until the first is ready."""
    region.properties.values[CODE] = ONE_AT_ONCE
    first = await opened(region)
    with pytest.raises(ProblemError, match="slot_full"):
        await region.ordered()
    await region.until_answered(lambda: region.commands.fulfil(OWNER, CODE, str(first), "ready"))
    await region.ordered()
    await region.pump()
    return ["confirmed", "confirmed"]


SCENARIOS: Mapping[str, Scenario] = {
    each.__name__.replace("_", " "): each
    for each in (
        order,
        cancelled_at_once,
        cancelled_once_reserved,
        cancelled_while_posting,
        cancelled_once_confirmed,
        rejected_for_stock,
        rejected_by_simphony,
        rounds,
        round_without_stock,
        cancelled_with_a_round,
        capacity,
    )
}
