"""A revenue center's menu (Configuration API, GET menus/{menuId}), of version 1 or 2."""

from decimal import Decimal

from pydantic import AliasChoices, Field

from muneris.simphony.node import NO_NAMES, LenientNames, LenientNumber, LenientText, Node, Nodes, OneNode

TextMap = dict[str, str]
"""Language code to text: `{"en-US": "Soup"}`."""


class MenuSummary(Node):
    """A menu that there is. Its id means nothing but itself."""

    menu_id: str
    rvc_ref: LenientNumber = None
    name: LenientNames = NO_NAMES


class Price(Node):
    """A price of a definition, in the location's currency. Which menu level it is for is 0 to 8."""

    price_sequence: int = 1
    price: Decimal | None = None
    name: LenientNames = NO_NAMES
    level: LenientNumber = None


class CondimentGroupRule(Node):
    """How many condiments of a group a definition takes; a minimum above 0 is a required choice."""

    condiment_group_ref: int
    minimum_count: int = 0
    maximum_count: int = 0


class Image(Node):
    """A picture."""

    url: LenientText = ""


class ConsumerContent(Node):
    """What guests are shown instead of the POS's own words."""

    consumer_name: LenientNames = NO_NAMES
    consumer_description: LenientNames = NO_NAMES
    images: Nodes[Image] = ()


class Definition(Node):
    """One orderable form of an item or a condiment."""

    definition_sequence: int = 1
    name: LenientNames = NO_NAMES
    tax_class_ref: int | None = None
    prices: Nodes[Price] = ()
    condiment_group_rules: Nodes[CondimentGroupRule] = ()
    consumer_content: OneNode[ConsumerContent] = Field(
        default=None, validation_alias="ConsumerContentProperties"
    )


class MenuItem(Node):
    """An item on sale."""

    menu_item_id: int
    name: LenientNames = NO_NAMES
    family_group_ref: int | None = None
    definitions: Nodes[Definition] = ()


class CondimentGroup(Node):
    """Condiments to choose among."""

    condiment_group_id: int
    name: LenientNames = NO_NAMES
    condiment_item_refs: tuple[int, ...] = ()


class CondimentItem(Node):
    """A condiment."""

    condiment_id: int
    name: LenientNames = NO_NAMES
    family_group_ref: int | None = None
    definitions: Nodes[Definition] = ()


class FamilyGroup(Node):
    """A group of items."""

    family_group_item_id: int
    name: LenientNames = NO_NAMES


class ComboChoice(Node):
    """An item that a combo group offers, and what it costs there."""

    menu_item_ref: int = Field(validation_alias=AliasChoices("menuItemRef", "menuItemId", "menu_item_ref"))
    definition_sequence: int = 1
    prices: Nodes[Price] = ()


class ComboGroup(Node):
    """One choice of a combo: of its main item, or of a side."""

    combo_group_id: int
    name: LenientNames = NO_NAMES
    is_main_group: bool = False
    menu_items: Nodes[ComboChoice] = ()


class ComboMeal(Node):
    """A combo. Version 1 holds its groups; version 2 has them beside it, and names them."""

    combo_meal_id: int
    menu_item_ref: LenientNumber = None
    name: LenientNames = NO_NAMES
    combo_groups: Nodes[ComboGroup] = ()
    combo_group_refs: tuple[int, ...] = ()


class SimphonyMenu(Node):
    """A revenue center's menu. Its id is the one that it is listed under."""

    menu_id: LenientText = ""
    name: LenientNames = NO_NAMES
    family_groups: Nodes[FamilyGroup] = ()
    menu_items: Nodes[MenuItem] = ()
    condiment_groups: Nodes[CondimentGroup] = ()
    condiment_items: Nodes[CondimentItem] = ()
    combo_meals: Nodes[ComboMeal] = Field(
        default=(), validation_alias=AliasChoices("comboMeals", "comboMealsV2", "combo_meals")
    )
    combo_groups: Nodes[ComboGroup] = Field(
        default=(), validation_alias=AliasChoices("comboGroupsV2", "combo_groups")
    )
