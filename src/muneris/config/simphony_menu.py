"""Simphony's menu turned into the menu that apps order from. Pure."""

import hashlib
from collections.abc import Iterable, Iterator
from decimal import Decimal

from muneris.config import menu
from muneris.core.money import decimals
from muneris.simphony import menu as simphony

_WITHOUT_FAMILY = 0
"""The id of the untitled group of items whose family group Simphony does not list."""


def to_menu(source: simphony.SimphonyMenu, currency: str) -> menu.Menu:
    """What can be ordered of a Simphony menu.

    Left out is what Simphony itself would refuse: definitions without a price that the currency can
    express, or with a required choice among nothing, and items without a definition.
    """
    condiment_groups = tuple(_condiment_groups(source, currency))
    choices = {each.condiment_group_id for each in condiment_groups}
    items = tuple(_items(source, currency, choices))
    groups = tuple(_groups(source, {item.menu_item_id for item in items}))
    turned = menu.Menu(
        version="",
        currency=currency,
        languages=_languages([*groups, *items, *condiment_groups]),
        groups=groups,
        items=items,
        condiment_groups=condiment_groups,
    )
    content = turned.model_dump_json(exclude={"version"})
    return turned.model_copy(update={"version": hashlib.sha256(content.encode()).hexdigest()[:32]})


def _groups(source: simphony.SimphonyMenu, sold: set[int]) -> Iterator[menu.Group]:
    names = {each.family_group_item_id: each.name for each in source.family_groups} | {_WITHOUT_FAMILY: {}}
    members: dict[int, list[int]] = {family: [] for family in names}
    for item in source.menu_items:
        if item.menu_item_id in sold:
            family = item.family_group_ref if item.family_group_ref in names else _WITHOUT_FAMILY
            members[family or _WITHOUT_FAMILY].append(item.menu_item_id)
    for family, item_ids in members.items():
        if item_ids:
            yield menu.Group(id=family, name=names[family], item_ids=tuple(item_ids))


def _items(source: simphony.SimphonyMenu, currency: str, choices: set[int]) -> Iterator[menu.Item]:
    for item in source.menu_items:
        orderable = [each for each in item.definitions if _is_orderable(each, choices)]
        definitions = tuple(_definition(each, currency, choices) for each in orderable)
        priced = tuple(each for each in definitions if each.prices)
        if not priced:
            continue
        content = item.definitions[0].consumer_content or simphony.ConsumerContent()
        yield menu.Item(
            menu_item_id=item.menu_item_id,
            name=content.consumer_name or item.name,
            description=content.consumer_description or None,
            definitions=priced,
            tax_class=item.definitions[0].tax_class_ref,
        )


def _is_orderable(definition: simphony.Definition, choices: set[int]) -> bool:
    required = {each.condiment_group_ref for each in definition.condiment_group_rules if each.minimum_count}
    return required <= choices


def _definition(source: simphony.Definition, currency: str, choices: set[int]) -> menu.Definition:
    return menu.Definition(
        definition_sequence=source.definition_sequence,
        name=source.name or None,
        prices=tuple(_prices(source.prices, currency)),
        condiment_groups=tuple(
            menu.CondimentRule(
                condiment_group_id=rule.condiment_group_ref, min=rule.minimum_count, max=rule.maximum_count
            )
            for rule in source.condiment_group_rules
            if rule.condiment_group_ref in choices
        ),
    )


def _prices(prices: Iterable[simphony.Price], currency: str) -> Iterator[menu.Price]:
    for each in prices:
        price = _in_currency(each.price, currency)
        if price is not None:
            yield menu.Price(price_sequence=each.price_sequence, name=_one_name(each.name), price=price)


def _condiment_groups(source: simphony.SimphonyMenu, currency: str) -> Iterator[menu.CondimentGroup]:
    offered = {each.condiment_id: tuple(_condiments(each, currency)) for each in source.condiment_items}
    for group in source.condiment_groups:
        condiments = tuple(
            condiment for each in group.condiment_item_refs for condiment in offered.get(each, ())
        )
        if condiments:
            yield menu.CondimentGroup(
                condiment_group_id=group.condiment_group_id, name=group.name, condiments=condiments
            )


def _condiments(source: simphony.CondimentItem, currency: str) -> Iterator[menu.Condiment]:
    """One condiment for each definition; without a price it costs nothing."""
    for definition in source.definitions:
        first = next(iter(definition.prices), simphony.Price())
        price = _in_currency(Decimal(0) if first.price is None else first.price, currency)
        if price is not None:
            yield menu.Condiment(
                condiment_id=source.condiment_id,
                name=source.name,
                price=price,
                definition_sequence=definition.definition_sequence,
            )


def _in_currency(price: Decimal | None, currency: str) -> Decimal | None:
    """The price with exactly the currency's decimals; None: it has none, or is no price in it."""
    if price is None or price < 0:
        return None
    exact = price.quantize(Decimal(1).scaleb(-decimals(currency)))
    return exact if exact == price else None


def _one_name(name: str | simphony.TextMap | None) -> str | None:
    return next(iter(name.values()), None) if isinstance(name, dict) else name


def _languages(named: Iterable[menu.Group | menu.Item | menu.CondimentGroup]) -> tuple[str, ...]:
    """Every language that something is named in, in the order of the menu."""
    return tuple(dict.fromkeys(language for each in named for language in each.name))
