"""What operators see of a running region, and what they do to it, by the command line."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

from azure.storage.queue import QueueClient
from tests.e2e.staff import Staff
from tests.local_cloud import LocalCloud, call, eventually

from muneris.core.ids import new_uuid7


def put(cloud: LocalCloud, queue: str, text: str) -> None:
    account = cloud.status()["regions"][0]["storage"]["connection_string"]
    with QueueClient.from_connection_string(account, queue) as client:
        client.send_message(text)


def poison(cloud: LocalCloud) -> list[Any]:
    """What each poison message holds."""
    return [message["body"] for message in cloud.command("poison", "list")["items"]]


def component(cloud: LocalCloud, name: str) -> str:
    state: str = call(f"{Staff.of(cloud).address}/health")[1]["components"][name]
    return state


def test_orders_are_listed_and_shown_from_any_region(cloud: LocalCloud, restaurant: str) -> None:
    listed = cloud.command("order", "list", restaurant, "--status", "confirmed")
    assert len(listed["items"]) >= 3
    assert {order["status"] for order in listed["items"]} == {"confirmed"}
    first = listed["items"][0]
    assert cloud.command("order", "show", restaurant, first["order_id"], "--region", "api2") == first
    assert cloud.command("order", "list") == {"items": [], "continuation": None}


def test_what_an_order_owes_is_seen_while_its_target_is_away(cloud: LocalCloud, restaurant: str) -> None:
    staff = Staff.of(cloud)
    staff.restock(restaurant)
    eventually(lambda: staff.place(restaurant), lambda accepted: accepted is not None)
    cloud.command("app", "stop", "inventory", "--region", "api1")
    try:
        order_id = staff.place(restaurant)
        assert order_id is not None
        words = ("work", "list", restaurant, "--order", order_id)
        eventually(
            lambda: cloud.command(*words)["items"],
            lambda owed: [(each["step"], each["attempts"] > 0) for each in owed] == [("reserve", True)],
        )
    finally:
        cloud.command("app", "start", "inventory", "--region", "api1")
    assert cloud.command("work", "retry", restaurant, "--order", order_id)["retried"] in {0, 1}
    eventually(
        lambda: cloud.command("order", "show", restaurant, order_id)["status"],
        lambda status: bool(status == "confirmed"),
    )


def test_poison_is_put_back_to_be_read_or_removed(cloud: LocalCloud, restaurant: str) -> None:
    nobodys = str(new_uuid7(datetime.now(UTC)))
    event = {
        "type": "muneris.stock.released",
        "subject": f"{restaurant}/orders/{nobodys}",
        "id": f"{nobodys}-9-release",
        "data": {"property_code": restaurant, "order_id": nobodys, "number": 9},
    }
    put(cloud, "orders-inbox-poison", base64.b64encode(json.dumps(event).encode()).decode())
    put(cloud, "orders-post-poison", "no event at all")
    assert poison(cloud) == [event, "no event at all"]
    eventually(lambda: component(cloud, "poison"), lambda state: state == "some")
    assert cloud.command("poison", "redrive", "orders-inbox", "--all") == {"redriven": 1}
    (message,) = cloud.command("poison", "list")["items"]
    assert cloud.command("poison", "show", "orders-post", message["message_id"]) == message
    assert cloud.command("poison", "drop", "orders-post", message["message_id"]) == {"dropped": 1}
    assert poison(cloud) == []
