"""Order intake stays up when everything around it is down, and what was accepted is confirmed afterwards."""

import threading
from pathlib import Path
from typing import Any

from azure.storage.queue import QueueClient
from tests.e2e.conftest import E2E_ORDERS
from tests.local_cloud import LocalCloud, call, eventually, muneris

from localcloud.layout import url

_PROPERTY = "OUT-AGE01"


def queue_length(cloud: LocalCloud, queue: str) -> int:
    account = cloud.status()["regions"][0]["storage"]["connection_string"]
    with QueueClient.from_connection_string(account, queue) as client:
        return client.get_queue_properties().approximate_message_count or 0


def accepted_events(cloud: LocalCloud, subscription: str) -> int:
    counts: dict[str, Any] = call(cloud.status()["event_grid"]["api1"])[1]["subscriptions"]
    accepted: int = counts[subscription]["accepted"]
    return accepted


def test_with_inventory_and_simphony_down_orders_are_accepted(cloud: LocalCloud, some_orders: Path) -> None:
    api1 = url(cloud.layout.gateway(cloud.layout.regions[0]))
    simphony = url(cloud.layout.simphony)
    asked_before = accepted_events(cloud, "inventory-inbox")
    reports: list[Any] = []

    def place_all() -> None:
        words = ["--property", _PROPERTY, "--callers", str(E2E_ORDERS), "--rate", "2.5"]
        reports.append(
            muneris("replay", str(some_orders), *words, "--data-dir", str(cloud.layout.data_dir), "--json")
        )

    replay = threading.Thread(target=place_all)
    replay.start()
    eventually(lambda: accepted_events(cloud, "inventory-inbox"), lambda asked: asked > asked_before)
    try:
        call(f"{simphony}/sim/faults", body={"kind": "disconnect", "path_prefix": "/api"})
        eventually(
            lambda: call(f"{api1}/health")[1],
            lambda health: bool(health["components"]["simphony"] == "silent"),
        )
        cloud.command("app", "stop", "inventory", "--region", "api1")
        eventually(lambda: queue_length(cloud, "inventory-inbox"), lambda waiting: waiting > 10)
        status, health, _ = call(f"{api1}/health")
        assert (status, health["status"]) == (200, "degraded")
        managed = call(f"{url(cloud.layout.traffic_manager)}/traffic-manager.json")[1]
        assert managed["chosen"] == "api1"
        assert replay.is_alive()
    finally:
        call(f"{simphony}/sim/faults", method="DELETE")
        cloud.command("app", "start", "inventory", "--region", "api1")
    replay.join()
    assert reports[0].returncode == 0, reports[0].stderr
    asked = accepted_events(cloud, "inventory-inbox") - asked_before
    # Each order asks inventory twice, to hold and to use; the outage added probes, not copies of everything.
    assert asked < 2.5 * E2E_ORDERS
