"""What inventory publishes: at once what staff change, soon what orders take, and whatever was missed."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Literal

import pytest
from tests.unit.inventory.kitchen import CODE, Kitchen, ask, asks

from muneris.cloud.documents import DocumentsUnavailableError
from muneris.cloud.tables import TableUnavailableError
from muneris.inventory.availability import Availability, ItemAvailability, availability_document
from muneris.inventory.model import StockItem
from muneris.inventory.publishing import NOTICES_AT_ONCE
from muneris.inventory.recipes import Ingredient, recipes_document
from muneris.inventory.store import Change

BURGER, BUN_ALONE, SODA = 1, 2, 3
GONE = ItemAvailability(state="unavailable")
BOTH = [recipes_document(CODE), availability_document(CODE)]


@pytest.fixture
async def burgers(kitchen: Kitchen) -> Kitchen:
    """Ten buns and as much beef; a burger takes a bun and 0.15 of beef."""
    await kitchen.recipe(BURGER, bun=1, beef="0.15")
    await kitchen.recipe(BUN_ALONE, bun=1)
    kitchen.documents.puts.clear()
    return kitchen


def left(quantity: int) -> Availability:
    return Availability(items={SODA: ItemAvailability(state="limited", quantity=quantity)})


async def test_what_staff_say_is_published_together(kitchen: Kitchen) -> None:
    await kitchen.say(1, "unavailable")
    await kitchen.say(2, "unavailable")
    await kitchen.say(1, "available")
    assert await kitchen.published() == Availability(items={2: GONE})
    assert await kitchen.inventory.availability(CODE) == Availability(items={2: GONE})


async def test_what_is_said_at_once_is_all_kept() -> None:
    first = Kitchen()
    second = Kitchen(first)
    await asyncio.gather(*((first if each % 2 else second).say(each, "unavailable") for each in range(10)))
    assert await first.published() == Availability(items=dict.fromkeys(range(10), GONE))


async def test_those_who_wait_to_publish_share_it(kitchen: Kitchen) -> None:
    kitchen.documents.puts.clear()
    await asyncio.gather(*(kitchen.recipe(each, bun=1) for each in range(20)))
    recipes = await kitchen.published_recipes()
    assert recipes is not None
    assert sorted(recipes.recipes) == list(range(20))
    assert len(kitchen.documents.puts) <= 4


async def test_the_newest_is_published_whoever_publishes_last() -> None:
    first = Kitchen()
    second = Kitchen(first)
    await first.stock(bun=1)
    first.documents.other = lambda: second.recipe(2, bun=1)
    await first.recipe(1, bun=1)
    recipes = await first.published_recipes()
    assert recipes is not None
    assert sorted(recipes.recipes) == [1, 2]
    first.documents.other = lambda: second.say(2, "unavailable")
    await first.say(1, "unavailable")
    published = await first.published()
    assert published is not None
    assert sorted(published.items) == [1, 2]


async def test_nothing_is_written_that_is_published_already(burgers: Kitchen) -> None:
    await burgers.recipe(BURGER, bun=1, beef="0.15")
    await burgers.stock(bun=20)
    await burgers.say(BURGER, "available")
    assert burgers.documents.puts == []


async def test_who_cannot_publish_says_so_and_does_it_when_asked_again(kitchen: Kitchen) -> None:
    kitchen.documents.down()
    with pytest.raises(DocumentsUnavailableError):
        await kitchen.say(BURGER, "unavailable")
    kitchen.documents.up()
    await kitchen.say(BURGER, "unavailable")
    assert await kitchen.published() == Availability(items={BURGER: GONE})


async def test_the_last_bun_takes_the_burger_off_the_menu_and_its_return_brings_it_back(
    burgers: Kitchen,
) -> None:
    await burgers.ask("reserve", bun=9)
    assert await burgers.published() == Availability()
    assert burgers.documents.puts == []
    await burgers.ask("reserve", "b", bun=1)
    assert await burgers.published() == Availability(out_of_stock=(BURGER, BUN_ALONE))
    await burgers.ask("release", "b")
    assert await burgers.published() == Availability()
    assert burgers.documents.puts == [availability_document(CODE)] * 2


async def test_a_quantity_that_is_too_little_for_one_of_them_only(burgers: Kitchen) -> None:
    await burgers.ask("reserve", beef="9.86")
    assert await burgers.published() == Availability(out_of_stock=(BURGER,))


@pytest.mark.parametrize(("on_hand", "short"), [(0, (BURGER, BUN_ALONE)), (1, ())])
async def test_stock_that_is_put_is_published_at_once(
    burgers: Kitchen, on_hand: int, short: tuple[int, ...]
) -> None:
    await burgers.stock(bun=0)
    await burgers.stock(bun=on_hand)
    known = await burgers.documents.find(availability_document(CODE))
    assert known is not None
    assert Availability.model_validate_json(known.body).out_of_stock == short


async def test_stock_that_is_moved_is_published_at_once(burgers: Kitchen) -> None:
    await burgers.move("waste", "9.5")
    assert (await burgers.inventory.availability(CODE)).out_of_stock == (BURGER, BUN_ALONE)
    await burgers.move("receive", "0.5")
    assert (await burgers.inventory.availability(CODE)).out_of_stock == ()


async def test_a_recipe_of_what_is_not_in_stock_is_out_of_stock(kitchen: Kitchen) -> None:
    await kitchen.stock(salt=0)
    await kitchen.recipe(BURGER, salt=1)
    assert await kitchen.published() == Availability(out_of_stock=(BURGER,))
    await kitchen.stock(salt=1)
    assert await kitchen.published() == Availability()


async def test_orders_at_once_publish_once(burgers: Kitchen) -> None:
    await burgers.ask_at_once(*asks("reserve", [f"o{each}" for each in range(20)], bun=1))
    assert await burgers.published() == Availability(out_of_stock=(BURGER, BUN_ALONE))
    assert burgers.documents.puts == [availability_document(CODE)]


async def test_what_was_held_though_the_answer_was_lost_is_published(burgers: Kitchen) -> None:
    burgers.faults.fail("after", {0})
    with pytest.raises(TableUnavailableError):
        await burgers.answers.answer(ask("reserve", bun=10))
    assert burgers.faults.struck == 1
    assert await burgers.published() == Availability(out_of_stock=(BURGER, BUN_ALONE))


async def test_what_orders_take_is_measured_by_the_newest_recipes(burgers: Kitchen) -> None:
    await burgers.ask("reserve", bun=1)
    await burgers.publishing.quiet()
    await burgers.recipe(BUN_ALONE, bun=5)
    await burgers.ask("reserve", "b", bun=5)
    assert await burgers.published() == Availability(out_of_stock=(BUN_ALONE,))


async def test_the_recipes_of_another_process_are_known_within_5_seconds(burgers: Kitchen) -> None:
    await Kitchen(burgers).recipe(BUN_ALONE, bun=5)
    burgers.documents.puts.clear()
    burgers.clock.advance(seconds=3.9)
    await burgers.ask("reserve", "a", bun=6)
    assert await burgers.published() == Availability()
    await burgers.ask("release", "a")
    await burgers.publishing.quiet()
    burgers.clock.advance(seconds=1.1)
    await burgers.ask("reserve", "b", bun=6)
    assert await burgers.published() == Availability(out_of_stock=(BUN_ALONE,))
    assert burgers.documents.puts == [availability_document(CODE)]


async def test_an_answer_does_not_wait_for_what_is_published(burgers: Kitchen) -> None:
    burgers.documents.down()
    assert (await burgers.ask("reserve", bun=10)).type == "muneris.stock.reserved"
    await burgers.publishing.quiet()
    assert burgers.documents.puts == []


async def test_while_much_is_looked_at_the_rest_is_left_to_the_timer(burgers: Kitchen) -> None:
    stored = await burgers.store.find_item(CODE, "bun")
    assert stored is not None
    changes = [Change(stored.value.moved(on_hand=Decimal(-10)), stored)]
    for _ in range(2 * NOTICES_AT_ONCE):
        burgers.publishing.notice(CODE, changes)
    assert len(asyncio.all_tasks()) <= NOTICES_AT_ONCE + 2
    await burgers.publishing.quiet()


async def test_what_a_crash_left_unpublished_the_timer_publishes(burgers: Kitchen) -> None:
    burgers.documents.down()
    await burgers.ask("reserve", bun=10)
    await burgers.publishing.quiet()
    burgers.documents.up()
    burgers.restart()
    await burgers.upkeep.repair()
    assert await burgers.published() == Availability(out_of_stock=(BURGER, BUN_ALONE))


async def test_what_was_overwritten_the_timer_writes_again(burgers: Kitchen) -> None:
    for name in BOTH:
        await burgers.documents.put(name, b"{}")
    burgers.documents.puts.clear()
    await burgers.upkeep.repair()
    assert burgers.documents.puts == BOTH
    await burgers.upkeep.repair()
    assert burgers.documents.puts == BOTH


async def test_a_property_is_looked_at_for_20_minutes(burgers: Kitchen) -> None:
    await burgers.documents.put(availability_document(CODE), b"{}")
    burgers.documents.puts.clear()
    burgers.clock.advance(minutes=20, seconds=-1)
    await burgers.upkeep.repair()
    assert burgers.documents.puts == [availability_document(CODE)]


async def test_a_property_where_nothing_happens_is_not_looked_at(burgers: Kitchen) -> None:
    await burgers.documents.put(availability_document(CODE), b"{}")
    burgers.clock.advance(minutes=20)
    burgers.documents.puts.clear()
    await burgers.upkeep.repair()
    assert burgers.documents.puts == []
    await burgers.upkeep.purge()
    assert burgers.documents.puts == [availability_document(CODE)]


async def test_one_property_that_fails_is_not_the_others(kitchen: Kitchen) -> None:
    other = "NOR-ODE01"
    await kitchen.inventory.put_item(other, StockItem(sku="bun", name="Bun", on_hand=Decimal(1)))
    for code in (CODE, other):
        await kitchen.documents.put(availability_document(code), b"{}")
    kitchen.documents.puts.clear()
    kitchen.documents.refuses = lambda name: name.startswith(CODE)
    await kitchen.upkeep.repair()
    await kitchen.upkeep.purge()
    assert kitchen.documents.puts == [availability_document(other)]


async def test_so_many_may_be_sold_and_not_one_more(burgers: Kitchen) -> None:
    await burgers.say(SODA, "limited", 3)
    assert await burgers.published() == left(3)
    recipes = await burgers.published_recipes()
    assert recipes is not None
    assert recipes.of(SODA) == (Ingredient(sku="limit.3", quantity=Decimal(1)),)
    events = [ask("reserve", f"o{each}", **{"limit.3": 1}) for each in range(5)]
    answers = await burgers.ask_at_once(*events)
    assert sorted(said for _, said in answers) == ["rejected"] * 2 + ["reserved"] * 3
    assert await burgers.published() == left(0)
    assert (await burgers.inventory.availability(CODE)).is_unavailable(SODA, burgers.clock.now())


async def test_what_was_sold_of_a_limit_is_not_back_on_it(burgers: Kitchen) -> None:
    await burgers.say(SODA, "limited", 2)
    await burgers.ask("reserve", "a", bun=1, **{"limit.3": 1})
    await burgers.ask("consume", "a")
    await burgers.say(SODA, "limited", 5)
    await burgers.ask("release", "a")
    assert await burgers.published() == left(5)
    assert await burgers.item("bun") == (10, 0)


@pytest.mark.parametrize(("state", "items"), [("available", {}), ("unavailable", {SODA: GONE})])
async def test_of_two_who_say_something_at_once_the_last_is_right(
    burgers: Kitchen, state: Literal["available", "unavailable"], items: dict[int, ItemAvailability]
) -> None:
    other = Kitchen(burgers)
    burgers.table.other = lambda: other.say(SODA, "limited", 3)
    await burgers.say(SODA, state)
    assert await burgers.published() == Availability(items=items)
    recipes = await burgers.published_recipes()
    assert recipes is not None
    assert recipes.of(SODA) == ()


async def test_what_is_given_back_may_be_sold_again(burgers: Kitchen) -> None:
    await burgers.say(SODA, "limited", 2)
    await burgers.ask("reserve", "a", **{"limit.3": 2})
    await burgers.ask("release", "a")
    await burgers.ask("reserve", "b", **{"limit.3": 1})
    await burgers.ask("consume", "b")
    assert await burgers.published() == left(1)


async def test_a_limit_that_is_set_anew_counts_from_now(burgers: Kitchen) -> None:
    await burgers.say(SODA, "limited", 2)
    await burgers.ask("reserve", "a", **{"limit.3": 2})
    await burgers.say(SODA, "limited", 2)
    assert await burgers.published() == left(2)
    assert await burgers.item("limit.3") == (4, 2)
    assert (await burgers.ask("reserve", "b", **{"limit.3": 3})).data["items"] == ["limit.3"]


@pytest.mark.parametrize("ended", ["by its time", "by staff"])
async def test_a_limit_that_has_ended_refuses_nothing(burgers: Kitchen, ended: str) -> None:
    until = burgers.clock.now() + timedelta(minutes=5)
    await burgers.say(SODA, "limited", 1, until)
    await burgers.ask("reserve", "a", **{"limit.3": 1})
    if ended == "by staff":
        await burgers.say(SODA, "available")
    else:
        burgers.clock.advance(minutes=5)
    # As an order does that was priced before.
    assert (await burgers.ask("reserve", "b", bun=1, **{"limit.3": 4})).type == "muneris.stock.reserved"
    assert await burgers.item("limit.3") == (1, 1)
    await burgers.ask("consume", "a")
    await burgers.ask("consume", "b")
    assert (await burgers.item("limit.3"), await burgers.item("bun")) == ((0, 0), (9, 0))
    await burgers.upkeep.repair()
    assert await burgers.published() == Availability()
    recipes = await burgers.published_recipes()
    assert recipes is not None
    assert recipes.of(SODA) == ()


async def test_a_limit_that_another_process_extended_counts(burgers: Kitchen) -> None:
    other, now = Kitchen(burgers), burgers.clock.now()
    await burgers.say(SODA, "limited", 1, now + timedelta(minutes=5))
    await burgers.ask("reserve", "a", **{"limit.3": 1})
    await other.say(SODA, "limited", 0, now + timedelta(minutes=10))
    burgers.clock.advance(minutes=6)
    assert (await burgers.ask("reserve", "b", **{"limit.3": 1})).type == "muneris.stock.rejected"


async def test_a_limit_set_while_orders_hold_of_it(burgers: Kitchen) -> None:
    await burgers.say(SODA, "limited", 5)
    other = Kitchen(burgers)
    burgers.table.other = lambda: other.ask("reserve", "a", **{"limit.3": 2})
    await burgers.say(SODA, "limited", 1)
    assert await burgers.item("limit.3") == (3, 2)
