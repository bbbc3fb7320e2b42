"""Order intake stays up when everything around it is down, and what was accepted is confirmed afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

from azure.storage.queue import QueueClient
from tests.e2e.staff import Staff
from tests.local_cloud import LocalCloud, call, eventually

from localcloud.layout import url

LOST, WAITING = 3, 5
"""Orders that Simphony is asked for in vain, and orders that inventory is not there for."""


def queue_length(cloud: LocalCloud, queue: str) -> int:
    account = cloud.status()["regions"][0]["storage"]["connection_string"]
    with QueueClient.from_connection_string(account, queue) as client:
        return client.get_queue_properties().approximate_message_count or 0


@contextmanager
def simphony_down(staff: Staff) -> Iterator[None]:
    """Whoever asks for a check is cut off."""
    faults = f"{staff.simphony}/sim/faults"
    call(faults, body={"kind": "disconnect", "path_prefix": "/api"})
    try:
        yield
    finally:
        call(faults, method="DELETE")


@contextmanager
def inventory_down(cloud: LocalCloud) -> Iterator[None]:
    cloud.command("app", "stop", "inventory", "--region", "api1")
    try:
        yield
    finally:
        cloud.command("app", "start", "inventory", "--region", "api1")


def calls_lost(staff: Staff) -> int:
    """How often Simphony was asked since it is down."""
    faults = call(f"{staff.simphony}/sim/faults")[1]["items"]
    return sum(each["hits"] for each in faults)


def place_all(staff: Staff, code: str, count: int) -> list[str]:
    placed = [staff.place(code) for _ in range(count)]
    assert None not in placed
    return [each for each in placed if each]


def test_with_inventory_and_simphony_down_orders_are_accepted(cloud: LocalCloud, restaurant: str) -> None:
    staff = Staff.of(cloud)
    staff.restock(restaurant)
    eventually(lambda: staff.place(restaurant), lambda accepted: accepted is not None)
    with simphony_down(staff):
        orders = place_all(staff, restaurant, LOST)
        eventually(lambda: calls_lost(staff), lambda lost: lost >= LOST)
        with inventory_down(cloud):
            orders += place_all(staff, restaurant, WAITING)
            eventually(lambda: queue_length(cloud, "inventory-inbox"), lambda length: length >= WAITING)
            status, health, _ = call(f"{staff.address}/health")
            assert (status, health["status"], health["components"]["inventory"]) == (200, "degraded", "down")
            managed = call(f"{url(cloud.layout.traffic_manager)}/traffic-manager.json")[1]
            assert managed["chosen"] == "api1"
            assert {staff.status_of(restaurant, each) for each in orders[-WAITING:]} == {"received"}
            assert not staff.checks().keys() & set(orders)
    for order_id in orders:
        eventually(
            lambda order_id=order_id: staff.status_of(restaurant, order_id),  # type: ignore[misc] # a default binds it
            lambda status: status == "confirmed",
        )
    assert {order_id: staff.checks()[order_id] for order_id in orders} == dict.fromkeys(orders, 1)
