from decimal import Decimal
from typing import Any

import pytest

from muneris.simphony.configuration import Taxes
from muneris.simphony.menu import SimphonyMenu

SOUP = {"menuItemId": 1, "name": {"en-US": "Soup"}, "definitions": [{"prices": [{"price": 9}]}]}


def menu_of(definition: dict[str, Any] | None = None, **odd: object) -> SimphonyMenu:
    """A menu of soup and of something odd."""
    other = {"menuItemId": 2, "definitions": [definition or {}]} | odd
    return SimphonyMenu.model_validate({"menuId": "m", "menuItems": [SOUP, other]})


@pytest.mark.parametrize(
    "odd",
    [
        {"name": None},
        {"name": {"en-US": None}},
        {"definitionSequence": None},
        {"prices": None},
        {"prices": [None, {"price": None, "priceSequence": None, "name": {"en-US": None}}]},
        {"condimentGroupRules": None},
        {"condimentGroupRules": [{"condimentGroupRef": 5, "minimumCount": None, "maximumCount": None}]},
        {"ConsumerContentProperties": None},
        {"ConsumerContentProperties": "none"},
        {"ConsumerContentProperties": {"consumerName": None, "consumerDescription": None, "images": None}},
    ],
)
def test_whatever_a_definition_leaves_out_its_menu_is_read(odd: dict[str, Any]) -> None:
    soup, other = menu_of(odd).menu_items
    assert (soup.name, soup.definitions[0].prices[0].price) == ({"en-US": "Soup"}, Decimal(9))
    (definition,) = other.definitions
    assert (definition.name, definition.definition_sequence) == ({}, 1)
    assert [(each.price_sequence, each.price) for each in definition.prices] in ([], [(1, None)])


@pytest.mark.parametrize("odd", [{"name": None}, {"definitions": None}, {"familyGroupRef": None}])
def test_whatever_an_item_leaves_out_its_menu_is_read(odd: dict[str, Any]) -> None:
    assert [each.menu_item_id for each in menu_of(**odd).menu_items] == [1, 2]


LISTS = ["familyGroups", "menuItems", "condimentGroups", "condimentItems", "comboMeals", "comboGroupsV2"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("odd", [None, "none", [None]])
def test_a_list_that_is_none_is_empty(name: str, odd: object) -> None:
    assert SimphonyMenu.model_validate({"menuId": "m", name: odd}) == SimphonyMenu(menu_id="m")


def test_where_one_of_two_names_is_null_the_other_counts() -> None:
    menu = SimphonyMenu.model_validate({
        "menuId": "m", "comboMeals": None, "comboMealsV2": [{"comboMealId": 6, "comboGroupRefs": None}]
    })  # fmt: skip
    assert [(each.combo_meal_id, each.combo_group_refs) for each in menu.combo_meals] == [(6, ())]


def test_taxes_without_a_number_are_read() -> None:
    rates = [{"taxRateId": None, "percentage": None}, {"taxRateId": 1, "percentage": 25}]
    taxes = Taxes.model_validate({
        "taxClasses": [{"taxClassId": 1, "activeTaxRateRefs": None}], "taxRates": rates
    })  # fmt: skip
    assert [each.tax_rate_id for each in taxes.tax_rates] == ["", "1"]
