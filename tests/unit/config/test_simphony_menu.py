from decimal import Decimal
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.simulators.simphony.demo_menu import demo_menu
from localcloud.simulators.simphony.wire import to_text
from muneris.config.menu import CondimentRule, Group, Menu
from muneris.config.ordering import Opening, Weekday
from muneris.config.simphony_menu import to_menu
from muneris.core.problems import ProblemError
from muneris.orders.intake.pricing import UNKNOWN_ITEM, price_lines
from muneris.orders.intake.request import LineRequest
from muneris.simphony.configuration import UnavailableItems
from muneris.simphony.menu import (
    ComboChoice,
    ComboGroup,
    ComboMeal,
    CondimentGroup,
    CondimentGroupRule,
    CondimentItem,
    ConsumerContent,
    Definition,
    FamilyGroup,
    MenuItem,
    Price,
    SimphonyMenu,
)
from muneris.simphony.wire import parse


def demo() -> Menu:
    document = cast("dict[str, object]", parse(to_text(demo_menu()).encode()))
    return to_menu(SimphonyMenu.model_validate({"menuId": "m", **document}), "DKK")


def priced(*prices: str | None, sequence: int = 1, rules: tuple[CondimentGroupRule, ...] = ()) -> Definition:
    return Definition(
        definition_sequence=sequence,
        prices=tuple(
            Price(price_sequence=number, price=None if price is None else Decimal(price))
            for number, price in enumerate(prices, start=1)
        ),
        condiment_group_rules=rules,
    )


def item(number: int, *definitions: Definition, family: int | None = None) -> MenuItem:
    return MenuItem(
        menu_item_id=number,
        name={"en-US": f"item {number}"},
        family_group_ref=family,
        definitions=definitions,
    )


def turned(*items: MenuItem, currency: str = "DKK", **others: object) -> Menu:
    document = {"menu_id": "m", "menu_items": items, **others}
    return to_menu(SimphonyMenu.model_validate(document), currency)


def test_the_demo_menu_keeps_everything() -> None:
    menu = demo()
    assert menu.languages == ("en-US", "da-DK")
    assert [(group.id, group.name["en-US"], group.item_ids) for group in menu.groups] == [
        (1, "Food", (11001, 11002, 11003, 11004, 11005)),
        (2, "Drinks", (12001, 12002, 12003)),
        (3, "Meals and sides", (13002,)),
    ]
    assert [(each.combo_meal_id, each.menu_item_id, len(each.groups)) for each in menu.combos] == [
        (701, 13001, 3)
    ]
    steak = menu.definitions[11002, 1]
    assert [str(price.price) for price in steak.prices] == ["189.00"]
    assert steak.condiment_groups == (
        CondimentRule(condiment_group_id=502, min=1, max=1),
        CondimentRule(condiment_group_id=501, min=0, max=2),
    )
    assert {key: str(each.price) for key, each in menu.condiments[503].items()} == {
        (52021, 1): "0.00",
        (52022, 1): "5.00",
    }
    assert [str(menu.definitions[11005, each].prices[0].price) for each in (1, 2)] == ["39.00", "49.00"]


def test_the_version_changes_with_the_content_alone() -> None:
    assert demo().version == demo().version
    assert turned(item(1, priced("1"))).version == turned(item(1, priced("1.00"))).version
    assert turned(item(1, priced("1"))).version != turned(item(1, priced("1.01"))).version


def test_prices_have_the_decimals_of_the_currency() -> None:
    source = item(1, priced("1200", "1200.5", None, "-1"))
    assert [str(price.price) for price in turned(source, currency="JPY").items[0].definitions[0].prices] == [
        "1200"
    ]
    assert [str(price.price) for price in turned(source, currency="EUR").items[0].definitions[0].prices] == [
        "1200.00",
        "1200.50",
    ]


