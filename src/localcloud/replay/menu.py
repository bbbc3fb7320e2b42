"""Turns a sample into a menu for Simphony, and its orders into requests to order from it. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from pydantic import JsonValue

from localcloud.replay.sample import SampleLine, SampleOrder
from muneris.simphony.menu import (
    CondimentGroup,
    CondimentGroupRule,
    CondimentItem,
    Definition,
    FamilyGroup,
    MenuItem,
    Price,
    SimphonyMenu,
    TextMap,
)

_LANGUAGE = "en-US"
_FIRST_ITEM, _FIRST_GROUP, _FIRST_CONDIMENT = 20_001, 30_001, 60_001
_TO_CHOOSE, _READY = 1, 2
_FAMILIES = {_TO_CHOOSE: "Made to order", _READY: "Ready made"}
_LONGEST_SLUG = 58
"""A SKU has at most 64 characters: this leaves room for a number."""


@dataclass(frozen=True)
class SampleItem:
    """An item of the sample: `prices` of one unit, lowest first, each a definition of its own."""

    number: int
    sku: str
    """The stock item it is made of."""
    name: str
    prices: tuple[Decimal, ...]
    choices: tuple[str, ...]
    most_choices: int

    @property
    def condiment_group(self) -> int:
        """The group its choices are in."""
        return self.number - _FIRST_ITEM + _FIRST_GROUP


class SampleMenu:
    """Everything that a sample's orders name; the same sample makes the same numbers."""

    def __init__(self, orders: Sequence[SampleOrder]) -> None:
        lines = [line for order in orders for line in order.lines]
        self.items: Mapping[str, SampleItem] = {
            name: _item(number, sku, [line for line in lines if line.item_name == name])
            for number, (name, sku) in enumerate(_skus(line.item_name for line in lines), _FIRST_ITEM)
        }
        choices = _distinct(choice for line in lines for choice in line.choices)
        self._condiments = {name: number for number, name in enumerate(choices, _FIRST_CONDIMENT)}

    @cached_property
    def simphony_menu(self) -> SimphonyMenu:
        """The menu as Simphony serves it; a choice costs nothing, as the sample's prices include it."""
        items = self.items.values()
        return SimphonyMenu(
            menu_id="sample",
            name="Sample",
            family_groups=tuple(
                FamilyGroup(family_group_item_id=number, name=_text(name))
                for number, name in _FAMILIES.items()
            ),
            menu_items=tuple(map(_menu_item, items)),
            condiment_groups=tuple(self._condiment_group(item) for item in items if item.choices),
            condiment_items=tuple(_condiment_item(each, name) for name, each in self._condiments.items()),
        )

    def _condiment_group(self, item: SampleItem) -> CondimentGroup:
        return CondimentGroup(
            condiment_group_id=item.condiment_group,
            name=_text(f"Choices of {item.name}"),
            condiment_item_refs=tuple(self._condiments[choice] for choice in item.choices),
        )

    def order_request(self, order: SampleOrder) -> dict[str, JsonValue]:
        """The body that places an order."""
        return {
            "channel": "counter",
            "fulfilment": {"type": "pickup"},
            "lines": [self._line(line) for line in order.lines],
            "payment": {"method": "none"},
            "expected_total": f"{order.total:.2f}",
        }

    def _line(self, line: SampleLine) -> dict[str, JsonValue]:
        item = self.items[line.item_name]
        return {
            "menu_item_id": item.number,
            "definition_sequence": item.prices.index(line.unit_price) + 1,
            "quantity": line.quantity,
            "condiments": [
                {"condiment_id": self._condiments[choice], "quantity": quantity}
                for choice, quantity in Counter(line.choices).items()
            ],
        }

    def sold(self, orders: Iterable[SampleOrder]) -> Counter[str]:
        """How much of each stock item orders take."""
        taken: Counter[str] = Counter()
        for line in (line for order in orders for line in order.lines):
            taken[self.items[line.item_name].sku] += line.quantity
        return taken


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _skus(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each name with its slug; names that share one (`Soft-Drink`, `Soft Drink`) are counted on."""
    seen: Counter[str] = Counter()
    for name in _distinct(names):
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST_SLUG] or "item"
        seen[slug] += 1
        yield name, slug if seen[slug] == 1 else f"{slug}.{seen[slug]}"


def _item(number: int, sku: str, lines: Sequence[SampleLine]) -> SampleItem:
    return SampleItem(
        number=number,
        sku=sku,
        name=lines[0].item_name,
        prices=tuple(sorted({line.unit_price for line in lines})),
        choices=tuple(_distinct(choice for line in lines for choice in line.choices)),
        most_choices=max(len(line.choices) for line in lines),
    )


def _menu_item(item: SampleItem) -> MenuItem:
    rule = CondimentGroupRule(condiment_group_ref=item.condiment_group, maximum_count=item.most_choices)
    return MenuItem(
        menu_item_id=item.number,
        name=_text(item.name),
        family_group_ref=_TO_CHOOSE if item.choices else _READY,
        definitions=tuple(
            Definition(
                definition_sequence=sequence,
                name=_text(item.name),
                prices=(Price(price=price),),
                condiment_group_rules=(rule,) if item.choices else (),
            )
            for sequence, price in enumerate(item.prices, start=1)
        ),
    )


def _condiment_item(number: int, name: str) -> CondimentItem:
    free = Definition(name=_text(name), prices=(Price(price=Decimal("0.00")),))
    return CondimentItem(condiment_id=number, name=_text(name), definitions=(free,))


def _text(text: str) -> TextMap:
    return {_LANGUAGE: text}
