"""The menu of the demo revenue center, in Simphony's v1 shape, in English and Danish."""

from decimal import Decimal
from typing import NamedTuple

from localcloud.simulators.simphony.menu_body import TextMap
from localcloud.simulators.simphony.site import Site
from localcloud.simulators.simphony.wire import Json

DEMO_SITE = Site("muneris-demo", "cph01", 1)

_FOOD, _DRINKS, _MEALS = 1, 2, 3
_EXTRAS, _DONENESS, _MILK = 501, 502, 503
_VAT = 1
_REGULAR, _HAPPY_HOUR = (1, "Regular"), (2, "Happy hour")
"""Menu levels by number and name; the price sequence is the same number."""


class _Shown(NamedTuple):
    """What guests are shown instead of the POS's own words."""

    english: str
    danish: str
    english_text: str
    danish_text: str


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
    happy_hour_off: str | None = None
    """How much less each definition costs in the happy hour."""
    shown: _Shown | None = None


class _Choice(NamedTuple):
    """An item of a combo, and what it adds to the price."""

    number: int
    price: str


_DISHES = (
    _Dish(11001, "Burger", "Burger", "95.00", rules=((_EXTRAS, 0, 3),)),
    _Dish(
        11002,
        "Steak",
        "Bøf",
        "189.00",
        rules=((_DONENESS, 1, 1), (_EXTRAS, 0, 2)),
        shown=_Shown("Grilled steak", "Grillet bøf", "With herb butter", "Med kryddersmør"),
    ),
    _Dish(11003, "Fish and chips", "Fish and chips", "129.00", rules=((_EXTRAS, 0, 3),)),
    _Dish(11004, "Open sandwich with shrimp", "Rejemad", "89.50"),
    _Dish(11005, "French fries", "Pommes frites", "39.00", large_price="49.00"),
    _Dish(12001, "Coffee", "Kaffe", "32.00", _DRINKS, rules=((_MILK, 0, 1),)),
    _Dish(12002, "Draught beer", "Fadøl", "48.00", _DRINKS, large_price="69.00", happy_hour_off="15.00"),
    _Dish(12003, "Elderflower lemonade", "Hyldeblomstsaft", "35.00", _DRINKS),
    _Dish(13001, "Lunch meal", "Frokostmenu", "139.00", _MEALS),
    _Dish(13002, "Green salad", "Grøn salat", "45.00", _MEALS),
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
_FAMILIES = {
    _FOOD: {"en-US": "Food", "da-DK": "Mad"},
    _DRINKS: {"en-US": "Drinks", "da-DK": "Drikkevarer"},
    _MEALS: {"en-US": "Meals and sides", "da-DK": "Menuer og tilbehør"},
}
_SIZES = {1: {"en-US": "Regular", "da-DK": "Almindelig"}, 2: {"en-US": "Large", "da-DK": "Stor"}}


def demo_menu() -> Json:
    """Items, condiments with a required group, a combo, two price levels, in two languages."""
    return {
        "name": "Demo menu",
        "description": "",
        "allergens": [],
        "familyGroups": [
            {"familyGroupItemId": family, "name": name, "consumerName": name}
            for family, name in _FAMILIES.items()
        ],
        "menuItems": [{"menuItemId": dish.number, **_body(dish)} for dish in _DISHES],
        "condimentGroups": [
            {"condimentGroupId": group, "name": name, "condimentItemRefs": list(members)}
            for group, (name, members) in _GROUPS.items()
        ],
        "condimentItems": [{"condimentId": dish.number, **_body(dish)} for dish in _CONDIMENTS],
        "comboMeals": [_lunch_meal()],
        "options": [
            {
                "condimentPrefixes": [
                    {"condimentPrefixId": 1, "name": {"en-US": "No", "da-DK": "Uden"}},
                    {"condimentPrefixId": 2, "name": {"en-US": "Extra", "da-DK": "Ekstra"}},
                ]
            }
        ],
    }


def _lunch_meal() -> Json:
    """The meal has a price of its own; some choices add to it."""
    return {
        "comboMealId": 701,
        "menuItemRef": 13001,
        "name": {"en-US": "Lunch meal", "da-DK": "Frokostmenu"},
        "comboGroups": [
            _combo_group(
                711,
                {"en-US": "Main course", "da-DK": "Hovedret"},
                (_Choice(11001, "0.00"), _Choice(11003, "25.00")),
                is_main=True,
            ),
            _combo_group(
                712,
                {"en-US": "Side", "da-DK": "Tilbehør"},
                (_Choice(11005, "0.00"), _Choice(13002, "5.00")),
            ),
            _combo_group(
                713,
                {"en-US": "Drink", "da-DK": "Drik"},
                (_Choice(12003, "0.00"), _Choice(12001, "0.00"), _Choice(12002, "15.00")),
            ),
        ],
    }


def _combo_group(number: int, name: TextMap, choices: tuple[_Choice, ...], *, is_main: bool = False) -> Json:
    return {
        "comboGroupId": number,
        "name": name,
        "isMainGroup": is_main,
        "menuItems": [
            {
                "menuItemRef": choice.number,
                "prices": [{"priceSequence": 1, "price": Decimal(choice.price)}],
            }
            for choice in choices
        ],
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
        "name2": size,
        "taxClassRef": _VAT,
        "slus": [{"sluId": dish.family, "name": _FAMILIES[dish.family]}],
        "extensions": [],
        **_consumer_content(dish),
        "prices": _prices(dish, Decimal(price)),
        "condimentGroupRules": [
            {"condimentGroupRef": group, "minimumCount": minimum, "maximumCount": maximum}
            for group, minimum, maximum in dish.rules
        ],
    }


def _consumer_content(dish: _Dish) -> dict[str, Json]:
    if dish.shown is None:
        return {}
    return {
        "ConsumerContentProperties": {
            "consumerName": {"en-US": dish.shown.english, "da-DK": dish.shown.danish},
            "consumerDescription": {"en-US": dish.shown.english_text, "da-DK": dish.shown.danish_text},
            "images": [
                {
                    "url": f"https://images.nordickitchens.example/{dish.number}.jpg",
                    "altText": dish.shown.english,
                }
            ],
        }
    }


def _prices(dish: _Dish, price: Decimal) -> list[Json]:
    if dish.happy_hour_off is None:
        return [{"priceSequence": 1, "price": price}]
    by_level = ((_REGULAR, price), (_HAPPY_HOUR, price - Decimal(dish.happy_hour_off)))
    return [
        {"priceSequence": level, "price": each, "name": name, "level": level}
        for (level, name), each in by_level
    ]