def test_what_has_no_price_is_not_sold() -> None:
    menu = turned(item(1, priced(None)), item(2), item(3, priced(), priced("1", sequence=2)))
    assert [each.menu_item_id for each in menu.items] == [3]
    assert [each.definition_sequence for each in menu.items[0].definitions] == [2]
    assert turned(item(1, priced())).items == ()


def test_items_without_a_listed_family_stand_in_an_untitled_group() -> None:
    families = (FamilyGroup(family_group_item_id=5, name={"en-US": "Food"}),)
    menu = turned(
        item(1, priced("1"), family=5),
        item(2, priced("1"), family=9),
        item(3, priced("1")),
        family_groups=families,
    )
    assert menu.groups == (
        Group(id=5, name={"en-US": "Food"}, item_ids=(1,)),
        Group(id=0, name={}, item_ids=(2, 3)),
    )


def test_a_rule_about_nothing_goes_and_a_required_choice_of_nothing_takes_its_definition_along() -> None:
    optional = CondimentGroupRule(condiment_group_ref=8, minimum_count=0, maximum_count=1)
    required = CondimentGroupRule(condiment_group_ref=8, minimum_count=1, maximum_count=1)
    menu = turned(item(1, priced("1", rules=(optional,)), priced("1", sequence=2, rules=(required,))))
    assert [each.definition_sequence for each in menu.items[0].definitions] == [1]
    assert menu.items[0].definitions[0].condiment_groups == ()


def test_a_condiment_costs_the_first_price_of_its_definition_or_nothing() -> None:
    menu = turned(
        item(1, priced("1")),
        condiment_groups=(CondimentGroup(condiment_group_id=8, condiment_item_refs=(81, 82, 99)),),
        condiment_items=(
            CondimentItem(condiment_id=81, definitions=(priced("2", "3"), priced("4", sequence=2))),
            CondimentItem(condiment_id=82, definitions=(priced(),)),
        ),
    )
    assert {key: str(each.price) for key, each in menu.condiments[8].items()} == {
        (81, 1): "2.00",
        (81, 2): "4.00",
        (82, 1): "0.00",
    }


def test_a_condiment_costs_what_it_does_at_all_hours_whatever_comes_first() -> None:
    happy, plain = Price(price=Decimal(1), level=2), Price(price=Decimal(3), level=1)
    definitions = (
        Definition(definition_sequence=1, prices=(happy, plain)),
        Definition(definition_sequence=2, prices=(happy,)),
    )
    source = SimphonyMenu(
        menu_id="m",
        menu_items=(item(1, priced("1")),),
        condiment_groups=(CondimentGroup(condiment_group_id=8, condiment_item_refs=(81,)),),
        condiment_items=(CondimentItem(condiment_id=81, definitions=definitions),),
    )
    menu = to_menu(source, "DKK", price_levels={2: HAPPY_HOUR})
    assert {key: str(each.price) for key, each in menu.condiments[8].items()} == {
        (81, 1): "3.00",
        (81, 2): "1.00",
    }


def test_guests_are_shown_the_words_meant_for_them() -> None:
    content = ConsumerContent(consumer_name={"en-US": "Fine soup"}, consumer_description={"en-US": "Hot"})
    definition = priced("1").model_copy(update={"consumer_content": content, "tax_class_ref": 3})
    found = turned(item(1, definition)).items[0]
    assert (found.name, found.description, found.tax_class) == ({"en-US": "Fine soup"}, {"en-US": "Hot"}, 3)


