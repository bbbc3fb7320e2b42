"""A restaurant of tests: its property, menu and recipes, and an order that it takes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from muneris.config.menu import Condiment, CondimentGroup, CondimentRule, Definition, Item, Menu, Price
from muneris.config.property import Property
from muneris.inventory.recipes import Ingredient, Recipes

CODE = "NOR-CPH01"
BURGER, SODA, PLATTER = 11001, 11002, 11003
CHEESE, BACON, ICE = 52001, 52002, 52003
TOPPINGS, EXTRAS = 900, 901

MENU = Menu(
    version="1",
    currency="EUR",
    languages=("en-US",),
    groups=(),
    items=(
        Item(
            menu_item_id=BURGER,
            name={"en-US": "Burger"},
            definitions=(
                Definition(
                    definition_sequence=1,
                    prices=(
                        Price(price_sequence=1, price=Decimal("10.00")),
                        Price(price_sequence=2, price=Decimal("8.50")),
                    ),
                    condiment_groups=(CondimentRule(condiment_group_id=TOPPINGS, min=0, max=2),),
                ),
                Definition(
                    definition_sequence=2,
                    prices=(Price(price_sequence=1, price=Decimal("14.00")),),
                    condiment_groups=(
                        CondimentRule(condiment_group_id=TOPPINGS, min=1, max=0),
                        CondimentRule(condiment_group_id=EXTRAS, min=0, max=1),
                    ),
                ),
            ),
        ),
        Item(
            menu_item_id=SODA,
            name={"en-US": "Soda"},
            definitions=(
                Definition(definition_sequence=1, prices=(Price(price_sequence=1, price=Decimal("2.50")),)),
            ),
        ),
        Item(
            menu_item_id=PLATTER,
            name={"en-US": "Platter"},
            definitions=(
                Definition(definition_sequence=1, prices=(Price(price_sequence=1, price=Decimal("99.00")),)),
            ),
        ),
    ),
    condiment_groups=(
        CondimentGroup(
            condiment_group_id=TOPPINGS,
            name={"en-US": "Toppings"},
            condiments=(
                Condiment(condiment_id=CHEESE, name={"en-US": "Cheese"}, price=Decimal("1.00")),
                Condiment(condiment_id=BACON, name={"en-US": "Bacon"}, price=Decimal("1.75")),
            ),
        ),
        CondimentGroup(
            condiment_group_id=EXTRAS,
            name={"en-US": "Extras"},
            condiments=(Condiment(condiment_id=ICE, name={"en-US": "Ice"}, price=Decimal(0)),),
        ),
    ),
)
RECIPES = Recipes(
    recipes={
        BURGER: (
            Ingredient(sku="bun", quantity=Decimal(1)),
            Ingredient(sku="beef", quantity=Decimal("0.15")),
        ),
        PLATTER: tuple(Ingredient(sku=f"sku{number}", quantity=Decimal(1)) for number in range(99)),
    }
)
PROPERTY = Property(
    code=CODE,
    name="Nyhavn",
    country="DK",
    currency="EUR",
    time_zone="Europe/Copenhagen",
    contact_email="nyhavn@nordic.example",
    status="configured",
)
ORDER: Mapping[str, Any] = {
    "channel": "online",
    "fulfilment": {"type": "pickup"},
    "lines": [{"menu_item_id": BURGER, "quantity": 2, "condiments": [{"condiment_id": CHEESE}]}],
    "payment": {"method": "at_counter"},
    "expected_total": "22.00",
}
