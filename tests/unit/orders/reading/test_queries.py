"""Who may see an order, and waiting for its next change."""

import asyncio

import pytest
from tests.ordering import OrderingRegion
from tests.polling import until
from tests.restaurant import CHEESE, CODE, ORDER, SODA

from muneris.core.clock import to_rfc3339


async def test_an_order_as_it_was_placed(region: OrderingRegion) -> None:
    fulfilment = {"type": "dine_in", "table": "12", "requested_at": "2030-05-04T14:30:00+02:00"}
    lines = [*ORDER["lines"], {"menu_item_id": SODA, "quantity": 1, "note": "no ice", "of_tomorrow": 1.0}]
    customer = {"name": "Søren"}
    payment = {"method": "terminal", "tip": "1.50", "reference": "r-1"}
    key = region.key()
    order = {**ORDER, "fulfilment": fulfilment, "lines": lines, "customer": customer, "payment": payment}
    placed = await region.place(key, {**order, "expected_total": "24.50"})
    assert placed.json()["total"] == "26.00"
    got = await region.get(key)
    now = to_rfc3339(region.clock.now())
    assert got.status == 200
    assert got.headers["etag"] == '"1"'
    document = got.json()
    assert [line["total"] for line in document.pop("priced_lines")] == ["22.00", "2.50"]
    assert document == {
        "order_id": key,
        "property_code": CODE,
        "region": "api1",
        "status": "received",
        "channel": "online",
        "fulfilment": {**fulfilment, "promised_at": "2030-05-04T12:30:00.000000Z"},
        "lines": lines,
        "totals": {
            "subtotal": "24.50",
            "discount": "0.00",
            "tax": "0.00",
            "service_charge": "0.00",
            "tip": "1.50",
            "total": "26.00",
            "currency": "EUR",
        },
        "priced_by": "menu",
        "payment": {"method": "terminal", "status": "due", "reference": "r-1"},
        "customer": customer,
        "rounds": [],
        "refunds": [],
        "history": [{"at": now, "status": "received", "by": "staff"}],
        "placed_by": "staff",
        "created_at": now,
        "updated_at": now,
    }


async def test_a_confirmed_order_names_its_check(region: OrderingRegion) -> None:
    order_id = await region.accepted()
    await region.pump()
    document = (await region.get(order_id)).json()
    assert document["status"] == "confirmed"
    assert document["check"] == {"check_ref": "ref-1", "check_number": 1}
    assert [entry["status"] for entry in document["history"]] == [
        "received",
        "reserved",
        "posting",
        "confirmed",
    ]
    assert document["priced_lines"][0]["condiments"][0]["condiment_id"] == CHEESE


async def test_guests_see_their_own_orders_and_staff_all(region: OrderingRegion) -> None:
    ann, bob = await region.guest("ann"), await region.guest("bob")
    key = region.key()
    assert (await region.place(key, by=ann)).status == 202
    assert (await region.get(key, by=ann)).status == 200
    assert (await region.get(key)).status == 200
    elsewhere = await region.guest("ann", "NOR-ODE01")
    for by in (bob, elsewhere):
        answer = await region.get(key, by=by)
        assert (answer.status, answer.code) == (404, "order_not_found")
    assert (await region.get(key, by={"Authorization": "Bearer x"})).code == "unauthenticated"


@pytest.mark.parametrize("order_id", ["01bb56c7-1600-7000-8000-00000000ffff", "no-uuid", "7", "*"])
async def test_an_unknown_order_is_not_found(order_id: str, region: OrderingRegion) -> None:
    answer = await region.get(order_id)
    assert (answer.status, answer.code) == (404, "order_not_found")


async def test_an_order_that_did_not_change_is_not_sent_again(region: OrderingRegion) -> None:
    order_id = await region.accepted()
    etag = (await region.get(order_id)).headers["etag"]
    same = await region.get(order_id, etag=etag)
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", etag)
    assert (await region.get(order_id, etag=f"W/{etag}")).status == 304
    await region.pump()
    changed = await region.get(order_id, etag=etag)
    assert (changed.status, changed.json()["status"]) == (200, "confirmed")


async def test_who_waits_is_answered_as_soon_as_it_changes(region: OrderingRegion) -> None:
    order_id = await region.accepted()
    waiting = asyncio.create_task(region.get(order_id, etag='"1"', query="?wait=20"))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not waiting.done()
    await region.scheduler.quiet()
    await region.deliver(region.take("muneris.stock.reserve"))
    await region.deliver(region.take("muneris.stock.reserved"))
    await until(waiting.done)
    changed = waiting.result()
    assert (changed.status, changed.headers["etag"], changed.json()["status"]) == (200, '"2"', "reserved")


async def test_who_knows_an_older_order_does_not_wait(region: OrderingRegion) -> None:
    order_id = await region.accepted()
    await region.pump()
    assert (await region.get(order_id, etag='"1"', query="?wait=20")).json()["status"] == "confirmed"


@pytest.mark.parametrize("wait", ["-1", "nan", "long"])
async def test_what_is_no_time_to_wait_is_refused(wait: str, region: OrderingRegion) -> None:
    order_id = await region.accepted()
    answer = await region.get(order_id, query=f"?wait={wait}")
    assert (answer.status, answer.code) == (422, "invalid_request")
