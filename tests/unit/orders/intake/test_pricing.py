"""What an order costs and takes by the menu of `tests.restaurant`."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.restaurant import BACON, BURGER, CHEESE, ICE, MENU, NOON, ORDER, PLATTER, RECIPES, SODA

from muneris.config.menu import Condiment, Definition, Menu
from muneris.core.problems import ProblemError
from muneris.inventory.availability import Availability, ItemAvailability
from muneris.inventory.recipes import Ingredient, Recipes
from muneris.orders.intake.pricing import (
    find_calculated,
    price_lines,
    require_available,
    require_expected,
    stock_taken,
    total_up,
)
from muneris.orders.intake.request import LineRequest, OrderRequest
from muneris.orders.priced import PricedLine, Totals
from muneris.simphony.held import CheckTotals


def line(item: int = BURGER, quantity: int = 1, *condiments: tuple[int, int], **more: Any) -> LineRequest:  # noqa: ANN401 - any member
    chosen = [{"condiment_id": each, "quantity": count} for each, count in condiments]
    return LineRequest.model_validate(
        {"menu_item_id": item, "quantity": quantity, "condiments": chosen, **more}
    )


def order(tip: str | None = None, expected_total: str | None = None) -> OrderRequest:
    payment = {"method": "terminal", "tip": tip}
    return OrderRequest.model_validate({**ORDER, "payment": payment, "expected_total": expected_total})


def refusal(*lines: LineRequest) -> str:
    with pytest.raises(ProblemError) as refused:
        price_lines(lines, MENU)
    return refused.value.type.code


def test_a_line_costs_its_quantity_of_the_item_with_its_condiments() -> None:
    (priced,) = price_lines([line(BURGER, 3, (CHEESE, 1), (BACON, 1), note="rare")], MENU)
    one = {"definition_sequence": 1, "quantity": 1}
    assert priced.model_dump() == {
        "menu_item_id": BURGER,
        "definition_sequence": 1,
        "price_sequence": 1,
        "quantity": 3,
        "name": "Burger",
        "unit_price": "10.00",
        "condiments": (
            {**one, "condiment_id": CHEESE, "name": "Cheese", "unit_price": "1.00"},
            {**one, "condiment_id": BACON, "name": "Bacon", "unit_price": "1.75"},
        ),
        "total": "38.25",
        "note": "rare",
    }


@pytest.mark.parametrize(
    ("asked", "total"),
    [
        (line(SODA), "2.50"),
        (line(SODA, 999), "2497.50"),
        (line(BURGER, price_sequence=2), "8.50"),
        (line(BURGER, 2, (CHEESE, 2)), "24.00"),
        (line(BURGER, 1, (CHEESE, 1), (CHEESE, 1)), "12.00"),
        (line(BURGER, 1, (CHEESE, 40), definition_sequence=2), "54.00"),
        (line(BURGER, 1, (CHEESE, 1), (ICE, 1), definition_sequence=2), "15.00"),
    ],
)
def test_totals_of_lines(asked: LineRequest, total: str) -> None:
    assert [each.total for each in price_lines([asked], MENU)] == [total]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (line(404), "unknown_item"),
        (line(SODA, definition_sequence=2), "unknown_item"),
        (line(SODA, price_sequence=2), "unknown_item"),
        (line(BURGER, 1, (404, 1)), "unknown_item"),
        (line(SODA, 1, (CHEESE, 1)), "unknown_item"),
        (line(BURGER, 1, (ICE, 1)), "unknown_item"),
        (line(BURGER, condiments=[{"condiment_id": CHEESE, "definition_sequence": 2}]), "unknown_item"),
        (line(BURGER, 1, (CHEESE, 3)), "condiment_rule"),
        (line(BURGER, 1, (CHEESE, 2), (BACON, 1)), "condiment_rule"),
        (line(BURGER, definition_sequence=2), "condiment_rule"),
        (line(BURGER, 1, (CHEESE, 1), (ICE, 2), definition_sequence=2), "condiment_rule"),
    ],
)
def test_what_the_menu_does_not_have_is_refused(asked: LineRequest, code: str) -> None:
    assert refusal(asked) == code
    assert refusal(line(SODA), asked) == code


def test_an_unknown_item_is_told_before_a_broken_rule() -> None:
    assert refusal(line(BURGER, 1, (CHEESE, 3)), line(404)) == "unknown_item"


def test_limits_count_for_one_item_however_many_are_ordered() -> None:
    price_lines([line(BURGER, 999, (CHEESE, 2))], MENU)


def test_the_total_includes_the_tip_and_the_expected_one_does_not() -> None:
    lines = price_lines([line(BURGER, 2), line(SODA)], MENU)
    totals = total_up(order("1.50"), lines, "EUR")
    require_expected(order(expected_total="22.50"), totals)
    assert totals.model_dump() == {
        "subtotal": "22.50",
        "discount": "0.00",
        "tax": "0.00",
        "service_charge": "0.00",
        "tip": "1.50",
        "total": "24.00",
        "currency": "EUR",
    }


@pytest.mark.parametrize("expected", ["22.49", "22.51", "24.00", "0.00"])
def test_another_expected_total_is_refused_with_the_menus(expected: str) -> None:
    lines = price_lines([line(BURGER, 2), line(SODA)], MENU)
    with pytest.raises(ProblemError) as refused:
        require_expected(order(expected_total=expected), total_up(order("1.50"), lines, "EUR"))
    assert refused.value.type.code == "price_changed"
    assert refused.value.members == {"total": "22.50"}


def test_without_an_expected_total_any_is_right() -> None:
    assert total_up(order(), price_lines([line()], MENU), "EUR").total == "10.00"


@pytest.mark.parametrize(("currency", "price", "total"), [("JPY", "850", "1700"), ("KWD", "1.125", "2.250")])
def test_money_has_the_decimals_of_the_currency(currency: str, price: str, total: str) -> None:
    menu = Menu.model_validate_json(
        MENU.model_copy(update={"currency": currency}).model_dump_json().replace('"2.50"', f'"{price}"')
    )
    (priced,) = price_lines([line(SODA, 2)], menu)
    assert (priced.unit_price, priced.total) == (price, total)


def test_lines_of_one_stock_item_are_added_up() -> None:
    assert stock_taken([line(BURGER, 2), line(SODA), line(BURGER, 3)], RECIPES) == {
        "bun": Decimal(5),
        "beef": Decimal("0.75"),
    }


def test_fractions_of_stock_are_exact() -> None:
    recipes = Recipes(recipes={SODA: (Ingredient(sku="syrup", quantity=Decimal("0.1")),)})
    assert stock_taken([line(SODA)] * 3, recipes) == {"syrup": Decimal("0.3")}


def test_an_item_with_no_recipe_takes_nothing() -> None:
    assert stock_taken([line(SODA, 999)], RECIPES) == {}


def test_98_stock_items_are_taken_and_99_are_not() -> None:
    def of(count: int) -> Recipes:
        return Recipes(recipes={PLATTER: RECIPES.of(PLATTER)[:count]})

    assert len(stock_taken([line(PLATTER)], of(98))) == 98
    with pytest.raises(ProblemError) as refused:
        stock_taken([line(PLATTER)], of(99))
    assert refused.value.type.code == "too_many_stock_items"


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            lambda quantity, cheese, bacon: line(BURGER, quantity, *cheese, *bacon),
            st.integers(1, 999),
            st.sampled_from([(), ((CHEESE, 1),)]),
            st.sampled_from([(), ((BACON, 1),)]),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_a_total_is_the_sum_of_what_is_printed(lines: list[LineRequest]) -> None:
    priced = price_lines(lines, MENU)
    for each in priced:
        one = Decimal(each.unit_price) + sum(Decimal(c.unit_price) * c.quantity for c in each.condiments)
        assert Decimal(each.total) == one * each.quantity
    total = total_up(order(), priced, "EUR").total
    assert Decimal(total) == sum(Decimal(each.total) for each in priced)


def availability_of(**said: object) -> Availability:
    return Availability(items={7: ItemAvailability.model_validate(said)})


LATER = NOON + timedelta(hours=3)


@pytest.mark.parametrize(
    ("availability", "moment", "later", "sells"),
    [
        (availability_of(state="limited", quantity=3), NOON, False, True),
        (availability_of(state="limited", quantity=2), NOON, False, False),
        (availability_of(state="unavailable", until=NOON + timedelta(hours=1)), NOON, False, False),
        (availability_of(state="unavailable", until=NOON + timedelta(hours=1)), LATER, True, True),
        (availability_of(state="unavailable"), LATER, True, False),
        (Availability(out_of_stock=(7,)), NOON, False, False),
        (Availability(out_of_stock=(7,)), LATER, True, True),
    ],
)
def test_what_counts_is_the_moment_it_is_made_and_how_many(
    availability: Availability,
    moment: datetime,
    later: bool,  # noqa: FBT001 - a case
    sells: bool,  # noqa: FBT001 - a case
) -> None:
    line = PricedLine(
        menu_item_id=7,
        definition_sequence=1,
        price_sequence=1,
        quantity=1,
        name="Smash burger",
        unit_price="9.00",
        condiments=(),
        total="9.00",
    )
    lines = [line, line.model_copy(update={"quantity": 2})]
    if sells:
        require_available(lines, MENU, availability, moment, later=later)
        return
    with pytest.raises(ProblemError, match="Smash burger"):
        require_available(lines, MENU, availability, moment, later=later)


def sold_out(*gone: tuple[int, int]) -> Menu:
    """The menu without these definitions of items, and condiments."""

    def left(number: int, each: Definition | Condiment) -> dict[str, bool]:
        return {"available": (number, each.definition_sequence) not in gone}

    items = tuple(
        item.model_copy(
            update={
                "definitions": tuple(
                    each.model_copy(update=left(item.menu_item_id, each)) for each in item.definitions
                )
            }
        )
        for item in MENU.items
    )
    groups = tuple(
        group.model_copy(
            update={
                "condiments": tuple(
                    each.model_copy(update=left(each.condiment_id, each)) for each in group.condiments
                )
            }
        )
        for group in MENU.condiment_groups
    )
    return Menu(
        version="2", currency="EUR", languages=("en-US",), groups=(), items=items, condiment_groups=groups
    )


@pytest.mark.parametrize(
    ("gone", "asked", "named"),
    [
        ((BURGER, 1), line(BURGER), "Burger"),
        ((BURGER, 2), line(BURGER), None),
        ((BURGER, 2), line(BURGER, 1, (CHEESE, 1), definition_sequence=2), "Burger"),
        ((CHEESE, 1), line(BURGER, 1, (CHEESE, 1)), "Cheese"),
        ((CHEESE, 1), line(BURGER, 1, (BACON, 1)), None),
        ((SODA, 1), line(BURGER), None),
    ],
)
@pytest.mark.parametrize("later", [False, True])
def test_what_the_pos_does_not_sell_is_refused(
    gone: tuple[int, int],
    asked: LineRequest,
    named: str | None,
    later: bool,  # noqa: FBT001 - a case
) -> None:
    menu = sold_out(gone)
    lines = price_lines([asked, asked], MENU)
    if named is None:
        require_available(lines, menu, Availability(), NOON, later=later)
        return
    with pytest.raises(ProblemError) as refused:
        require_available(lines, menu, Availability(), NOON, later=later)
    assert refused.value.type.code == "item_unavailable"
    assert refused.value.detail == f"Not available, or not so many: {named}."


def calculated(due: str, **amounts: str) -> CheckTotals:
    whole = {"subtotal": "0", "total_due": due, **amounts}
    return CheckTotals.model_validate({name: Decimal(amount) for name, amount in whole.items()})


@pytest.mark.parametrize("sign", ["", "-"])
def test_what_simphony_calculates_adds_up_whatever_it_leaves_open(sign: str) -> None:
    found = find_calculated(
        calculated(
            "20.79",
            subtotal="21.00",
            subtotal_discount_total=f"{sign}2.10",
            tax_total="1.89",
            service_charge_total="1.00",
            auto_service_charge_total="0.50",
        ),
        "3.00",
        "EUR",
    )
    assert found == Totals(
        subtotal="19.50",
        discount="2.10",
        tax="1.89",
        service_charge="1.50",
        tip="3.00",
        total="23.79",
        currency="EUR",
    )


@pytest.mark.parametrize(
    "totals",
    [
        calculated("20.795"),
        calculated("-1.00"),
        calculated("1.00", tax_total="2.00"),
        calculated("1e30"),
    ],
)
def test_what_no_order_can_come_to_is_not_believed(totals: CheckTotals) -> None:
    assert find_calculated(totals, "0.00", "EUR") is None
