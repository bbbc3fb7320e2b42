"""Answers are applied once, in whatever order and however often they come."""

import asyncio
import itertools
import random
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from tests.ordering import POST, OrderingRegion
from tests.restaurant import CODE, RECIPES

from muneris.cloud.events import Event
from muneris.core.problems import Json
from muneris.inventory.recipes import Ingredient, Recipes
from muneris.orders.events import ask_of, event_of
from muneris.orders.model import Status, Step

RESERVE, RESERVED, REJECTED = "muneris.stock.reserve", "muneris.stock.reserved", "muneris.stock.rejected"


async def asked(region: OrderingRegion) -> Event:
    """The ask to reserve a new order's stock, not delivered yet."""
    await region.accepted()
    await region.scheduler.quiet()
    return region.take(RESERVE)


def answer(ask: Event, event_type: str = RESERVED, **changed: Json) -> Event:
    data: Mapping[str, Json] = {
        "property_code": CODE,
        "order_id": ask.data["order_id"],
        "number": ask.data["number"],
        **changed,
    }
    return Event(event_type, ask.subject, f"{ask.id}-answer", data)


async def test_an_answer_that_comes_twice_is_applied_once(region: OrderingRegion) -> None:
    ask = await asked(region)
    await region.progress.apply(answer(ask))
    stored = await region.rows()
    await region.progress.apply(answer(ask))
    await region.progress.apply(answer(ask, REJECTED, items=["bun"]))
    await region.scheduler.quiet()
    assert await region.rows() == stored
    assert len(region.bus.said(POST)) == 1


async def test_answers_at_once_are_applied_once(region: OrderingRegion) -> None:
    ask = await asked(region)
    await asyncio.gather(*(region.deliver(ask) for _ in range(8)))
    answers = region.bus.said(RESERVED)
    assert len(answers) == 8
    await asyncio.gather(*(region.deliver(each) for each in answers))
    await region.scheduler.quiet()
    assert len(region.bus.said(POST)) == 1
    await region.pump()
    assert await region.works() == []
    assert len(region.pos.calls) == 1
    assert await region.item("bun") == ("98", "0")


async def test_an_answer_to_another_number_changes_nothing(region: OrderingRegion) -> None:
    ask = await asked(region)
    stored = await region.rows()
    await region.progress.apply(answer(ask, number=7))
    assert [row for row in await region.rows() if row.partition == CODE] == [
        row for row in stored if row.partition == CODE
    ]


@pytest.mark.parametrize(
    "event_type", [RESERVED, REJECTED, "muneris.stock.consumed", "muneris.stock.released"]
)
async def test_an_answer_for_an_unknown_order_changes_nothing(
    event_type: str, region: OrderingRegion
) -> None:
    ask = await asked(region)
    strange = answer(ask, event_type, order_id="01bb56c7-1600-7000-8000-00000000ffff")
    await region.progress.apply(strange)
    await region.pump()
    (work,) = await region.works()
    assert work.ask.step is Step.RESERVE


@pytest.mark.parametrize(
    ("event_type", "changed"),
    [
        ("muneris.stock.eaten", {}),
        (RESERVE, {}),
        (POST, {}),
        ("muneris.check.void", {}),
        (RESERVED, {"number": "1"}),
        (RESERVED, {"number": None}),
        (RESERVED, {"order_id": "no-uuid"}),
    ],
)
async def test_what_is_no_answer_is_a_bug(
    event_type: str, changed: dict[str, Json], region: OrderingRegion
) -> None:
    ask = await asked(region)
    with pytest.raises(ValueError, match=r"."):
        await region.progress.apply(answer(ask, event_type, **changed))


@pytest.mark.parametrize("missing", ["number", "order_id"])
async def test_an_answer_that_lacks_what_it_is_about_is_a_bug(missing: str, region: OrderingRegion) -> None:
    event = answer(await asked(region))
    data = {name: value for name, value in event.data.items() if name != missing}
    with pytest.raises(ValueError, match=missing):
        await region.progress.apply(Event(event.type, event.subject, event.id, data))


@pytest.mark.parametrize(
    ("short", "reason", "items"),
    [
        (["bun"], "out_of_stock", (11001,)),
        (["beef", "limit.11001"], "out_of_stock", (11001,)),
        (["limit.11001"], "item_unavailable", (11001,)),
        (["strange"], "out_of_stock", None),
        ([], "out_of_stock", None),
        (None, "out_of_stock", None),
    ],
)
async def test_a_rejection_says_why_and_which_items(
    short: list[str] | None, reason: str, items: tuple[int, ...] | None, region: OrderingRegion
) -> None:
    limit = Ingredient(sku="limit.11001", quantity=Decimal(1))
    recipes = {**RECIPES.recipes, 11001: (*RECIPES.of(11001), limit)}
    region.recipes.values[CODE] = Recipes(recipes=recipes)
    ask = await asked(region)
    await region.progress.apply(answer(ask, REJECTED, items=short))
    order = await region.order(UUID(str(ask.data["order_id"])))
    last = order.history[-1]
    assert (order.status, order.reason, last.items) == (Status.REJECTED, reason, items)
    assert last.detail == (", ".join(short or []) or None)


async def test_an_answer_about_a_round_is_not_about_its_order(region: OrderingRegion) -> None:
    ask = await asked(region)
    await region.progress.apply(answer(ask, round="01bb56c7-1600-7000-8000-00000000ffff"))
    assert [work.ask.step for work in await region.works()] == [Step.RESERVE]


@pytest.mark.parametrize("of_round", ["", "01bb56c7-1600-7000-8000-00000000ffff"])
async def test_an_ask_is_told_by_its_event(of_round: str, region: OrderingRegion) -> None:
    await asked(region)
    (work,) = await region.works()
    of_that = replace(work, ask=replace(work.ask, step=Step.POST, round=of_round))
    assert ask_of(event_of(of_that)) == of_that.ask
    assert ("round" in event_of(of_that).data) == bool(of_round)


async def test_an_answer_wins_over_a_sweeper_that_moves_its_ask(region: OrderingRegion) -> None:
    ask = await asked(region)
    region.clock.advance(seconds=10)
    await region.scheduler.sweep()
    await region.progress.apply(answer(ask))
    assert [work.ask.step for work in await region.works()] == [Step.POST]


@pytest.mark.parametrize("mood", ["takes", "refuses"])
async def test_events_may_come_twice_and_in_any_order(mood: str, region: OrderingRegion) -> None:
    region.pos.mood = "refuses" if mood == "refuses" else "takes"
    orders = [await region.accepted() for _ in range(6)]
    chance = random.Random(mood)  # noqa: S311 - the same order each time
    delivered: list[Event] = []
    for _ in itertools.count():
        await region.scheduler.quiet()
        if not region.bus.waiting:
            break
        event = chance.choice(region.bus.waiting)
        region.bus.waiting.remove(event)
        delivered.append(event)
        await region.deliver(event)
        await region.deliver(chance.choice(delivered))
    for event in (*delivered, *reversed(delivered)):
        await region.deliver(event)
    await region.sweep_until_quiet()
    final = Status.REJECTED if mood == "refuses" else Status.CONFIRMED
    assert [(await region.order(order_id)).status for order_id in orders] == [final] * 6
    assert len(region.pos.calls) == 6
    assert await region.item("bun") == (("100" if mood == "refuses" else "88"), "0")
