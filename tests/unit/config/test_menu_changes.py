from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muneris.config.menu import (
    Combo,
    ComboChoice,
    ComboGroup,
    Condiment,
    CondimentGroup,
    Definition,
    Group,
    Item,
    Menu,
    Price,
    with_availability,
)
from muneris.config.menu_changes import (
    MOST_VERSIONS,
    Changed,
    MenuChanges,
    MenuHistory,
    Removed,
    find_changes,
)
from muneris.config.menu_version import read_version
from muneris.inventory.availability import Availability, ItemAvailability

NOW = datetime(2030, 5, 4, tzinfo=UTC)
NOTHING = Availability()
NO_CHANGES = MenuChanges(version="", since="", changed=Changed(), removed=Removed())

MAIN = ComboGroup(combo_group_id=1, name={}, is_main=True, choices=(ComboChoice(menu_item_id=1),))

prices = st.integers(1, 3).map(lambda each: (Price(price_sequence=1, price=Decimal(each)),))
items = st.builds(
    Item,
    menu_item_id=st.integers(1, 5),
    name=st.just({"en-US": "Soup"}),
    definitions=prices.map(lambda each: (Definition(definition_sequence=1, prices=each),)),
)
groups = st.builds(
    Group, id=st.integers(1, 3), name=st.just({}), item_ids=st.lists(st.integers(1, 5), max_size=3).map(tuple)
)
condiments = st.builds(
    Condiment, condiment_id=st.integers(1, 2), name=st.just({}), price=st.integers(0, 1).map(Decimal)
)
condiment_groups = st.builds(
    CondimentGroup,
    condiment_group_id=st.integers(1, 3),
    name=st.just({}),
    condiments=st.lists(condiments, max_size=2).map(tuple),
)
combos = st.builds(
    Combo,
    combo_meal_id=st.integers(1, 2),
    menu_item_id=st.integers(1, 2),
    name=st.just({}),
    groups=st.just((MAIN,)),
)
availabilities = st.builds(
    Availability,
    items=st.dictionaries(st.integers(1, 5), st.just(ItemAvailability(state="unavailable"))),
    out_of_stock=st.lists(st.integers(1, 5), max_size=2).map(tuple),
)


@st.composite
def contents(draw: st.DrawFn) -> Menu:
    """A menu without its version."""
    return Menu(
        version="",
        currency=draw(st.sampled_from(["DKK", "DKK", "SEK"])),
        languages=("en-US",),
        groups=tuple(draw(st.lists(groups, max_size=3, unique_by=lambda each: each.id))),
        items=tuple(draw(st.lists(items, max_size=4, unique_by=lambda each: each.menu_item_id))),
        condiment_groups=tuple(
            draw(st.lists(condiment_groups, max_size=2, unique_by=lambda each: each.condiment_group_id))
        ),
        combos=tuple(draw(st.lists(combos, max_size=2, unique_by=lambda each: each.combo_meal_id))),
    )


def versions(*menus: Menu) -> list[Menu]:
    return [each.model_copy(update={"version": f"v{number}"}) for number, each in enumerate(menus)]


def applied(held: Menu, changes: MenuChanges) -> dict[str, object]:
    """What an app has after it made the changes: each kind of part by its id."""
    keys = {"groups": "id", "items": "menu_item_id", "condiment_groups": "condiment_group_id"}
    keys["combos"] = "combo_meal_id"
    parts: dict[str, object] = {}
    for kind, key in keys.items():
        by_id = {getattr(part, key): part for part in getattr(held, kind)}
        by_id |= {getattr(part, key): part for part in getattr(changes.changed, kind)}
        parts[kind] = {
            number: part for number, part in by_id.items() if number not in getattr(changes.removed, kind)
        }
    return parts


@given(st.lists(contents(), min_size=2, max_size=5), availabilities, availabilities)
def test_who_makes_the_changes_has_the_menu(
    menus: list[Menu], before: Availability, after: Availability
) -> None:
    published = versions(*menus)
    history = MenuHistory()
    for menu in published:
        history = history.with_menu(menu)
    shown = with_availability(published[-1], after, NOW)
    for menu in published:
        held = with_availability(menu, before, NOW)
        changes = find_changes(history, shown, held.version)
        if changes is None:
            assert menu.currency != shown.currency or _orders(menu) != _orders(shown)
            continue
        whole = applied(shown, NO_CHANGES)
        assert applied(held, changes) == whole
        assert changes.version == shown.version


