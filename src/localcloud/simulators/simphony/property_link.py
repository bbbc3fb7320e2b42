"""Whether a property can be reached: what stands between the cloud and its POS."""

import asyncio

from aiohttp import web

from localcloud.simulators.simphony.menus import Menus
from localcloud.simulators.simphony.oddities import Installation
from localcloud.simulators.simphony.problems import forbidden, not_implemented, timed_out, unavailable
from localcloud.simulators.simphony.setup import Link, Setup, Setups
from localcloud.simulators.simphony.site import Site


class PropertyLinks:
    """The links to the properties; `patience_seconds` is how long the service waits for a silent one."""

    def __init__(
        self, menus: Menus, setups: Setups, installation: Installation, patience_seconds: float
    ) -> None:
        self._menus = menus
        self._setups = setups
        self._installation = installation
        self._patience_seconds = patience_seconds

    async def reach(self, site: Site) -> Setup:
        """The setup of a site that can be reached.

        Raises:
            ProblemError: the site does not exist (404), is not opened to the service (403), not connected
                (503), or says nothing (521, later).
        """
        self._menus.get(site)
        setup = self._setups.of(site)
        if not setup.is_enabled:
            raise forbidden(f"STS Gen 2 is not enabled for revenue center {site}")
        if setup.link is Link.DISCONNECTED:
            raise unavailable("The property is not connected")
        if setup.link is Link.SILENT:
            await asyncio.sleep(self._patience_seconds)
            raise timed_out()
        return setup

    async def connection_status(self, request: web.Request) -> web.Response:
        """HEAD /checks/connectionStatus: the last known state, in a header; cloud only."""
        if self._installation.has.is_on_premises:
            raise not_implemented(request.path)
        site = Site.of_headers(request.headers)
        self._menus.get(site)
        is_connected = self._setups.of(site).seems_connected
        return web.Response(headers={"Simphony-POS-Connected": str(is_connected).lower()})
