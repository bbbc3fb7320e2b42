"""The menu of the demo revenue center, in Simphony's v1 shape, in English and Danish."""

from decimal import Decimal
from typing import NamedTuple

from localcloud.simulators.simphony.site import Site
from localcloud.simulators.simphony.wire import Json

DEMO_SITE = Site("muneris-demo", "cph01", 1)

_FOOD, _DRINKS = 1, 2
_EXTRAS, _DONENESS, _MILK = 501, 502, 503


class _Dish(NamedTuple):
    number: int
    english: str
    danish: str
    price: str
    family: int = _FOOD
    rules: tuple[tuple[int, int, int], ...] = ()
    """Condiment group, minimum and maximum count."""
    large_price: str | None = None
    """The price of a second definition, the large one."""


_DISHES = (
    _Dish(11001, "Burger", "Burger", "95.00", rules=((_EXTRAS, 0, 3),)),
    _Dish(11002, "Steak", "Bøf", "189.00", rules=((_DONENESS, 1, 1), (_EXTRAS, 0, 2))),
    _Dish(11003, "Fish and chips", "Fish and chips", "129.00", rules=((_EXTRAS, 0, 3),)),
    _Dish(11004, "Open sandwich with shrimp", "Rejemad", "89.50"),
    _Dish(11005, "French fries", "Pommes frites", "39.00", large_price="49.00"),
    _Dish(12001, "Coffee", "Kaffe", "32.00", _DRINKS, rules=((_MILK, 0, 1),)),
    _Dish(12002, "Draught beer", "Fadøl", "48.00", _DRINKS, large_price="69.00"),
    _Dish(12003, "Elderflower lemonade", "Hyldeblomstsaft", "35.00", _DRINKS),
)
_CONDIMENTS = (
    _Dish(52001, "Bacon", "Bacon", "15.00"),
    _Dish(52002, "Fried egg", "Spejlæg", "12.00"),
    _Dish(52003, "Cheese", "Ost", "10.00"),
    _Dish(52011, "Rare", "Rød", "0.00"),
    _Dish(52012, "Medium", "Medium", "0.00"),
    _Dish(52013, "Well done", "Gennemstegt", "0.00"),
    _Dish(52021, "Milk", "Mælk", "0.00"),
    _Dish(52022, "Oat milk", "Havremælk", "5.00"),
)
_GROUPS = {
    _EXTRAS: ({"en-US": "Extras", "da-DK": "Tilvalg"}, (52001, 52002, 52003)),
    _DONENESS: ({"en-US": "Doneness", "da-DK": "Stegning"}, (52011, 52012, 52013)),
    _MILK: ({"en-US": "Milk", "da-DK": "Mælk"}, (52021, 52022)),
}


def demo_menu() -> Json:
    """Eight items, three condiment groups, one of them required."""
    return {
        "name": "Demo menu",
        "description": "",
        "familyGroups": [
            {"familyGroupItemId": _FOOD, "name": {"en-US": "Food", "da-DK": "Mad"}},
            {"familyGroupItemId": _DRINKS, "name": {"en-US": "Drinks", "da-DK": "Drikkevarer"}},
        ],
        "menuItems": [{"menuItemId": dish.number, **_body(dish)} for dish in _DISHES],
        "condimentGroups": [
            {"condimentGroupId": group, "name": name, "condimentItemRefs": list(members)}
            for group, (name, members) in _GROUPS.items()
        ],
        "condimentItems": [{"condimentId": dish.number, **_body(dish)} for dish in _CONDIMENTS],
        "comboMeals": [],
    }


def _body(dish: _Dish) -> dict[str, Json]:
    prices = [dish.price] if dish.large_price is None else [dish.price, dish.large_price]
    return {
        "name": {"en-US": dish.english, "da-DK": dish.danish},
        "familyGroupRef": dish.family,
        "definitions": [_definition(dish, number, price) for number, price in enumerate(prices, start=1)],
    }


def _definition(dish: _Dish, number: int, price: str) -> Json:
    size = {} if dish.large_price is None else _SIZES[number]
    return {
        "definitionSequence": number,
        "name": {"en-US": dish.english, "da-DK": dish.danish} | size,
        "prices": [{"priceSequence": 1, "price": Decimal(price)}],
        "condimentGroupRules": [
            {"condimentGroupRef": group, "minimumCount": minimum, "maximumCount": maximum}
            for group, minimum, maximum in dish.rules
        ],
    }


_SIZES = {1: {"en-US": "Regular", "da-DK": "Almindelig"}, 2: {"en-US": "Large", "da-DK": "Stor"}}