def _orders(menu: Menu) -> object:
    return [each.id for each in menu.groups], [each.combo_meal_id for each in menu.combos]


def menu_of(*prices: str) -> Menu:
    """A menu of so many soups, numbered from 1."""
    soups = tuple(
        Item(
            menu_item_id=number,
            name={},
            definitions=(
                Definition(definition_sequence=1, prices=(Price(price_sequence=1, price=Decimal(price)),)),
            ),
        )
        for number, price in enumerate(prices, start=1)
    )
    version = f"v{'_'.join(prices)}"
    return Menu(version=version, currency="DKK", languages=(), groups=(), items=soups, condiment_groups=())


def test_only_what_has_changed_is_told() -> None:
    old, new = menu_of("1", "2", "3"), menu_of("1", "5")
    changes = find_changes(MenuHistory().with_menu(old).with_menu(new), new, old.version)
    assert changes is not None
    assert [each.menu_item_id for each in changes.changed.items] == [2]
    assert (changes.removed.items, changes.since, changes.version) == ((3,), old.version, new.version)


def test_nothing_has_changed_since_the_version_that_is_shown() -> None:
    menu = menu_of("1", "2")
    shown = with_availability(menu, Availability(out_of_stock=(2,)), NOW)
    changes = find_changes(MenuHistory().with_menu(menu), shown, shown.version)
    assert changes is not None
    assert (changes.changed.items, changes.removed.items) == ((), ())


def test_what_can_be_made_again_is_told_as_what_cannot_be_made() -> None:
    menu = menu_of("1", "2", "3")
    held = with_availability(menu, Availability(out_of_stock=(2,)), NOW)
    shown = with_availability(menu, Availability(out_of_stock=(3,)), NOW)
    changes = find_changes(MenuHistory().with_menu(menu), shown, held.version)
    assert changes is not None
    told = {each.menu_item_id: each.availability for each in changes.changed.items}
    assert {number: stands.state for number, stands in told.items() if stands is not None} == {
        2: "available",
        3: "unavailable",
    }


@pytest.mark.parametrize("since", ["", "unknown", "v1-x", "v1-0-zz", "-", "v1_2-abc-1.2"])
def test_whoever_asks_since_a_version_that_is_none_gets_the_whole_menu(since: str) -> None:
    menu = menu_of("1")
    assert find_changes(MenuHistory().with_menu(menu), menu, since) is None


def test_more_restrictions_than_a_version_names_need_the_whole_menu() -> None:
    menu = menu_of(*["1"] * 60)
    history = MenuHistory().with_menu(menu)
    many = with_availability(menu, Availability(out_of_stock=tuple(range(1, 60))), NOW)
    few = with_availability(menu, Availability(out_of_stock=tuple(range(1, 41))), NOW)
    assert read_version(many.version).restricted is None
    assert find_changes(history, menu, many.version) is None
    assert find_changes(history, many, menu.version) is None
    assert find_changes(history, menu, few.version) is not None


def test_the_history_forgets_the_oldest() -> None:
    history = MenuHistory()
    for number in range(MOST_VERSIONS + 1):
        history = history.with_menu(menu_of(str(number)))
    assert len(history.versions) == MOST_VERSIONS
    assert history.find("v0") is None
    assert history.find("v1") is not None


def test_a_version_that_comes_back_is_the_newest() -> None:
    history = MenuHistory().with_menu(menu_of("1")).with_menu(menu_of("2")).with_menu(menu_of("1"))
    assert [each.version for each in history.versions] == ["v2", "v1"]


def test_a_menu_whose_every_form_is_sold_out_at_the_till_is_unavailable() -> None:
    menu = menu_of("1")
    gone = menu.items[0].definitions[0].model_copy(update={"available": False})
    item = menu.items[0].model_copy(update={"definitions": (gone,)})
    shown = with_availability(menu.model_copy(update={"items": (item,)}), NOTHING, NOW)
    assert shown.items[0].availability == ItemAvailability(state="unavailable")
