"""The Organization API: what exists, derived from the sites that have a menu."""

from collections.abc import Iterable

from aiohttp import web

from localcloud.simulators.simphony.menus import Menus
from localcloud.simulators.simphony.problems import invalid, not_found
from localcloud.simulators.simphony.site import Site
from localcloud.simulators.simphony.wire import Json, answer

_ORGANIZATIONS = "/api/v1/organizations"
_LOCATIONS = _ORGANIZATIONS + "/{org}/locations"
_CENTERS = _LOCATIONS + "/{loc}/revenueCenters"
_ORDER_TYPES = {1: "Dine In", 2: "Take Out", 3: "Delivery"}


class Organizations:
    """Answers for organizations, locations and revenue centers."""

    def __init__(self, menus: Menus) -> None:
        self._menus = menus

    def routes(self) -> list[web.RouteDef]:
        """The organization operations."""
        return [
            web.get(_ORGANIZATIONS, self._organizations),
            web.get(_ORGANIZATIONS + "/{org}", self._organization),
            web.get(_LOCATIONS, self._locations),
            web.get(_LOCATIONS + "/{loc}", self._location),
            web.get(_CENTERS, self._centers),
            web.get(_CENTERS + "/{rvc}", self._center),
        ]

    def _sites(self, request: web.Request) -> list[Site]:
        """The sites below the path of a request, one at least."""
        wanted = {name: value.lower() for name, value in request.match_info.items()}
        sites = [
            site
            for site in self._menus.sites
            if all(str(getattr(site, name)) == value for name, value in wanted.items())
        ]
        if wanted and not sites:
            raise not_found(request.path)
        return sites

    async def _organizations(self, request: web.Request) -> web.Response:
        names = _distinct(site.org for site in self._sites(request))
        return _page(request, "organization", [_organization(name) for name in names])

    async def _organization(self, request: web.Request) -> web.Response:
        return answer(_organization(self._sites(request)[0].org))

    async def _locations(self, request: web.Request) -> web.Response:
        first_of = {site.loc: site for site in reversed(self._sites(request))}
        return _page(request, "location", [_location(site) for site in first_of.values()])

    async def _location(self, request: web.Request) -> web.Response:
        return answer(_location(self._sites(request)[0]))

    async def _centers(self, request: web.Request) -> web.Response:
        return _page(request, "revenueCenter", [_center(site) for site in self._sites(request)])

    async def _center(self, request: web.Request) -> web.Response:
        return answer(_center(self._sites(request)[0]))


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _page(request: web.Request, name: str, items: list[Json]) -> web.Response:
    """A list as documented; without an offset all of it."""
    offset, limit = _number(request, "offset", 0), _number(request, "limit", len(items))
    page = items[offset : offset + limit]
    return answer({"limit": limit, "offset": offset, "count": len(page), name: page})


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal():
        raise invalid(f"{name} must be a number from 0, not {text!r}")
    return int(text)


def _organization(name: str) -> Json:
    return {"orgShortName": name, "name": name}


def _location(site: Site) -> Json:
    return {
        "orgShortName": site.org,
        "locRef": site.loc,
        "name": site.loc.upper(),
        "currency": "DKK",
        "languages": ["en-US", "da-DK"],
        "timezone": {"ianaName": "Europe/Copenhagen", "windowsName": "Romance Standard Time", "tzIndex": 105},
        "posPlatform": {"name": "Simphony", "version": "19.8.4"},
    }


def _center(site: Site) -> Json:
    return {
        **site.fields,
        "name": f"Revenue center {site.rvc}",
        "orderTypes": [{"orderTypeRef": ref, "name": name} for ref, name in _ORDER_TYPES.items()],
        "orderChannels": [],
        "tables": [str(number) for number in range(1, 21)],
    }
