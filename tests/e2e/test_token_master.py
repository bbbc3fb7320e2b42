"""The tokens of every region, and the master role that moves while orders flow."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest
from tests.e2e.staff import Staff
from tests.e2e.token_account import ORGANIZATION, REGIONS, Tokens, everywhere, simulated
from tests.local_cloud import LocalCloud, eventually, muneris


def test_a_sign_in_is_known_in_every_region_as_an_offer_to_the_master(tokens: Tokens) -> None:
    assert [each._replace(state="") for each in tokens.signed_in] == everywhere("", 1, 0)


def test_a_due_token_is_refreshed_by_the_master_and_the_same_in_every_region(
    cloud: LocalCloud, tokens: Tokens
) -> None:
    assert list(tokens.refreshed) == everywhere("valid", 2, 1)
    (granted,) = [each for each in simulated(cloud, "/sim/tokens")["items"] if each["org"] == ORGANIZATION]
    assert (granted["signedIn"], granted["refreshed"], granted["reused"]) == (1, 1, 0)


def test_no_token_is_shown(tokens: Tokens) -> None:
    assert ORGANIZATION in tokens.told
    assert not [word for word in ("id_token", "refresh_token", "sealed", "eyJ") if word in tokens.told]


def master(cloud: LocalCloud, region: str) -> tuple[str, bool]:
    """Who is master by what one region sees, and whether that was forced."""
    role = cloud.command("master", "status", "--region", region)["master"]
    return role["region"], role["forced"]


@contextmanager
def promoted(cloud: LocalCloud, region: str) -> Iterator[None]:
    """A region is the master, and afterwards the first one again."""
    epoch = cloud.command("master", "promote", "--region", region)["epoch"]
    try:
        yield
    finally:
        assert cloud.command("master", "promote", "--region", "api1")["epoch"] > epoch


@contextmanager
def silent(cloud: LocalCloud, *regions: str) -> Iterator[None]:
    """The storage of regions answers nothing."""
    listed = cloud.status()["regions"]
    pids = [region["storage"]["pid"] for region in listed if region["name"] in regions]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        eventually(
            lambda: {region["healthy"] for region in cloud.status()["regions"]}, lambda seen: seen == {True}
        )


def confirmed(staff: Staff, code: str, order_id: str | None) -> str:
    """An order that was accepted, on its way to the kitchen. One after the other: stock is for a hundred."""
    assert order_id is not None
    eventually(partial(staff.status_of, code, order_id), lambda status: status == "confirmed")
    return order_id


@pytest.mark.usefixtures("tokens")
def test_a_promotion_while_orders_flow_loses_nothing(cloud: LocalCloud, restaurant: str) -> None:
    staff = Staff.of(cloud)
    staff.restock(restaurant)
    orders = [confirmed(staff, restaurant, eventually(partial(staff.place, restaurant), bool))]
    with ThreadPoolExecutor(1) as operator, promoted(cloud, "api2"):
        assert [master(cloud, region) for region in REGIONS] == [("api2", False)] * 3
        moving = operator.submit(cloud.command, "master", "promote", "--region", "api3")
        while not moving.done():
            orders.append(confirmed(staff, restaurant, staff.place(restaurant)))
        assert moving.result()["region"] == "api3"
        orders.append(confirmed(staff, restaurant, staff.place(restaurant)))
    assert len(orders) > 2
    checks = staff.checks()
    assert {order_id: checks[order_id] for order_id in orders} == dict.fromkeys(orders, 1)


@pytest.mark.usefixtures("tokens")
def test_without_a_majority_a_promotion_is_refused_unless_it_is_forced_by_name(cloud: LocalCloud) -> None:
    words = ["master", "promote", "--region", "api1", "--data-dir", str(cloud.layout.data_dir)]
    before = cloud.command("master", "status")["master"]
    with silent(cloud, "api2", "api3"):
        refused = muneris(*words)
        assert refused.returncode == 1
        assert "1 of 3 regions answer (api1), and 2 are needed" in refused.stderr
        mistyped = muneris(*words, "--force", typed="api2\n")
        assert mistyped.returncode == 1
        assert "Name the region to force: api1." in mistyped.stderr
        votes = cloud.command("master", "status")["regions"]
        known = {vote["region"]: vote["role"] for vote in votes}
        assert known == {"api1": before, "api2": None, "api3": None}
        forced = muneris(*words, "--force", typed="api1\n")
        assert (forced.returncode, forced.stdout) == (
            0,
            f"api1 is the master (epoch {before['epoch'] + 1}): it refreshes in 5 minutes.\n",
        )
        assert master(cloud, "api1") == ("api1", True)
    with promoted(cloud, "api2"):
        assert [master(cloud, region) for region in REGIONS] == [("api2", False)] * 3
