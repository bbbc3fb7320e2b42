"""Simphony's menu turned into the menu that apps order from. Pure."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from muneris.config import menu
from muneris.config.ordering import WeeklyHours
from muneris.core.money import decimals
from muneris.simphony import menu as simphony
from muneris.simphony.configuration import Taxes, TaxRate, UnavailableItems

type _SoldOut = frozenset[tuple[int, int | None]]
"""Items and their definitions; None: every definition."""

_WITHOUT_FAMILY = 0
"""The id of the untitled group of items whose family group Simphony does not list."""
_INCLUDED, _ADDED = "included", "addon"
"""How the tax types that we know begin (Configuration API, GET taxes)."""


class _Terms(NamedTuple):
    """What prices are in, and when those of a menu level may be ordered."""

    currency: str
    price_levels: Mapping[int, WeeklyHours]


def to_menu(
    source: simphony.SimphonyMenu,
    currency: str,
    unavailable: UnavailableItems | None = None,
    taxes: Taxes | None = None,
    price_levels: Mapping[int, WeeklyHours] | None = None,
) -> menu.Menu:
    """What can be ordered of a Simphony menu, at the prices of a menu level only in its hours.

    Left out is what Simphony itself would refuse: definitions without a price that the currency can
    express, or with a required choice among nothing, items without a definition, and combos with a choice
    among nothing. What is only unavailable stays. The item that stands for a combo is none to order by
    itself: the kitchen would get nothing of what the combo is made of.
    """
    terms = _Terms(currency, price_levels or {})
    sold_out = _sold_out(unavailable or UnavailableItems())
    condiment_groups = tuple(_condiment_groups(source, terms, sold_out))
    choices = {each.condiment_group_id for each in condiment_groups}
    priced = tuple(_items(source, terms, choices, sold_out))
    stand_for_combos = {each.menu_item_ref for each in source.combo_meals}
    items = tuple(each for each in priced if each.menu_item_id not in stand_for_combos)
    groups = tuple(_groups(source, {each.menu_item_id for each in items}))
    combos = tuple(_combos(source, terms, {each.menu_item_id: each for each in priced}))
    turned = menu.Menu(
        version="",
        currency=currency,
        languages=_languages([*groups, *items, *condiment_groups, *combos]),
        groups=groups,
        items=items,
        condiment_groups=condiment_groups,
        combos=combos,
        tax_classes=tuple(_tax_classes(taxes or Taxes())),
    )
    content = turned.model_dump_json(exclude={"version"})
    return turned.model_copy(update={"version": hashlib.sha256(content.encode()).hexdigest()[:32]})


def _groups(source: simphony.SimphonyMenu, sold: Collection[int]) -> Iterator[menu.Group]:
    names = {each.family_group_item_id: each.name for each in source.family_groups} | {_WITHOUT_FAMILY: {}}
    members: dict[int, list[int]] = {family: [] for family in names}
    for item in source.menu_items:
        if item.menu_item_id in sold:
            family = item.family_group_ref if item.family_group_ref in names else _WITHOUT_FAMILY
            members[family or _WITHOUT_FAMILY].append(item.menu_item_id)
    for family, item_ids in members.items():
        if item_ids:
            yield menu.Group(id=family, name=names[family], item_ids=tuple(item_ids))


def _items(
    source: simphony.SimphonyMenu, terms: _Terms, choices: set[int], sold_out: _SoldOut
) -> Iterator[menu.Item]:
    for item in source.menu_items:
        gone = _gone(item.menu_item_id, sold_out)
        orderable = [each for each in item.definitions if _is_orderable(each, choices)]
        definitions = (_definition(each, terms, choices, gone) for each in orderable)
        priced = tuple(each for each in definitions if each.prices)
        if not priced:
            continue
        content = item.definitions[0].consumer_content or simphony.ConsumerContent()
        yield menu.Item(
            menu_item_id=item.menu_item_id,
            name=content.consumer_name or item.name,
            description=content.consumer_description or None,
            image=next((each.url for each in content.images if each.url), None),
            definitions=priced,
            tax_class=item.definitions[0].tax_class_ref,
        )


def _is_orderable(definition: simphony.Definition, choices: set[int]) -> bool:
    required = {each.condiment_group_ref for each in definition.condiment_group_rules if each.minimum_count}
    return required <= choices


def _definition(
    source: simphony.Definition, terms: _Terms, choices: set[int], gone: Collection[int | None]
) -> menu.Definition:
    return menu.Definition(
        definition_sequence=source.definition_sequence,
        name=source.name or None,
        prices=tuple(_prices(source.prices, terms)),
        condiment_groups=tuple(
            menu.CondimentRule(
                condiment_group_id=rule.condiment_group_ref, min=rule.minimum_count, max=rule.maximum_count
            )
            for rule in source.condiment_group_rules
            if rule.condiment_group_ref in choices
        ),
        available=_is_available(source, gone),
    )


def _gone(number: int, sold_out: _SoldOut) -> Collection[int | None]:
    return {sequence for each, sequence in sold_out if each == number}


def _is_available(definition: simphony.Definition, gone: Collection[int | None]) -> bool:
    return not {None, definition.definition_sequence}.intersection(gone)


def _prices(prices: Iterable[simphony.Price], terms: _Terms) -> Iterator[menu.Price]:
    for each in prices:
        price = _in_currency(each.price, terms.currency)
        if price is not None:
            yield menu.Price(
                price_sequence=each.price_sequence,
                name=_one_name(each.name),
                price=price,
                level=each.level,
                hours=_hours(each, terms),
            )


def _hours(price: simphony.Price, terms: _Terms) -> WeeklyHours | None:
    """When a price may be had; None: always."""
    return None if price.level is None else terms.price_levels.get(price.level) or None


def _condiment_groups(
    source: simphony.SimphonyMenu, terms: _Terms, sold_out: _SoldOut
) -> Iterator[menu.CondimentGroup]:
    offered = {
        each.condiment_id: tuple(_condiments(each, terms, _gone(each.condiment_id, sold_out)))
        for each in source.condiment_items
    }
    for group in source.condiment_groups:
        condiments = tuple(
            condiment for each in group.condiment_item_refs for condiment in offered.get(each, ())
        )
        if condiments:
            yield menu.CondimentGroup(
                condiment_group_id=group.condiment_group_id, name=group.name, condiments=condiments
            )


def _condiments(
    source: simphony.CondimentItem, terms: _Terms, gone: Collection[int | None]
) -> Iterator[menu.Condiment]:
    """One condiment for each definition, at a price of all hours if there is one; free without any."""
    for definition in source.definitions:
        at_all_hours = (each for each in definition.prices if _hours(each, terms) is None)
        chosen = next(at_all_hours, next(iter(definition.prices), simphony.Price()))
        price = _in_currency(Decimal(0) if chosen.price is None else chosen.price, terms.currency)
        if price is not None:
            yield menu.Condiment(
                condiment_id=source.condiment_id,
                name=source.name,
                price=price,
                definition_sequence=definition.definition_sequence,
                available=_is_available(definition, gone),
            )


def _combos(
    source: simphony.SimphonyMenu, terms: _Terms, priced: Mapping[int, menu.Item]
) -> Iterator[menu.Combo]:
    """Combos as Simphony has them. It says nothing of how many of a group are taken: one, as combos are."""
    apart = {each.combo_group_id: each for each in source.combo_groups}
    offered = {each.menu_item_id for each in source.menu_items}
    for combo in source.combo_meals:
        named = [apart[ref] for ref in combo.combo_group_refs if ref in apart]
        groups = [_combo_group(each, terms, offered) for each in (*combo.combo_groups, *named)]
        item = None if combo.menu_item_ref is None else priced.get(combo.menu_item_ref)
        is_whole = len(named) == len(combo.combo_group_refs) and all(each.choices for each in groups)
        if item is not None and groups and is_whole:
            yield menu.Combo(
                combo_meal_id=combo.combo_meal_id,
                menu_item_id=item.menu_item_id,
                name=combo.name or item.name,
                prices=item.definitions[0].prices,
                groups=tuple(groups),
            )


def _combo_group(source: simphony.ComboGroup, terms: _Terms, offered: Collection[int]) -> menu.ComboGroup:
    choices = tuple(
        menu.ComboChoice(
            menu_item_id=each.menu_item_ref,
            definition_sequence=each.definition_sequence,
            prices=tuple(_prices(each.prices, terms)),
        )
        for each in source.menu_items
        if each.menu_item_ref in offered
    )
    return menu.ComboGroup(
        combo_group_id=source.combo_group_id,
        name=source.name,
        is_main=source.is_main_group,
        choices=choices,
    )


def _sold_out(unavailable: UnavailableItems) -> _SoldOut:
    named = {
        (item.menu_item_id, definition.definition_sequence)
        for item in unavailable.items
        for definition in item.definitions
    }
    whole = {(item.menu_item_id, None) for item in unavailable.items if not item.definitions}
    return frozenset(named | whole)


def _tax_classes(taxes: Taxes) -> Iterator[menu.TaxClass]:
    rates = {each.tax_rate_id: rate for each in taxes.tax_rates if (rate := _tax_rate(each)) is not None}
    for each in taxes.tax_classes:
        of_class = tuple(rates[ref] for ref in each.active_tax_rate_refs if ref in rates)
        yield menu.TaxClass(tax_class=each.tax_class_id, rates=of_class)


def _tax_rate(source: TaxRate) -> menu.TaxRate | None:
    """A rate; None: it is disabled, no percentage, or of a type that we do not know."""
    kind = source.tax_type.casefold()
    if source.percentage is None or not kind.startswith((_INCLUDED, _ADDED)):
        return None
    return menu.TaxRate(
        tax_rate_id=source.tax_rate_id,
        name=source.name,
        percentage=source.percentage,
        included=kind.startswith(_INCLUDED),
    )


def _in_currency(price: Decimal | None, currency: str) -> Decimal | None:
    """The price with exactly the currency's decimals; None: it has none, or is no price in it."""
    if price is None or price < 0:
        return None
    exact = price.quantize(Decimal(1).scaleb(-decimals(currency)))
    return exact if exact == price else None


def _one_name(name: str | simphony.TextMap | None) -> str | None:
    return next(iter(name.values()), None) if isinstance(name, dict) else name


def _languages(named: Iterable[menu.Group | menu.Item | menu.CondimentGroup | menu.Combo]) -> tuple[str, ...]:
    """Every language that something is named in, in the order of the menu."""
    return tuple(dict.fromkeys(language for each in named for language in each.name))
