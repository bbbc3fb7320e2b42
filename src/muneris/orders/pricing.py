"""What an order costs by its property's menu, and what stock it takes. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from muneris.config.menu import Condiment, Definition, Menu, Text
from muneris.core.money import to_wire
from muneris.core.problems import ProblemError, ProblemType
from muneris.inventory.recipes import Recipes
from muneris.orders.model import PricedCondiment, PricedLine, Totals
from muneris.orders.request import CondimentRequest, LineRequest, OrderRequest

UNKNOWN_ITEM = ProblemType("unknown_item", 422, "Unknown item")
CONDIMENT_RULE = ProblemType("condiment_rule", 422, "Condiment rule broken")
TOO_MANY_STOCK_ITEMS = ProblemType("too_many_stock_items", 422, "Too many stock items")
PRICE_CHANGED = ProblemType("price_changed", 409, "Price changed")

MAX_STOCK_ITEMS = 98
"""Distinct stock items an order may take: with the hold they are changed in one transaction of 100 rows."""


def price_lines(lines: Sequence[LineRequest], menu: Menu) -> tuple[PricedLine, ...]:
    """Each line with its prices.

    Raises:
        ProblemError: `unknown_item` or `condiment_rule`.
    """
    return tuple(_price_line(index, line, menu) for index, line in enumerate(lines))


def total_up(request: OrderRequest, lines: Sequence[PricedLine], currency: str) -> Totals:
    """What is to be paid.

    Raises:
        ProblemError: `price_changed`, if the app expected another total.
    """
    subtotal = sum((Decimal(line.total) for line in lines), Decimal(0))
    if request.expected_total is not None and Decimal(request.expected_total) != subtotal:
        total = to_wire(subtotal, currency)
        raise PRICE_CHANGED("The menu's total differs from expected_total: show it and ask.", total=total)
    tip = Decimal(request.payment.tip or 0)
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


def _price_line(index: int, line: LineRequest, menu: Menu) -> PricedLine:
    definition = menu.definitions.get((line.menu_item_id, line.definition_sequence))
    if definition is None:
        raise _unknown(index, f"item {line.menu_item_id} definition {line.definition_sequence}")
    price = next((p for p in definition.prices if p.price_sequence == line.price_sequence), None)
    if price is None:
        raise _unknown(index, f"price {line.price_sequence} of item {line.menu_item_id}")
    condiments = _choose(index, line.condiments, definition, menu)
    each = price.price + sum((found.price * asked.quantity for asked, found in condiments), start=Decimal(0))
    return PricedLine(
        menu_item_id=line.menu_item_id,
        definition_sequence=line.definition_sequence,
        price_sequence=line.price_sequence,
        quantity=line.quantity,
        name=_label(menu, line.menu_item_id),
        unit_price=to_wire(price.price, menu.currency),
        condiments=tuple(_priced(asked, found, menu.currency) for asked, found in condiments),
        total=to_wire(each * line.quantity, menu.currency),
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


def _choose(
    index: int, asked: Sequence[CondimentRequest], definition: Definition, menu: Menu
) -> list[tuple[CondimentRequest, Condiment]]:
    """Each condiment asked for with the menu's own, every group's limits kept."""
    counts: Counter[int] = Counter()
    chosen = []
    for each in asked:
        wanted = (each.condiment_id, each.definition_sequence)
        for rule in definition.condiment_groups:
            found = menu.condiments.get(rule.condiment_group_id, {}).get(wanted)
            if found is not None:
                counts[rule.condiment_group_id] += each.quantity
                chosen.append((each, found))
                break
        else:
            raise _unknown(index, f"condiment {each.condiment_id}, which this item does not offer")
    for rule in definition.condiment_groups:
        count = counts[rule.condiment_group_id]
        if count < rule.min or (rule.max and count > rule.max):
            limits = f"{rule.min} to {rule.max or 'any number'}"
            raise CONDIMENT_RULE(
                f"Line {index}: group {rule.condiment_group_id} takes {limits} condiments, not {count}."
            )
    return chosen


def _label(menu: Menu, menu_item_id: int) -> str:
    return _first(menu.names[menu_item_id])


def _first(text: Text) -> str:
    return next(iter(text.values()), "")


def _unknown(index: int, what: str) -> ProblemError:
    return UNKNOWN_ITEM(f"Line {index}: the menu has no {what}. Read the menu again.")
