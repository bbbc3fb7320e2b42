"""What an accepted order must never meet, and what nobody else may see."""

import json
from typing import Any

import pytest
from tests.ordering import OrderingRegion
from tests.restaurant import CODE, ORDER, PROPERTY

from muneris.core.identity import Caller
from muneris.orders.intake.service import PlaceOrder
from muneris.orders.life.scheduler import PROBES

FIRST_LINE: dict[str, Any] = ORDER["lines"][0]


def nested_in_a_line(depth: int) -> bytes:
    """An order with a line whose unknown field makes it so deep."""
    order = json.dumps({**ORDER, "lines": [{**FIRST_LINE, "unknown": "DEEP"}]})
    inside = depth - 3  # below the order, its lines and the line
    return order.replace('"DEEP"', "[" * inside + "]" * inside).encode()


async def orders_stored(region: OrderingRegion) -> list[str]:
    return [row.key for row in await region.rows() if not row.key.startswith(("item|", "move|"))]


async def test_the_deepest_order_that_is_accepted_can_be_read_again(region: OrderingRegion) -> None:
    placed = await region.place(body=nested_in_a_line(64))
    assert placed.status == 202
    await region.pump()
    read = await region.get(placed.json()["order_id"])
    assert (read.status, read.json()["status"]) == (200, "confirmed")


@pytest.mark.parametrize("depth", [65, 220, 300, 900, 5000])
async def test_a_deeper_one_is_refused(depth: int, region: OrderingRegion) -> None:
    refused = await region.place(body=nested_in_a_line(depth))
    assert (refused.status, refused.code) == (400, "malformed_json")
    assert await orders_stored(region) == []


async def test_what_simphony_has_no_order_type_for_is_refused(region: OrderingRegion) -> None:
    refused = await region.place(order={**ORDER, "fulfilment": {"type": "delivery"}})
    assert (refused.status, refused.code) == (409, "property_not_open")
    assert await orders_stored(region) == []


async def test_while_the_menu_is_in_another_currency_nothing_is_sold(region: OrderingRegion) -> None:
    region.properties.values[CODE] = PROPERTY.model_copy(update={"currency": "KWD"})
    refused = await region.place(order={key: ORDER[key] for key in ORDER if key != "expected_total"})
    assert (refused.status, refused.code) == (409, "property_not_open")
    assert await orders_stored(region) == []


async def test_without_a_provider_nothing_is_sold_for_online_payment(region: OrderingRegion) -> None:
    refused = await region.place(order={**ORDER, "payment": {"method": "online"}})
    assert (refused.status, refused.code) == (409, "payment_not_configured")
    assert await orders_stored(region) == []


async def test_the_same_subject_of_another_property_reads_nothing(region: OrderingRegion) -> None:
    placed = await region.place(by=await region.guest("guest-1"))
    order_id = placed.json()["order_id"]
    assert (await region.get(order_id, by=await region.guest("guest-1"))).status == 200
    other = await region.get(order_id, by=await region.guest("guest-1", "NOR-AAR01"))
    assert (other.status, other.code) == (404, "order_not_found")


async def test_only_staff_read_what_inventory_said(region: OrderingRegion) -> None:
    await region.open(bun=0)
    guest = await region.guest("guest-1")
    order_id = (await region.place(by=guest)).json()["order_id"]
    await region.pump()
    theirs = (await region.get(order_id, by=guest)).json()
    ours = (await region.get(order_id)).json()
    assert (theirs["reason"], theirs["history"][-1]["reason"]) == ("out_of_stock", "out_of_stock")
    assert "detail" not in theirs["history"][-1]
    assert ours["history"][-1]["detail"] == "bun"


async def test_a_silent_inventory_is_probed_for_the_region_not_for_each_property(
    region: OrderingRegion,
) -> None:
    codes = [CODE, *(f"NOR-AAR{number:02}" for number in range(6))]
    for code in codes[1:]:
        await region.add_property(code)
        region.properties.values[code] = PROPERTY.model_copy(update={"code": code})
    for code in codes:
        staff = Caller("staff", "staff")
        await region.intake.place(PlaceOrder(staff, code, region.key(), json.dumps(ORDER).encode()))
    await region.scheduler.quiet()
    for _ in range(12):
        await sent_by_a_sweep(region)
    assert await region.targets.is_silent("inventory")
    for _ in range(6):
        assert await sent_by_a_sweep(region) <= PROBES


async def sent_by_a_sweep(region: OrderingRegion) -> int:
    """How many asks a sweep sends, which nobody receives."""
    region.bus.published.clear()
    region.clock.advance(seconds=5)
    await region.scheduler.sweep()
    region.bus.waiting.clear()
    return len(region.bus.published)
