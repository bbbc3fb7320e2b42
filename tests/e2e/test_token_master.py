"""The tokens of every region, and the master role that moves while orders flow."""

import asyncio
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import aiohttp
import pytest
from tests.e2e.staff import Staff
from tests.local_cloud import LocalCloud, call, eventually, muneris

from localcloud.layout import url
from localcloud.replay.api import Api
from localcloud.replay.owner import Company, Owner, PropertySettings, Site
from localcloud.replay.simulator import load_menu
from muneris.simphony.menu import SimphonyMenu

REGIONS = ["api1", "api2", "api3"]
_LIFE = 16
"""Seconds that the bearer of the first sign-in lives: its refresh is due after half of them."""
_COMPANY = Company(
    code="FAR",
    name="Far Kitchens",
    contact_email="it@far.example",
    vat_number="DE123456789",
    home_region="api2",
)
_SETTINGS = PropertySettings(
    name="Far Kitchens Hamburg",
    country="DE",
    currency="EUR",
    time_zone="Europe/Berlin",
    contact_email="hamburg@far.example",
)
_ORGANIZATION = "far-kitchens"


class Regional(NamedTuple):
    """What a region has of an account."""

    region: str
    state: str
    version: int | None
    epoch: int | None


class Tokens(NamedTuple):
    """An account in every region: once it was signed in, and once it was refreshed."""

    signed_in: Sequence[Regional]
    refreshed: Sequence[Regional]
    told: str
    """All that was said of it."""


def held(cloud: LocalCloud, organization: str, region: str = "api3") -> list[Regional]:
    """How an account stands in each region, as one of them sees it."""
    accounts: list[Any] = cloud.command("tokens", "list", "--region", region)["items"]
    return [
        Regional(each["region"], each["state"], each["version"], each["epoch"])
        for account in accounts
        if account["organization"] == organization
        for each in account["regions"]
    ]


def everywhere(state: str, version: int, epoch: int) -> list[Regional]:
    return [Regional(region, state, version, epoch) for region in REGIONS]


def versions(seen: Sequence[Regional]) -> list[int | None]:
    return [each.version for each in seen]


def simulated(cloud: LocalCloud, path: str, **body: object) -> Any:  # noqa: ANN401 - any control's document
    method = "PATCH" if body else "GET"
    status, document, _ = call(f"{url(cloud.layout.simphony)}{path}", method=method, body=body or None)
    assert status == 200
    return document


def catch_up(cloud: LocalCloud, name: str) -> None:
    """Run a timer of a region's token master now."""
    (region,) = [each for each in cloud.layout.regions if each.name == name]
    master = url(cloud.layout.app(region, "sts_token_master"))
    assert call(f"{master}/admin/functions/catch_up", body={})[0] == 202


async def open_far_property(cloud: LocalCloud, token: str) -> None:
    """A property of region api2, whose Simphony is signed in there."""
    async with aiohttp.ClientSession() as session:
        api = Api(session, url(cloud.layout.traffic_manager))
        owner = Owner(api, "FAR-E01", lambda: token)
        await owner.ensure_property(_COMPANY, _SETTINGS)
        assert owner.region == "api2"
        site = Site(url=url(cloud.layout.simphony), org=_ORGANIZATION, loc="ham01")
        await load_menu(session, site, SimphonyMenu(menu_id="far"))
        await owner.connect(site)


@pytest.fixture(scope="session")
def tokens(cloud: LocalCloud) -> Tokens:
    """An account whose refresh is due at once, and done. Before any promotion: after one, masters wait."""
    simulated(cloud, "/sim/oddities", tokenSeconds=_LIFE)
    try:
        asyncio.run(open_far_property(cloud, Staff.of(cloud).token))
    finally:
        simulated(cloud, "/sim/oddities", tokenSeconds=1_209_600)
    catch_up(cloud, "api2")  # a slow machine may have left something to it
    signed_in = eventually(partial(held, cloud, _ORGANIZATION), lambda seen: versions(seen) == [1, 1, 1])

    def look() -> list[Regional]:
        catch_up(cloud, "api1")
        return held(cloud, _ORGANIZATION)

    refreshed = eventually(look, lambda seen: versions(seen) == [2, 2, 2])
    return Tokens(signed_in, refreshed, str(cloud.command("tokens", "list")))


def test_a_sign_in_is_known_in_every_region_as_an_offer_to_the_master(tokens: Tokens) -> None:
    assert [each._replace(state="") for each in tokens.signed_in] == everywhere("", 1, 0)


def test_a_due_token_is_refreshed_by_the_master_and_the_same_in_every_region(
    cloud: LocalCloud, tokens: Tokens
) -> None:
    assert list(tokens.refreshed) == everywhere("valid", 2, 1)
    (granted,) = [each for each in simulated(cloud, "/sim/tokens")["items"] if each["org"] == _ORGANIZATION]
    assert (granted["signedIn"], granted["refreshed"], granted["reused"]) == (1, 1, 0)


def test_no_token_is_shown(tokens: Tokens) -> None:
    assert _ORGANIZATION in tokens.told
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


def confirmed(staff: Staff, code: str) -> str:
    """A new order that is on its way to the kitchen. One after the other: stock is for a hundred."""
    order_id = eventually(partial(staff.place, code), bool)
    assert order_id is not None
    eventually(partial(staff.status_of, code, order_id), lambda status: status == "confirmed")
    return order_id


@pytest.mark.usefixtures("tokens")
def test_a_promotion_while_orders_flow_loses_nothing(cloud: LocalCloud, restaurant: str) -> None:
    staff = Staff.of(cloud)
    staff.restock(restaurant)
    orders = [confirmed(staff, restaurant)]
    with ThreadPoolExecutor(1) as operator, promoted(cloud, "api2"):
        assert [master(cloud, region) for region in REGIONS] == [("api2", False)] * 3
        moving = operator.submit(cloud.command, "master", "promote", "--region", "api3")
        while not moving.done():
            orders.append(confirmed(staff, restaurant))
        assert moving.result()["region"] == "api3"
        orders.append(confirmed(staff, restaurant))
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
