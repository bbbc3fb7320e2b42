"""What the items, condiments and combos of a check cost."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from localcloud.simulators.simphony.check_request import (
    RequestCombo,
    RequestCondiment,
    RequestItem,
    returned,
)
from localcloud.simulators.simphony.discounts import discount_row
from localcloud.simulators.simphony.menu import Menu, Offer
from localcloud.simulators.simphony.menu_body import ComboGroup, ComboGroupItem
from localcloud.simulators.simphony.money import ZERO, money
from localcloud.simulators.simphony.problems import refused_by_pos
from localcloud.simulators.simphony.terms import Terms
from localcloud.simulators.simphony.wire import Json


class Line(NamedTuple):
    """A priced line: as it is answered, and what it sells of each tax class."""

    document: Json
    sales: Mapping[int, Decimal]


@dataclass(frozen=True)
class LinePricing:
    """Prices lines by a menu, on its revenue center's terms, in a language."""

    menu: Menu
    terms: Terms
    language: str
    with_prefixes: bool = False
    """Whether the client enabled condiment prefixes; they are dropped otherwise."""

    def price_item(self, item: RequestItem) -> Line:
        """An item with its condiments and discounts.

        Raises:
            ProblemError: it is not sold so, or not at all now.
        """
        return self._line(item, self.menu.get_item(item.key))

    def price_combo(self, combo: RequestCombo) -> Line:
        """A combo: what it costs itself, and what each choice adds.

        Raises:
            ProblemError: there is no such combo, or it is not made of these items.
        """
        meal = self.menu.combos.get(combo.combo_meal_id)
        if meal is None or combo.combo_item.menu_item_id != meal.menu_item_ref:
            raise refused_by_pos("menu_item_invalid", f"No combo {combo.combo_meal_id} of that item")
        whole = self.menu.items.get(combo.combo_item.key) or self.menu.get_in_combo(combo.combo_item.key)
        main = [group for group in meal.combo_groups if group.is_main_group]
        sides = [group for group in meal.combo_groups if not group.is_main_group]
        (main_line,) = self._chosen(main, (combo.main_item,))
        side_lines = list(self._chosen(sides, combo.side_items))
        whole_line = self._line(combo.combo_item, whole)
        document: dict[str, Json] = {
            "comboMealId": combo.combo_meal_id,
            "seat": combo.seat,
            "comboItem": whole_line.document,
            "mainItem": main_line.document,
            "sideItems": [each.document for each in side_lines],
            "extensions": returned(combo.extensions),
        }
        return Line(document, add_up(whole_line.sales, main_line.sales, *(each.sales for each in side_lines)))

    def _chosen(self, groups: Sequence[ComboGroup], items: Sequence[RequestItem]) -> Iterator[Line]:
        """The lines of the items chosen in a combo: one of each group."""
        if len(items) != len(groups):
            raise refused_by_pos("menu_item_invalid", f"The combo takes {len(groups)} items here")
        left = list(groups)
        for item in items:
            chosen = next(((group, each) for group in left if (each := _find(group, item))), None)
            if chosen is None:
                raise refused_by_pos("menu_item_invalid", f"Menu item {item.menu_item_id} is no choice here")
            group, choice = chosen
            left.remove(group)
            yield self._line(item, self._offer_in_combo(item, choice))

    def _offer_in_combo(self, item: RequestItem, choice: ComboGroupItem) -> Offer:
        """The item at the price of its group; one without prices there adds nothing."""
        prices = {each.price_sequence: each.price for each in choice.prices} or {item.price_sequence: ZERO}
        if item.price_sequence not in prices:
            raise refused_by_pos(
                "menu_item_invalid", f"No price {item.price_sequence} of {item.menu_item_id}"
            )
        return self.menu.get_in_combo(item.key)._replace(price=money(prices[item.price_sequence]))

    def _line(self, item: RequestItem, offer: Offer) -> Line:
        self.terms.require_available(item.menu_item_id, item.definition_sequence)
        self._require_condiments(item, offer)
        total = money(offer.price * item.quantity)
        tax_class = offer.tax_class or self.terms.default_tax_class
        condiments = [self._condiment(each, item, tax_class) for each in item.condiments]
        sales = add_up({tax_class: total}, *(each.sales for each in condiments))
        discounts, reduction = self._item_discounts(item, sum(sales.values(), ZERO))
        document: dict[str, Json] = {
            "menuItemId": item.menu_item_id,
            "definitionSequence": item.definition_sequence,
            "name": offer.name_in(self.language),
            "quantity": item.quantity,
            "unitPrice": offer.price,
            "priceSequence": item.price_sequence,
            "total": total,
            "seat": item.seat,
            "referenceText": item.reference_text,
            "surcharge": ZERO,
            "itemDiscounts": discounts,
            "condiments": [each.document for each in condiments],
            "extensions": returned(item.extensions),
        }
        return Line(document, add_up(sales, {tax_class: reduction}))

    def _condiment(self, condiment: RequestCondiment, item: RequestItem, tax_class: int) -> Line:
        """A condiment's quantity is per unit of its item; its total counts all units."""
        offer = self.menu.get_condiment(condiment.key)
        total = money(offer.price * condiment.quantity * item.quantity)
        document: dict[str, Json] = {
            "condimentId": condiment.condiment_id,
            "definitionSequence": condiment.definition_sequence,
            "name": offer.name_in(self.language),
            "quantity": condiment.quantity,
            "unitPrice": offer.price,
            "priceSequence": condiment.price_sequence,
            "total": total,
            "seat": item.seat,
            "referenceText": condiment.reference_text,
            "surcharge": ZERO,
            "itemDiscounts": [],
            "isDefault": False,
            "atDefaultSetting": False,
        }
        if condiment.prefixes and self.with_prefixes:
            document["prefixes"] = list(condiment.prefixes)
        return Line(document, {offer.tax_class or tax_class: total})

    def _item_discounts(self, item: RequestItem, cost: Decimal) -> tuple[list[Json], Decimal]:
        rows: list[Json] = []
        reduction = ZERO
        for wanted in item.item_discounts:
            discount = self.terms.get_discount(wanted.discount_id)
            row, amount = discount_row(wanted, discount, cost + reduction, self.language)
            rows.append(row)
            reduction += amount
        return rows, reduction

    def _require_condiments(self, item: RequestItem, offer: Offer) -> None:
        """Each rule of the item is kept, and no condiment comes that none of them names."""
        for condiment in item.condiments:
            self.menu.get_condiment(condiment.key)
        groups = {rule.condiment_group_ref: self._members(rule.condiment_group_ref) for rule in offer.rules}
        counts: Counter[int] = Counter()
        for condiment in item.condiments:
            holding = [group for group, members in groups.items() if condiment.condiment_id in members]
            if not holding:
                raise refused_by_pos(
                    "menu_item_invalid", f"Condiment {condiment.condiment_id} is no choice here"
                )
            counts[holding[0]] += int(condiment.quantity)
        for rule in offer.rules:
            _require_count(item, rule.condiment_group_ref, counts, (rule.minimum_count, rule.maximum_count))

    def _members(self, group: int) -> frozenset[int]:
        return self.menu.condiment_groups.get(group, frozenset())


def _require_count(item: RequestItem, group: int, counts: Mapping[int, int], limits: tuple[int, int]) -> None:
    count, (minimum, maximum) = counts.get(group, 0), limits
    if count < minimum or (maximum and count > maximum):
        detail = (
            f"Menu item {item.menu_item_id} takes {minimum} to {maximum} condiments of {group}, not {count}"
        )
        raise refused_by_pos("general_pos_error", detail)


def _find(group: ComboGroup, item: RequestItem) -> ComboGroupItem | None:
    return next((each for each in group.menu_items if each.menu_item_ref == item.menu_item_id), None)


def add_up(*sales: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """Sales of each tax class together."""
    total: dict[int, Decimal] = {}
    for each in sales:
        for tax_class, amount in each.items():
            total[tax_class] = total.get(tax_class, ZERO) + amount
    return total