prices = st.none() | st.decimals(-5, 10_000, places=3)
rules = st.builds(
    CondimentGroupRule,
    condiment_group_ref=st.integers(1, 3),
    minimum_count=st.integers(0, 1),
    maximum_count=st.integers(0, 2),
)
definitions = st.builds(
    Definition,
    definition_sequence=st.integers(1, 3),
    prices=st.lists(st.builds(Price, price=prices), max_size=2).map(tuple),
    condiment_group_rules=st.lists(rules, max_size=2).map(tuple),
)
menus = st.builds(
    SimphonyMenu,
    menu_id=st.just("m"),
    menu_items=st.lists(
        st.builds(
            MenuItem,
            menu_item_id=st.integers(1, 9),
            family_group_ref=st.none() | st.integers(0, 3),
            definitions=st.lists(definitions, max_size=2).map(tuple),
        ),
        max_size=5,
    ).map(tuple),
    family_groups=st.lists(st.builds(FamilyGroup, family_group_item_id=st.integers(0, 2)), max_size=2).map(
        tuple
    ),
    condiment_groups=st.lists(
        st.builds(
            CondimentGroup,
            condiment_group_id=st.integers(1, 3),
            condiment_item_refs=st.lists(st.integers(1, 3), max_size=2).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    condiment_items=st.lists(
        st.builds(
            CondimentItem,
            condiment_id=st.integers(1, 3),
            definitions=st.lists(definitions, max_size=2).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
)


@given(menus, st.sampled_from(["DKK", "JPY", "KWD"]))
def test_every_reference_of_a_turned_menu_leads_somewhere(source: SimphonyMenu, currency: str) -> None:
    menu = to_menu(source, currency)
    sold = {each.menu_item_id for each in menu.items}
    shown = [number for group in menu.groups for number in group.item_ids]
    assert set(shown) == sold
    for definition in menu.definitions.values():
        assert definition.prices
        assert {rule.condiment_group_id for rule in definition.condiment_groups} <= set(menu.condiments)
    assert all(menu.condiments.values())
    assert Menu.model_validate_json(menu.model_dump_json(exclude_none=True)) == menu


def combo(number: int, item: int, *groups: int, refs: tuple[int, ...] = ()) -> ComboMeal:
    return ComboMeal(
        combo_meal_id=number,
        menu_item_ref=item,
        combo_groups=tuple(combo_group(each) for each in groups),
        combo_group_refs=refs,
    )


def combo_group(*items: int) -> ComboGroup:
    """A group that is numbered like the first item it offers."""
    choices = tuple(
        ComboChoice.model_validate({"menuItemRef": each, "prices": [{"price": "0.5"}]}) for each in items
    )
    return ComboGroup(combo_group_id=items[0], is_main_group=items[0] == 1, menu_items=choices)


def test_combos_of_both_versions_are_turned_alike() -> None:
    sold = [item(number, priced("1")) for number in (1, 2, 9)]
    first = turned(*sold, combo_meals=(combo(5, 9, 1, 2),))
    second = turned(
        *sold, combo_meals=(combo(5, 9, refs=(1, 2)),), combo_groups=(combo_group(1), combo_group(2))
    )
    assert first.combos == second.combos
    (turned_combo,) = first.combos
    assert (turned_combo.menu_item_id, turned_combo.name) == (9, {"en-US": "item 9"})
    assert [(each.combo_group_id, each.is_main) for each in turned_combo.groups] == [(1, True), (2, False)]
    assert [str(each.price) for each in turned_combo.groups[0].choices[0].prices] == ["0.50"]


def test_what_stands_for_a_combo_is_shown_with_it_and_cannot_be_ordered_by_itself() -> None:
    menu = demo()
    (lunch,) = menu.combos
    assert [(each.price_sequence, str(each.price)) for each in lunch.prices] == [(1, "139.00")]
    assert lunch.menu_item_id not in menu.names
    with pytest.raises(ProblemError) as refused:
        price_lines([LineRequest(menu_item_id=lunch.menu_item_id, quantity=1)], menu)
    assert refused.value.type == UNKNOWN_ITEM


def test_what_stands_for_a_combo_that_cannot_be_followed_is_no_item_either() -> None:
    menu = turned(item(1, priced("1")), item(9, priced("1")), combo_meals=(combo(5, 9, 7),))
    assert (menu.combos, [each.menu_item_id for each in menu.items]) == ((), [1])
    assert [each.item_ids for each in menu.groups] == [(1,)]


def test_a_combo_s_language_is_one_of_the_menu_s() -> None:
    named = combo(5, 9, 1).model_copy(update={"name": {"fi-FI": "Lounas"}})
    menu = turned(item(1, priced("1")), item(9, priced("1")), combo_meals=(named,))
    assert menu.languages == ("en-US", "fi-FI")


def test_a_combo_with_a_choice_among_nothing_is_not_sold() -> None:
    sold = [item(number, priced("1")) for number in (1, 9)]
    unknown_choice, unknown_group = combo(5, 9, 1, 7), combo(6, 9, refs=(1,))
    unknown_item, no_groups = combo(7, 8, 1), combo(8, 9)
    menu = turned(*sold, combo_meals=(unknown_choice, unknown_group, unknown_item, no_groups))
    assert menu.combos == ()


def test_what_is_sold_out_at_the_till_stays_on_the_menu() -> None:
    source = SimphonyMenu(
        menu_id="m", menu_items=(item(1, priced("1"), priced("2", sequence=2)), item(2, priced("1")))
    )
    some = [{"menuItemId": 1, "definitions": [{"definitionSequence": 2}]}]
    menu = to_menu(source, "DKK", UnavailableItems.model_validate({"items": some}))
    assert [each.available for each in menu.items[0].definitions] == [True, False]
    assert [each.is_for_sale for each in menu.items] == [True, True]
    menu = to_menu(source, "DKK", UnavailableItems.model_validate({"items": [{"menuItemId": 1}]}))
    assert [each.is_for_sale for each in menu.items] == [False, True]


def test_a_condiment_is_sold_out_as_an_item_is() -> None:
    source = SimphonyMenu(
        menu_id="m",
        menu_items=(item(1, priced("1"), priced("2", sequence=2)),),
        condiment_groups=(CondimentGroup(condiment_group_id=8, condiment_item_refs=(81, 82)),),
        condiment_items=(
            CondimentItem(condiment_id=81, definitions=(priced("2"), priced("4", sequence=2))),
            CondimentItem(condiment_id=82, definitions=(priced("3"),)),
        ),
    )
    gone = [
        {"menuItemId": 81, "definitions": [{"definitionSequence": 2}]},
        {"menuItemId": 82},
        {"menuItemId": 1, "definitions": [{"definitionSequence": 1}]},
    ]
    menu = to_menu(source, "DKK", UnavailableItems.model_validate({"items": gone}))
    assert {key: each.available for key, each in menu.condiments[8].items()} == {
        (81, 1): True,
        (81, 2): False,
        (82, 1): False,
    }
    assert menu.sold_out == {(81, 2), (82, 1), (1, 1)}


def test_prices_say_which_menu_level_has_them_and_guests_see_the_first_picture() -> None:
    content = ConsumerContent.model_validate({"images": [{"altText": "x"}, {"url": "https://a.com/b.jpg"}]})
    definition = Definition(prices=(Price(price=Decimal(1), level=3),), consumer_content=content)
    found = turned(item(1, definition)).items[0]
    assert found.definitions[0].prices[0].level == 3
    assert found.image == "https://a.com/b.jpg"


HAPPY_HOUR: dict[Weekday, tuple[Opening, ...]] = {"fri": (Opening(opens="16:00", closes="18:00"),)}
LEVELS = ((4, None), (1, 1), (2, 2), (3, 3))
"""Price sequences and their menu levels."""


def test_prices_of_a_menu_level_have_its_hours_and_others_none() -> None:
    prices = tuple(Price(price_sequence=each, price=Decimal(9), level=level) for each, level in LEVELS)
    source = SimphonyMenu(menu_id="m", menu_items=(item(1, Definition(prices=prices)),))
    menu = to_menu(source, "DKK", price_levels={2: HAPPY_HOUR, 3: {}})
    assert [each.hours for each in menu.items[0].definitions[0].prices] == [None, None, HAPPY_HOUR, None]
    assert menu.price_hours == {(1, 1, 2): HAPPY_HOUR}
    assert Menu.model_validate_json(menu.model_dump_json(exclude_none=True)) == menu
    assert menu.version != to_menu(source, "DKK").version
