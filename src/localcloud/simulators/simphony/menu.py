"""One revenue center's menu: what it sells under which key, and how it is served."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Self, cast

from pydantic import ValidationError

from localcloud.simulators.simphony.conditional import Document
from localcloud.simulators.simphony.menu_body import (
    ComboMeal,
    CondimentGroupRule,
    CondimentItem,
    Definition,
    MenuBody,
    MenuItem,
    TextMap,
)
from localcloud.simulators.simphony.problems import invalid, of_validation, refused_by_pos
from localcloud.simulators.simphony.site import Site
from localcloud.simulators.simphony.wire import Json, to_text

_CENT = Decimal("0.01")


class Orderable(NamedTuple):
    """What identifies a price: the item (or condiment), its definition, its price sequence."""

    item: int
    definition: int
    price: int


class Offer(NamedTuple):
    """What is sold under an orderable key."""

    name: TextMap
    price: Decimal
    tax_class: int | None = None
    rules: tuple[CondimentGroupRule, ...] = ()

    def name_in(self, language: str) -> str:
        """The name in a language, or in the menu's first."""
        return name_in(self.name, language)


def name_in(names: TextMap, language: str) -> str:
    """A name in a language, or in the first there is."""
    return names.get(language) or next(iter(names.values()), "")


@dataclass(frozen=True)
class Menu:
    """One revenue center's menu."""

    site: Site
    document: Mapping[str, Json]
    modified_at: datetime
    items: Mapping[Orderable, Offer]
    unpriced: Mapping[tuple[int, int], Offer]
    """Items by number and definition sequence, without a price of their own: in a combo its group prices."""
    condiments: Mapping[Orderable, Offer]
    condiment_groups: Mapping[int, frozenset[int]]
    combos: Mapping[int, ComboMeal]
    _served: dict[tuple[int, bool], Document] = field(default_factory=dict)

    @classmethod
    def load(cls, site: Site, document: Json, modified_at: datetime) -> Self:
        """The menu a document in Simphony's v1 shape describes.

        Raises:
            ProblemError: it has another shape.
        """
        if not isinstance(document, Mapping):
            raise invalid("A menu is a JSON object")
        try:
            body = MenuBody.model_validate(document)
        except ValidationError as error:
            raise of_validation(error) from error
        items = {item.menu_item_id: item for item in body.menu_items}
        return cls(
            site=site,
            document={**document, **site.fields, "menuId": str(site)},
            modified_at=modified_at,
            items=dict(_offers(items)),
            unpriced=dict(_unpriced(items.values())),
            condiments=dict(_offers({item.condiment_id: item for item in body.condiment_items})),
            condiment_groups={
                group.condiment_group_id: frozenset(group.condiment_item_refs)
                for group in body.condiment_groups
            },
            combos={combo.combo_meal_id: combo for combo in body.combo_meals},
        )

    def served(self, version: int, *, with_options: bool) -> Document:
        """As a version of the API answers it.

        `options` (condiment prefixes) are for clients that ask for them. Version 2 has combos in two lists;
        how those look inside is not published: here as in version 1, the groups by reference.
        """
        key = (version, with_options)
        if key not in self._served:
            document = dict(self.document)
            if not with_options:
                document.pop("options", None)
            text = to_text(_with_combos_apart(document) if version > 1 else document)
            self._served[key] = Document.of(text, self.modified_at)
        return self._served[key]

    def get_item(self, key: Orderable) -> Offer:
        """The item sold under a key.

        Raises:
            ProblemError: nothing is.
        """
        return self._get(self.items, key, "menu item")

    def get_in_combo(self, key: Orderable) -> Offer:
        """An item as a part of a combo: without the price it has alone.

        Raises:
            ProblemError: there is no such item.
        """
        offer = self.unpriced.get((key.item, key.definition))
        return offer or self._get(self.items, key, "menu item")

    def get_condiment(self, key: Orderable) -> Offer:
        """The condiment sold under a key.

        Raises:
            ProblemError: nothing is.
        """
        return self._get(self.condiments, key, "condiment")

    @staticmethod
    def _get(offers: Mapping[Orderable, Offer], key: Orderable, what: str) -> Offer:
        if key not in offers:
            detail = f"No {what} {key.item} with definition {key.definition} and price {key.price}"
            raise refused_by_pos("menu_item_invalid", detail)
        return offers[key]


def _offers(items: Mapping[int, MenuItem | CondimentItem]) -> Iterator[tuple[Orderable, Offer]]:
    for number, item in items.items():
        for definition in item.definitions:
            for price in definition.prices:
                key = Orderable(number, definition.definition_sequence, price.price_sequence)
                yield key, _offer(item.name, definition, price.price)


def _unpriced(items: Iterable[MenuItem]) -> Iterator[tuple[tuple[int, int], Offer]]:
    for item in items:
        for definition in item.definitions:
            key = (item.menu_item_id, definition.definition_sequence)
            yield key, _offer(item.name, definition, Decimal(0))


def _offer(name: TextMap, definition: Definition, price: Decimal) -> Offer:
    return Offer(name, price.quantize(_CENT), definition.tax_class_ref, definition.condiment_group_rules)


def _with_combos_apart(document: Mapping[str, Json]) -> Mapping[str, Json]:
    combos = cast("list[dict[str, Json]]", document.get("comboMeals", []))
    groups = {
        str(group["comboGroupId"]): group
        for combo in combos
        for group in cast("list[dict[str, Json]]", combo.get("comboGroups", []))
    }
    rest = {name: value for name, value in document.items() if name != "comboMeals"}
    return rest | {
        "comboGroupsV2": list(groups.values()),
        "comboMealsV2": [_by_reference(combo) for combo in combos],
    }


def _by_reference(combo: Mapping[str, Json]) -> Json:
    groups = cast("list[dict[str, Json]]", combo.get("comboGroups", []))
    rest = {name: value for name, value in combo.items() if name != "comboGroups"}
    return rest | {"comboGroupRefs": [group["comboGroupId"] for group in groups]}
