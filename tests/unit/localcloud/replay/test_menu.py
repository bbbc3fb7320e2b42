from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tests.sample_orders import sample_file

from localcloud.replay.menu import SampleMenu
from localcloud.replay.sample import SampleLine, SampleOrder, read_sample
from localcloud.simulators.simphony.check_request import CheckRequest
from localcloud.simulators.simphony.menu import Menu
from localcloud.simulators.simphony.pricing import price
from localcloud.simulators.simphony.site import Site
from localcloud.simulators.simphony.wire import parse, to_text
from muneris.orders.intake.request import OrderRequest

_BOWL = SampleLine(2, "Bowl", ("Rice", "Beans", "Rice"), Decimal("16.98"))
_CHIPS = SampleLine(1, "Chips & Dip", (), Decimal("2.15"))
_ORDERS = [
    SampleOrder(1, (_BOWL, _CHIPS)),
    SampleOrder(2, (SampleLine(1, "Bowl", ("Salsa",), Decimal("8.10")),)),
    SampleOrder(3, (SampleLine(3, "Chips-Dip", (), Decimal("6.00")),)),
]


def test_each_unit_price_is_a_definition_and_each_item_has_its_choices() -> None:
    menu = SampleMenu(_ORDERS).simphony_menu
    bowl, chips, _ = menu.menu_items
    assert [(each.definition_sequence, each.prices[0].price) for each in bowl.definitions] == [
        (1, Decimal("8.10")),
        (2, Decimal("8.49")),
    ]
    (rule,) = bowl.definitions[1].condiment_group_rules
    assert (rule.condiment_group_ref, rule.minimum_count, rule.maximum_count) == (30001, 0, 3)
    assert chips.definitions[0].condiment_group_rules == ()
    (group,) = menu.condiment_groups
    assert (group.condiment_group_id, group.condiment_item_refs) == (30001, (60001, 60002, 60003))
    assert [each.name["en-US"] for each in menu.condiment_items] == ["Rice", "Beans", "Salsa"]


def test_items_whose_names_look_alike_are_stocked_apart() -> None:
    menu = SampleMenu(_ORDERS)
    assert [item.sku for item in menu.items.values()] == ["bowl", "chips-dip", "chips-dip.2"]
    assert menu.sold(_ORDERS) == {"bowl": 3, "chips-dip": 1, "chips-dip.2": 3}


def test_an_order_becomes_a_request() -> None:
    assert SampleMenu(_ORDERS).order_request(_ORDERS[0]) == {
        "channel": "counter",
        "fulfilment": {"type": "pickup"},
        "lines": [
            {
                "menu_item_id": 20001,
                "definition_sequence": 2,
                "quantity": 2,
                "condiments": [
                    {"condiment_id": 60001, "quantity": 2},
                    {"condiment_id": 60002, "quantity": 1},
                ],
            },
            {"menu_item_id": 20002, "definition_sequence": 1, "quantity": 1, "condiments": []},
        ],
        "payment": {"method": "none"},
        "expected_total": "19.13",
    }


def test_simphony_sells_every_order_for_what_the_sample_says(tmp_path: Path) -> None:
    orders = read_sample(sample_file(tmp_path))
    menu = SampleMenu(orders)
    document = parse(to_text(menu.simphony_menu.model_dump(by_alias=True, exclude_none=True)))
    loaded = Menu.load(Site("org", "loc", 1), document, datetime.now(UTC))
    for order in orders:
        request = OrderRequest.model_validate(menu.order_request(order))
        assert price(_check(request), loaded).subtotal == order.total == Decimal(request.expected_total or 0)


def _check(request: OrderRequest) -> CheckRequest:
    return CheckRequest.model_validate(
        {
            "header": {
                "orgShortName": "org",
                "locRef": "loc",
                "rvcRef": 1,
                "idempotencyId": "0" * 32,
                "checkEmployeeRef": 1,
                "orderTypeRef": 2,
            },
            "menuItems": [line.model_dump(exclude={"note"}) for line in request.lines],
        }
    )
