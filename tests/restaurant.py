"""A restaurant of tests: its property, menu and recipes, and orders that it takes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from muneris.config.menu import Condiment, CondimentGroup, CondimentRule, Definition, Item, Menu, Price
from muneris.config.ordering import Ordering
from muneris.config.property import Property
from muneris.core.clock import to_rfc3339
from muneris.inventory.recipes import Ingredient, Recipes
from muneris.orders.model import Fulfilment, HistoryEntry, Order, Payment, Status
from muneris.orders.priced import PricedLine, Totals
from muneris.simphony.model import Connection

CODE = "NOR-CPH01"
NOON = datetime(2030, 5, 4, 12, tzinfo=UTC)
"""When orders are placed, if a test does not say otherwise."""
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
CONNECTION = Connection(
    api_url="http://127.0.0.1:9",
    auth_url="http://127.0.0.1:9",
    client_id="client",
    org_short_name="nordic",
    loc_ref="cph01",
    rvc_ref=1,
    employee_ref=9,
    order_type_refs={"dine_in": 1, "pickup": 2},
    account="account",
)
PROPERTY = Property(
    code=CODE,
    name="Nyhavn",
    country="DK",
    currency="EUR",
    time_zone="Europe/Copenhagen",
    contact_email="nyhavn@nordic.example",
    status="configured",
    simphony=CONNECTION,
)
ORDER: Mapping[str, Any] = {
    "channel": "online",
    "fulfilment": {"type": "pickup"},
    "lines": [{"menu_item_id": BURGER, "quantity": 2, "condiments": [{"condiment_id": CHEESE}]}],
    "payment": {"method": "at_counter"},
    "expected_total": "22.00",
}
ROUND: Mapping[str, Any] = {"lines": [{"menu_item_id": BURGER, "quantity": 1}]}
"""More for an order's check: it takes one bun and costs 10.00."""
ORDER_ID = UUID("01bb56c7-1600-7000-8000-000000000001")
"""Of noon."""


def plain_order(
    order_id: UUID = ORDER_ID,
    status: Status = Status.RECEIVED,
    *,
    lines: tuple[dict[str, object], ...] = (),
    priced_lines: tuple[PricedLine, ...] = (),
) -> Order:
    """An order of guest ann's with nothing in it, for tests of what happens to orders."""
    nothing, placed_at = "0.00", to_rfc3339(NOON)
    return Order(
        order_id=order_id,
        property_code=CODE,
        region="api1",
        status=status,
        channel="online",
        fulfilment=Fulfilment(type="pickup"),
        lines=lines,
        priced_lines=priced_lines,
        totals=Totals(
            subtotal=nothing,
            discount=nothing,
            tax=nothing,
            service_charge=nothing,
            tip=nothing,
            total=nothing,
            currency="EUR",
        ),
        payment=Payment(method="none", status="none"),
        history=(HistoryEntry(at=placed_at, status=status, by="ann"),),
        placed_by="ann",
        created_at=placed_at,
        updated_at=placed_at,
    )


def property_with(**ordering: object) -> Property:
    """The property with these of its `ordering`."""
    return PROPERTY.model_copy(update={"ordering": Ordering.model_validate(ordering)})
