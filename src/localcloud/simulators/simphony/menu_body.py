"""A menu in Simphony's v1 shape, as far as it prices a check (Configuration API v1, GET menus/{menuId})."""

from decimal import Decimal

from localcloud.simulators.simphony.wire import Wire

TextMap = dict[str, str]


class Price(Wire):
    """What a definition costs under one price sequence, in the location's currency."""

    price_sequence: int = 1
    price: Decimal = Decimal(0)


class CondimentGroupRule(Wire):
    """How many condiments of a group a definition takes; a maximum of 0 limits nothing."""

    condiment_group_ref: int
    minimum_count: int = 0
    maximum_count: int = 0


class Definition(Wire):
    """One orderable form of an item or condiment."""

    definition_sequence: int = 1
    tax_class_ref: int | None = None
    prices: tuple[Price, ...] = ()
    condiment_group_rules: tuple[CondimentGroupRule, ...] = ()


class MenuItem(Wire):
    """An item of a menu."""

    menu_item_id: int
    name: TextMap
    definitions: tuple[Definition, ...]


class CondimentItem(Wire):
    """A condiment of a menu."""

    condiment_id: int
    name: TextMap
    definitions: tuple[Definition, ...]


class CondimentGroup(Wire):
    """Condiments to choose among."""

    condiment_group_id: int
    condiment_item_refs: tuple[int, ...] = ()


class ComboGroupItem(Wire):
    """An item to choose in a combo, and what it adds to the price there."""

    menu_item_ref: int
    prices: tuple[Price, ...] = ()


class ComboGroup(Wire):
    """The main items or one kind of side items of a combo; one of them is chosen."""

    combo_group_id: int
    is_main_group: bool = False
    menu_items: tuple[ComboGroupItem, ...] = ()


class ComboMeal(Wire):
    """A combo: `menu_item_ref` is the item that stands for the whole."""

    combo_meal_id: int
    menu_item_ref: int
    name: TextMap
    combo_groups: tuple[ComboGroup, ...] = ()


class MenuBody(Wire):
    """The part of a menu that prices a check; the whole document is served as it was loaded."""

    menu_items: tuple[MenuItem, ...] = ()
    condiment_items: tuple[CondimentItem, ...] = ()
    condiment_groups: tuple[CondimentGroup, ...] = ()
    combo_meals: tuple[ComboMeal, ...] = ()
