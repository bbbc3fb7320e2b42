"""An order's whole life in memory: how it ends, and what is left of it."""

from uuid import UUID

from tests.ordering import OrderingRegion
from tests.restaurant import BURGER, CODE, ORDER

from muneris.orders.model import Status

LIFE = [Status.RECEIVED, Status.RESERVED, Status.POSTING, Status.CONFIRMED]


async def test_an_order_comes_to_rest_without_the_sweeper(region: OrderingRegion) -> None:
    order_id = await region.accepted()
    await region.pump()
    order = await region.order(order_id)
    assert [entry.status for entry in order.history] == LIFE
    assert [entry.by for entry in order.history] == ["staff", "inventory", "orders", "simphony"]
    assert order.check is not None
    assert [check.check_ref for check in region.pos.checks_of(str(order_id))] == [order.check.check_ref]
    assert await region.item("bun") == ("98", "0")
    assert await region.item("beef") == ("99.70", "0.00")
    assert await region.works() == []
    assert not await region.store.is_open(CODE, order_id)
    assert [event.data["order_id"] for event in region.bus.said("muneris.order.confirmed")] == [str(order_id)]


async def test_without_stock_it_is_rejected_and_nothing_is_held(region: OrderingRegion) -> None:
    order_id = await region.accepted({**ORDER, "lines": [_burgers(101)], "expected_total": "1010.00"})
    await region.pump()
    order = await region.order(order_id)
    assert order.status is Status.REJECTED
    assert order.reason == "out_of_stock"
    assert (order.history[-1].reason, order.history[-1].detail) == ("out_of_stock", "bun")
    assert region.pos.calls == []
    assert await region.item("bun") == ("100", "0")
    assert await region.item("beef") == ("100", "0")
    assert await region.works() == []
    assert not await region.store.is_open(CODE, order_id)
    assert len(region.bus.said("muneris.order.rejected")) == 1


async def test_refused_by_simphony_it_gives_its_stock_back(region: OrderingRegion) -> None:
    region.pos.mood = "refuses"
    order_id = await region.accepted()
    await region.pump()
    order = await region.order(order_id)
    assert order.status is Status.REJECTED
    assert order.reason == "refused_by_simphony"
    assert order.history[-1].detail == "Item is not sold here"
    assert order.check is None
    assert await region.item("bun") == ("100", "0")
    assert await region.works() == []


async def test_what_a_person_said_about_an_order_is_in_no_event(region: OrderingRegion) -> None:
    line = {**_burgers(2), "note": "Anna Andersen is allergic"}
    customer = {"name": "Anna Andersen", "phone": "+45 12", "email": "anna@example.com"}
    await region.accepted({**ORDER, "lines": [line], "customer": customer, "expected_total": "20.00"})
    await region.pump()
    said = str(region.bus.published)
    assert "Anna" not in said
    assert "anna" not in said
    assert "+45" not in said


async def test_orders_share_what_there_is_and_no_more() -> None:
    region = OrderingRegion()
    await region.open(bun=5)
    orders = [await region.accepted() for _ in range(4)]
    await region.pump()
    statuses = [(await region.order(order_id)).status for order_id in orders]
    assert statuses.count(Status.CONFIRMED) == 2
    assert statuses.count(Status.REJECTED) == 2
    assert await region.item("bun") == ("1", "0")


async def test_an_order_that_takes_no_stock_is_confirmed_too(region: OrderingRegion) -> None:
    soda = {**ORDER, "lines": [{"menu_item_id": 11002, "quantity": 1}], "expected_total": "2.50"}
    order_id: UUID = await region.accepted(soda)
    await region.pump()
    assert (await region.order(order_id)).status is Status.CONFIRMED
    assert await region.works() == []


def _burgers(quantity: int) -> dict[str, object]:
    return {"menu_item_id": BURGER, "quantity": quantity}
