"""Real orders through the whole system: each once, to the cent, whatever is killed meanwhile."""

import os
import random
import signal
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.e2e.conftest import E2E_ORDERS
from tests.local_cloud import LocalCloud

KILL_EVERY_SECONDS = 5


def total_of(orders: Path) -> str:
    prices = (row.split("\t")[4].strip(" $") for row in orders.read_text().splitlines()[1:])
    return str(sum(map(Decimal, prices)))


def replay(cloud: LocalCloud, orders: Path, property_code: str, *words: str) -> Any:  # noqa: ANN401 - a document
    report = cloud.command("replay", str(orders), "--property", property_code, *words)
    figures = {name: report.pop(name) for name in ("seconds", "p50_ms", "p99_ms")}
    assert 0 < figures["p50_ms"] <= figures["p99_ms"] <= figures["seconds"] * 1000
    return report


def everything_once(orders: Path, property_code: str) -> dict[str, object]:
    return {
        "property": property_code,
        "orders": E2E_ORDERS,
        "confirmed": E2E_ORDERS,
        "rejected": 0,
        "failed": 0,
        "total": total_of(orders),
        "checks": E2E_ORDERS,
        "duplicate_checks": 0,
    }


def test_every_order_is_on_one_check(cloud: LocalCloud, some_orders: Path) -> None:
    assert replay(cloud, some_orders, "NOR-CPH01") == everything_once(some_orders, "NOR-CPH01")


def test_sent_twice_it_is_ordered_once(cloud: LocalCloud, some_orders: Path) -> None:
    assert replay(cloud, some_orders, "TWI-CE01", "--twice") == everything_once(some_orders, "TWI-CE01")


def test_killed_processes_lose_and_double_nothing(cloud: LocalCloud, some_orders: Path) -> None:
    over = threading.Event()
    killed: list[str] = []
    chance = random.Random(4)  # noqa: S311 - which process dies

    def kill_now_and_then() -> None:
        while not over.wait(KILL_EVERY_SECONDS):
            victim = chance.choice([app for app in cloud.apps(regions=["api1"]) if app["pid"]])
            os.kill(victim["pid"], signal.SIGKILL)
            killed.append(victim["name"])

    killer = threading.Thread(target=kill_now_and_then)
    killer.start()
    try:
        report = replay(cloud, some_orders, "KIL-LED01", "--twice")
    finally:
        over.set()
        killer.join()
    assert report == everything_once(some_orders, "KIL-LED01")
    assert killed
