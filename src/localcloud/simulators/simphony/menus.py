"""The loaded menus, served with conditional GET (Configuration API v1 and v2)."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from localcloud.simulators.simphony.conditional import answer_document
from localcloud.simulators.simphony.controls import read_json
from localcloud.simulators.simphony.features import CONDIMENT_PREFIX, has_feature
from localcloud.simulators.simphony.menu import Menu
from localcloud.simulators.simphony.problems import Handler, not_found
from localcloud.simulators.simphony.site import Site
from localcloud.simulators.simphony.wire import Json, answer

_VERSIONS = (1, 2)


class Menus:
    """Every loaded menu; a site exists exactly when it has one. `changed` is told which site's did."""

    def __init__(
        self, now: Callable[[], datetime], changed: Callable[[Site], None] = lambda _site: None
    ) -> None:
        self._now = now
        self._changed = changed
        self._menus: dict[Site, Menu] = {}

    @property
    def sites(self) -> tuple[Site, ...]:
        """Every site there is."""
        return tuple(self._menus)

    def load(self, site: Site, document: Json) -> Menu:
        """Load or replace a site's menu.

        Raises:
            ProblemError: the document is no menu.
        """
        menu = Menu.load(site, document, self._now())
        self._menus[site] = menu
        self._changed(site)
        return menu

    def get(self, site: Site) -> Menu:
        """A site's menu.

        Raises:
            ProblemError: the site does not exist.
        """
        if site not in self._menus:
            raise not_found(f"Revenue center {site}")
        return self._menus[site]

    def routes(self) -> list[web.RouteDef]:
        """The menu operations, and the control that loads a menu."""
        served = [
            web.get(f"/api/v{version}/menus/{{menu_id}}", self._serving(version)) for version in _VERSIONS
        ]
        return [
            *(web.get(f"/api/v{version}/menus/summary", self._summary) for version in _VERSIONS),
            *served,
            web.put("/sim/menus/{org}/{loc}/{rvc}", self._put),
        ]

    async def _summary(self, request: web.Request) -> web.Response:
        menu = self.get(Site.of_query(request.query))
        named = {name: menu.document.get(name, "") for name in ("name", "description")}
        item = {**menu.site.fields, "menuId": str(menu.site), **named}
        return answer({"items": [item]})

    def _serving(self, version: int) -> Handler:
        async def serve(request: web.Request) -> web.Response:
            menu = self.get(Site.of_headers(request.headers))
            if request.match_info["menu_id"].lower() != str(menu.site):
                raise not_found(f"Menu {request.match_info['menu_id']}")
            with_options = has_feature(request, CONDIMENT_PREFIX)
            return answer_document(request, menu.served(version, with_options=with_options))

        return serve

    async def _put(self, request: web.Request) -> web.Response:
        names = request.match_info
        menu = self.load(Site.of(names["org"], names["loc"], names["rvc"]), await read_json(request))
        return answer({"menuId": str(menu.site), "items": len(menu.items)})
