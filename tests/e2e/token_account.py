"""An account of Oracle's whose token is kept in every region, and refreshed by the master."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import aiohttp
from tests.e2e.staff import Staff
from tests.local_cloud import LocalCloud, call, eventually

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
ORGANIZATION = "far-kitchens"


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
        site = Site(url=url(cloud.layout.simphony), org=ORGANIZATION, loc="ham01")
        await load_menu(session, site, SimphonyMenu(menu_id="far"))
        await owner.connect(site)


def signed_in_and_refreshed(cloud: LocalCloud) -> Tokens:
    """An account whose refresh is due at once, and done."""
    simulated(cloud, "/sim/oddities", tokenSeconds=_LIFE)
    try:
        asyncio.run(open_far_property(cloud, Staff.of(cloud).token))
    finally:
        simulated(cloud, "/sim/oddities", tokenSeconds=1_209_600)
    catch_up(cloud, "api2")  # a slow machine may have left something to it
    signed_in = eventually(partial(held, cloud, ORGANIZATION), lambda seen: versions(seen) == [1, 1, 1])

    def look() -> list[Regional]:
        catch_up(cloud, "api1")
        return held(cloud, ORGANIZATION)

    refreshed = eventually(look, lambda seen: versions(seen) == [2, 2, 2])
    return Tokens(signed_in, refreshed, str(cloud.command("tokens", "list")))
