"""What is published of menu items, from recipes, staff's word and stock."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

import pytest

from muneris.inventory.availability import AVAILABLE, Availability, ItemAvailability
from muneris.inventory.model import StockItem, limit_sku
from muneris.inventory.pantry import Pantry, limit_after
from muneris.inventory.recipes import Ingredient, Recipes

NOW = datetime(2030, 5, 4, 12, tzinfo=UTC)
LATER, BEFORE = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
BURGER, SOUP, SODA = 1, 2, 3
GONE = ItemAvailability(state="unavailable")
RECIPES = Recipes(
    recipes={
        BURGER: (
            Ingredient(sku="bun", quantity=Decimal(1)),
            Ingredient(sku="beef", quantity=Decimal("0.15")),
        ),
        SOUP: (Ingredient(sku="leek", quantity=Decimal("0.3")),),
    }
)


def item(sku: str, on_hand: str, held: str = "0", until: datetime | None = None) -> StockItem:
    return StockItem(sku=sku, name=sku, on_hand=Decimal(on_hand), held=Decimal(held), until=until)


def pantry(*items: StockItem, **said: ItemAvailability) -> Pantry:
    """The recipes, these items, and what was said of `burger`, `soup` and `soda`."""
    numbers = {"burger": BURGER, "soup": SOUP, "soda": SODA}
    return Pantry(RECIPES, {numbers[each]: said[each] for each in said}, {each.sku: each for each in items})


PLENTY = (item("bun", "9"), item("beef", "9"), item("leek", "9"))


def test_what_there_is_enough_of_is_not_out_of_stock() -> None:
    just = pantry(item("bun", "3", "2"), item("beef", "0.15"), item("leek", "0.3"))
    assert just.published_availability(NOW) == Availability()


@pytest.mark.parametrize(
    "items",
    [
        (item("bun", "2", "2"), item("beef", "9")),
        (item("bun", "9"), item("beef", "0.149999")),
        (item("bun", "9"),),
    ],
)
def test_what_there_is_too_little_of_is_out_of_stock(items: tuple[StockItem, ...]) -> None:
    published = pantry(*items, item("leek", "9")).published_availability(NOW)
    assert published == Availability(out_of_stock=(BURGER,))


def test_out_of_stock_is_sorted() -> None:
    backwards = Recipes(recipes=dict(sorted(RECIPES.recipes.items(), reverse=True)))
    assert Pantry(backwards, {}, {}).published_availability(NOW).out_of_stock == (BURGER, SOUP)


def test_what_staff_said_is_published_until_it_is_over() -> None:
    until = ItemAvailability(state="unavailable", until=LATER)
    said = pantry(*PLENTY, burger=GONE, soup=until, soda=AVAILABLE)
    assert said.published_availability(NOW).items == {BURGER: GONE, SOUP: until}
    assert said.published_availability(LATER).items == {BURGER: GONE}


def test_a_limit_is_published_with_what_is_left_of_it() -> None:
    said = ItemAvailability(state="limited", quantity=5, until=LATER)
    published = pantry(*PLENTY, item(limit_sku(SODA), "5", "3", LATER), soda=said)
    left = ItemAvailability(state="limited", quantity=2, until=LATER)
    assert published.published_availability(NOW).items == {SODA: left}
    assert published.published_availability(LATER).items == {}


@pytest.mark.parametrize("said", [AVAILABLE, GONE])
def test_a_limit_that_staffs_word_does_not_know_of_does_not_count(said: ItemAvailability) -> None:
    """As one that another process set while this was said."""
    at_once = pantry(*PLENTY, item(limit_sku(BURGER), "5"), burger=said)
    assert at_once.published_recipes(NOW) == RECIPES
    assert at_once.published_availability(NOW).items == ({} if said == AVAILABLE else {BURGER: GONE})


def test_a_limited_item_takes_one_of_its_limit_besides() -> None:
    said = ItemAvailability(state="limited", quantity=5)
    limited = pantry(
        *PLENTY, item(limit_sku(BURGER), "5"), item(limit_sku(SODA), "5"), burger=said, soda=said
    )
    recipes = limited.published_recipes(NOW)
    of_burger, of_soda = (Ingredient(sku=limit_sku(each), quantity=Decimal(1)) for each in (BURGER, SODA))
    assert recipes.of(BURGER) == (*RECIPES.of(BURGER), of_burger)
    assert (recipes.of(SOUP), recipes.of(SODA)) == (RECIPES.of(SOUP), (of_soda,))


def test_once_a_limit_is_over_the_recipe_is_as_it_was() -> None:
    said = ItemAvailability(state="limited", quantity=5, until=BEFORE)
    assert pantry(item(limit_sku(BURGER), "5", until=BEFORE), burger=said).published_recipes(NOW) == RECIPES


def test_a_limit_begins_beside_what_orders_hold_of_it() -> None:
    said = ItemAvailability(state="limited", quantity=5, until=LATER)
    first = limit_after(said, BURGER, None, NOW)
    again = limit_after(said, BURGER, item(limit_sku(BURGER), "4", "3", BEFORE), NOW)
    assert first is not None
    assert again is not None
    assert (first.sku, str(first.on_hand), str(first.held), first.until) == ("limit.1", "5", "0", LATER)
    assert (again.sku, str(again.on_hand), str(again.held), again.until) == ("limit.1", "8", "3", LATER)


@pytest.mark.parametrize("said", [AVAILABLE, GONE])
def test_a_limit_ends_when_anything_else_is_said(said: ItemAvailability) -> None:
    limit = item(limit_sku(BURGER), "8", "3", LATER)
    assert limit_after(said, BURGER, limit, NOW) == limit.model_copy(update={"until": NOW})
    assert limit_after(said, BURGER, limit, LATER) is None
    assert limit_after(said, BURGER, None, NOW) is None


def until(
    moment: datetime | None, state: Literal["limited", "unavailable"] = "unavailable"
) -> ItemAvailability:
    return ItemAvailability(state=state, quantity=2 if state == "limited" else None, until=moment)


SOLD_OUT = ItemAvailability(state="limited", quantity=0, until=LATER)


@pytest.mark.parametrize(
    ("said", "stands", "stands_without_stock"),
    [
        (AVAILABLE, AVAILABLE, GONE),
        (GONE, GONE, GONE),
        (until(LATER), until(LATER), until(LATER)),
        (until(NOW), AVAILABLE, GONE),
        (until(None, "limited"), until(None, "limited"), GONE),
        (until(NOW, "limited"), AVAILABLE, GONE),
        (SOLD_OUT, *[SOLD_OUT.model_copy(update={"state": "unavailable"})] * 2),
    ],
)
def test_how_an_item_stands(
    said: ItemAvailability, stands: ItemAvailability, stands_without_stock: ItemAvailability
) -> None:
    for short, expected in (((), stands), ((SOUP,), stands_without_stock)):
        known = Availability(items={SOUP: said}, out_of_stock=short)
        assert known.of(SOUP, NOW) == expected
        assert known.is_unavailable(SOUP, NOW) is (expected.state == "unavailable")
        assert known.restricted(NOW) == ({} if expected == AVAILABLE else {SOUP: expected})


def test_an_item_of_which_nothing_is_known_is_available() -> None:
    assert Availability(items={SOUP: GONE}, out_of_stock=(SODA,)).of(BURGER, NOW) == AVAILABLE


def test_what_was_published_before_there_was_stock_in_it_is_understood() -> None:
    older = b'{"items":{"2":{"state":"unavailable","until":null}}}'
    assert Availability.model_validate_json(older) == Availability(items={SOUP: GONE})
