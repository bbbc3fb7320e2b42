"""What an order costs by its property's menu, and what stock it takes. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import orjson

from muneris.config.menu import Condiment, Definition, Menu, Text
from muneris.core.money import to_wire
from muneris.core.problems import ProblemError, ProblemType
from muneris.inventory.availability import Availability
from muneris.inventory.recipes import Recipes
from muneris.orders.intake.hours import is_open
from muneris.orders.intake.request import CondimentRequest, LineRequest, OrderRequest
from muneris.orders.priced import PricedCondiment, PricedLine, Totals
from muneris.simphony.held import CheckTotals

UNKNOWN_ITEM = ProblemType("unknown_item", 422, "Unknown item")
CONDIMENT_RULE = ProblemType("condiment_rule", 422, "Condiment rule broken")
TOO_MANY_STOCK_ITEMS = ProblemType("too_many_stock_items", 422, "Too many stock items")
ITEM_UNAVAILABLE = ProblemType("item_unavailable", 409, "Item unavailable")
PRICE_CHANGED = ProblemType("price_changed", 409, "Price changed")

MAX_STOCK_ITEMS = 98
"""Distinct stock items an order may take: with the hold they are changed in one transaction of 100 rows."""


class _ChosenCondiment(NamedTuple):
    group_id: int
    asked: CondimentRequest
    found: Condiment


class _Choice(NamedTuple):
    """What the menu has for a line."""

    definition: Definition
    price: Decimal
    condiments: Sequence[_ChosenCondiment]


def price_lines(lines: Sequence[LineRequest], menu: Menu) -> tuple[PricedLine, ...]:
    """Each line with its prices.

    Raises:
        ProblemError: `unknown_item` or `condiment_rule`.
    """
    chosen = [_choose(index, line, menu) for index, line in enumerate(lines)]
    for index, choice in enumerate(chosen):
        _keep_limits(index, choice)
    return tuple(_price_line(line, choice, menu) for line, choice in zip(lines, chosen, strict=True))


def require_in_force(lines: Sequence[PricedLine], menu: Menu, time_zone: str, moment: datetime) -> None:
    """Refuse a price whose hours, in the property's time zone, are not those when it goes to the till.

    Raises:
        ProblemError: `unknown_item`.
    """
    if not menu.price_hours:
        return
    for index, line in enumerate(lines):
        price = (line.menu_item_id, line.definition_sequence, line.price_sequence)
        if not is_open(menu.price_hours.get(price, {}), time_zone, moment):
            raise UNKNOWN_ITEM(
                f"Line {index}: price {line.price_sequence} of item {line.menu_item_id} is not in force "
                "then. Its hours are on the menu: choose another price or time."
            )


def total_up(request: OrderRequest, lines: Sequence[PricedLine], currency: str) -> Totals:
    """What is to be paid by the menu."""
    subtotal, tip = sum_of(lines), Decimal(request.payment.tip or 0)
    nothing = to_wire(Decimal(0), currency)
    return Totals(
        subtotal=to_wire(subtotal, currency),
        discount=nothing,
        tax=nothing,
        service_charge=nothing,
        tip=to_wire(tip, currency),
        total=to_wire(subtotal + tip, currency),
        currency=currency,
    )


def find_calculated(totals: CheckTotals, tip: str, currency: str) -> Totals | None:
    """What is to be paid by Simphony's calculator; None: the currency cannot express that.

    The sign of discounts is not documented, and inclusive taxes are in no total: so the subtotal is what is
    left of the whole.
    """
    discount, tax = abs(totals.subtotal_discount_total), totals.tax_total
    service_charge = totals.service_charge_total + totals.auto_service_charge_total
    subtotal = totals.whole - tax - service_charge + discount
    amounts = (subtotal, discount, tax, service_charge, totals.whole + Decimal(tip))
    try:
        said = [to_wire(each, currency) for each in amounts]
    except (ValueError, ArithmeticError):  # too fine, or too large
        return None
    if min(amounts) < 0:
        return None
    return Totals(
        subtotal=said[0],
        discount=said[1],
        tax=said[2],
        service_charge=said[3],
        tip=tip,
        total=said[4],
        currency=currency,
    )


def require_expected(request: OrderRequest, totals: Totals) -> None:
    """Refuse an order whose app expected to pay another total.

    Raises:
        ProblemError: `price_changed`.
    """
    if request.expected_total is None:
        return
    due = Decimal(totals.total) - Decimal(totals.tip)
    if Decimal(request.expected_total) != due:
        total = to_wire(due, totals.currency)
        raise PRICE_CHANGED("The order's total differs from expected_total: show it and ask.", total=total)


def sum_of(lines: Sequence[PricedLine]) -> Decimal:
    """What the lines cost together."""
    return sum((Decimal(line.total) for line in lines), Decimal(0))


def require_available(
    lines: Sequence[PricedLine],
    menu: Menu,
    availability: Availability,
    moment: datetime,
    *,
    later: bool = False,
) -> None:
    """Refuse what the POS does not sell, or what staff do not, or cannot make, when it goes to the kitchen.

    `later`: that moment is still to come, and its stock is taken then.

    Raises:
        ProblemError: `item_unavailable`.
    """
    wanted: dict[int, int] = defaultdict(int)
    for line in lines:
        wanted[line.menu_item_id] += line.quantity
    missing = {each for each in wanted if not availability.suffices(each, wanted[each], moment, later=later)}
    names = [line.name for line in lines if line.menu_item_id in missing]
    if menu.sold_out:
        names += _sold_out(lines, menu.sold_out)
    if names:
        raise ITEM_UNAVAILABLE(f"Not available, or not so many: {', '.join(dict.fromkeys(names))}.")


def _sold_out(lines: Sequence[PricedLine], sold_out: AbstractSet[tuple[int, int]]) -> Iterator[str]:
    for line in lines:
        if (line.menu_item_id, line.definition_sequence) in sold_out:
            yield line.name
        for each in line.condiments:
            if (each.condiment_id, each.definition_sequence) in sold_out:
                yield each.name


def stock_payload(lines: Sequence[LineRequest], recipes: Recipes) -> str:
    """What inventory is asked to hold for the lines: JSON of how much of each stock item, by SKU.

    Raises:
        ProblemError: `too_many_stock_items`.
    """
    stock = stock_taken(lines, recipes)
    lines_of_stock = [{"sku": sku, "quantity": str(stock[sku])} for sku in sorted(stock)]
    return orjson.dumps({"lines": lines_of_stock}).decode()


def stock_taken(lines: Sequence[LineRequest], recipes: Recipes) -> Mapping[str, Decimal]:
    """How much of each stock item the lines take together, by SKU.

    Raises:
        ProblemError: `too_many_stock_items`.
    """
    taken: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        for ingredient in recipes.of(line.menu_item_id):
            taken[ingredient.sku] += ingredient.quantity * line.quantity
    if len(taken) > MAX_STOCK_ITEMS:
        raise TOO_MANY_STOCK_ITEMS(
            f"These lines take {len(taken)} stock items; at most {MAX_STOCK_ITEMS} an order. Split it."
        )
    return taken


def _price_line(line: LineRequest, choice: _Choice, menu: Menu) -> PricedLine:
    condiments = sum([each.found.price * each.asked.quantity for each in choice.condiments], start=Decimal(0))
    return PricedLine(
        menu_item_id=line.menu_item_id,
        definition_sequence=line.definition_sequence,
        price_sequence=line.price_sequence,
        quantity=line.quantity,
        name=_first(menu.names[line.menu_item_id]),
        unit_price=to_wire(choice.price, menu.currency),
        condiments=tuple([_priced(each.asked, each.found, menu.currency) for each in choice.condiments]),
        total=to_wire((choice.price + condiments) * line.quantity, menu.currency),
        note=line.note,
    )


def _priced(asked: CondimentRequest, found: Condiment, currency: str) -> PricedCondiment:
    return PricedCondiment(
        condiment_id=asked.condiment_id,
        definition_sequence=asked.definition_sequence,
        quantity=asked.quantity,
        name=_first(found.name),
        unit_price=to_wire(found.price, currency),
    )


def _choose(index: int, line: LineRequest, menu: Menu) -> _Choice:
    """What the menu has for a line."""
    definition = menu.definitions.get((line.menu_item_id, line.definition_sequence))
    if definition is None:
        raise _unknown(index, f"item {line.menu_item_id} definition {line.definition_sequence}")
    price = definition.find_price(line.price_sequence)
    if price is None:
        raise _unknown(index, f"price {line.price_sequence} of item {line.menu_item_id}")
    condiments = [_choose_condiment(index, asked, definition, menu) for asked in line.condiments]
    return _Choice(definition, price, condiments)


def _choose_condiment(
    index: int, asked: CondimentRequest, definition: Definition, menu: Menu
) -> _ChosenCondiment:
    wanted = (asked.condiment_id, asked.definition_sequence)
    for rule in definition.condiment_groups:
        found = menu.condiments.get(rule.condiment_group_id, {}).get(wanted)
        if found is not None:
            return _ChosenCondiment(rule.condiment_group_id, asked, found)
    raise _unknown(index, f"condiment {asked.condiment_id}, which this item does not offer")


def _keep_limits(index: int, choice: _Choice) -> None:
    for rule in choice.definition.condiment_groups:
        group_id = rule.condiment_group_id
        count = sum(each.asked.quantity for each in choice.condiments if each.group_id == group_id)
        if count < rule.min or (rule.max and count > rule.max):
            limits = f"{rule.min} to {rule.max or 'any number'}"
            raise CONDIMENT_RULE(f"Line {index}: group {group_id} takes {limits} condiments, not {count}.")


def _first(text: Text) -> str:
    return next(iter(text.values()), "")


def _unknown(index: int, what: str) -> ProblemError:
    return UNKNOWN_ITEM(f"Line {index}: the menu has no {what}. Read the menu again.")
