"""A menu in Simphony's v1 shape (Configuration API, GET menus/{menuId}); combos are not read yet."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

TextMap = dict[str, str]
"""Language code to text: `{"en-US": "Soup"}`."""


class _Node(BaseModel):
    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )


class Price(_Node):
    """A price of a definition, in the location's currency."""

    price_sequence: int = 1
    price: Decimal | None = None
    name: str | TextMap | None = None


class CondimentGroupRule(_Node):
    """How many condiments of a group a definition takes; a minimum above 0 is a required choice."""

    condiment_group_ref: int
    minimum_count: int = 0
    maximum_count: int = 0


class ConsumerContent(_Node):
    """What guests are shown instead of the POS's own words."""

    consumer_name: TextMap = {}
    consumer_description: TextMap = {}


class Definition(_Node):
    """One orderable form of an item or a condiment."""

    definition_sequence: int = 1
    name: TextMap = {}
    tax_class_ref: int | None = None
    prices: tuple[Price, ...] = ()
    condiment_group_rules: tuple[CondimentGroupRule, ...] = ()
    consumer_content: ConsumerContent | None = Field(
        default=None, validation_alias="ConsumerContentProperties"
    )


class MenuItem(_Node):
    """An item on sale."""

    menu_item_id: int
    name: TextMap = {}
    family_group_ref: int | None = None
    definitions: tuple[Definition, ...] = ()


class CondimentGroup(_Node):
    """Condiments to choose among."""

    condiment_group_id: int
    name: TextMap = {}
    condiment_item_refs: tuple[int, ...] = ()


class CondimentItem(_Node):
    """A condiment."""

    condiment_id: int
    name: TextMap = {}
    family_group_ref: int | None = None
    definitions: tuple[Definition, ...] = ()


class FamilyGroup(_Node):
    """A group of items."""

    family_group_item_id: int
    name: TextMap = {}


class SimphonyMenu(_Node):
    """A revenue center's menu."""

    menu_id: str
    name: str | TextMap | None = None
    family_groups: tuple[FamilyGroup, ...] = ()
    menu_items: tuple[MenuItem, ...] = ()
    condiment_groups: tuple[CondimentGroup, ...] = ()
    condiment_items: tuple[CondimentItem, ...] = ()


class MenuVersion(BaseModel, frozen=True):
    """A menu and the entity tag to ask for a newer one with, quotes included; None if none was sent."""

    menu: SimphonyMenu
    etag: str | None
