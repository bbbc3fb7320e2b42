"""The Organization API: what exists, derived from the sites that have a menu."""

from collections.abc import Callable, Iterable, Mapping

from aiohttp import web

from localcloud.simulators.simphony.menus import Menus
from localcloud.simulators.simphony.oddities import Installation
from localcloud.simulators.simphony.place import GeoLocation
from localcloud.simulators.simphony.problems import invalid, missing, not_found, not_implemented
from localcloud.simulators.simphony.setup import Setups
from localcloud.simulators.simphony.site import Site, by_lower_name
from localcloud.simulators.simphony.wire import Json, answer

_ORGANIZATIONS = "/api/v1/organizations"
_LOCATIONS = _ORGANIZATIONS + "/{org}/locations"
_CENTERS = _LOCATIONS + "/{loc}/revenueCenters"
_RADIUS_METRES, _LARGEST_RADIUS_METRES = 5000, 5_000_000
_COUNT, _LARGEST_COUNT = 5, 100

type _Describe = Callable[[Site], Mapping[str, Json]]


class Organizations:
    """Answers for organizations, locations and revenue centers."""

    def __init__(self, menus: Menus, setups: Setups, installation: Installation) -> None:
        self._menus = menus
        self._setups = setups
        self._installation = installation

    def routes(self) -> list[web.RouteDef]:
        """The organization operations."""
        return [
            web.get(_ORGANIZATIONS, self._organizations),
            web.get(_ORGANIZATIONS + "/{org}", self._organization),
            web.get(_LOCATIONS, self._locations),
            web.get(_LOCATIONS + "/{loc}", self._location),
            web.get(_CENTERS, self._centers),
            web.get(_CENTERS + "/{rvc}", self._center),
            web.get("/api/v1/search/locations", self._search_locations),
            web.get("/api/v1/search/revenueCenters", self._search_centers),
        ]

    def _sites(self, request: web.Request) -> list[Site]:
        """The sites below the path of a request, one at least."""
        sites = self._sites_of({name: value.lower() for name, value in request.match_info.items()})
        if request.match_info and not sites:
            raise not_found(request.path)
        return sites

    def _sites_of(self, wanted: Mapping[str, str]) -> list[Site]:
        return [
            site
            for site in self._menus.sites
            if all(str(getattr(site, name)) == value for name, value in wanted.items())
        ]

    def _describe_location(self, site: Site) -> Mapping[str, Json]:
        return self._setups.of(site).place.location(site)

    def _describe_center(self, site: Site) -> Mapping[str, Json]:
        return self._setups.of(site).place.revenue_center(site)

    async def _organizations(self, request: web.Request) -> web.Response:
        names = dict.fromkeys(site.org for site in self._sites(request))
        return self._page(request, "organization", [_organization(name) for name in names])

    async def _organization(self, request: web.Request) -> web.Response:
        return answer(_organization(self._sites(request)[0].org))

    async def _locations(self, request: web.Request) -> web.Response:
        sites = _one_a_location(self._sites(request))
        return self._page(request, "location", [self._describe_location(site) for site in sites])

    async def _location(self, request: web.Request) -> web.Response:
        return answer(self._describe_location(self._sites(request)[0]))

    async def _centers(self, request: web.Request) -> web.Response:
        centers = [self._describe_center(site) for site in self._sites(request)]
        return self._page(request, "revenueCenter", centers)

    async def _center(self, request: web.Request) -> web.Response:
        return answer(self._describe_center(self._sites(request)[0]))

    async def _search_locations(self, request: web.Request) -> web.Response:
        sites = _one_a_location(self._near(request, ("org",)))
        return self._found(request, "location", sites, self._describe_location)

    async def _search_centers(self, request: web.Request) -> web.Response:
        sites = self._near(request, ("org", "loc"))
        return self._found(request, "revenueCenter", sites, self._describe_center)

    def _near(self, request: web.Request, narrowed_by: tuple[str, ...]) -> list[Site]:
        """The sites within the radius, nearest first (Search Locations; cloud only)."""
        if self._installation.has.is_on_premises:
            raise not_implemented(request.path)
        query = by_lower_name(request.query)
        asked = {"org": query.get("orgshortname"), "loc": query.get("locref")}
        wanted = {name: value.lower() for name in narrowed_by if (value := asked[name])}
        here = _point(query)
        radius = _number(query, "radius", _RADIUS_METRES, _LARGEST_RADIUS_METRES)
        far = {
            site: here.metres_to(self._setups.of(site).place.geo_location) for site in self._sites_of(wanted)
        }
        return sorted((site for site in far if far[site] <= radius), key=far.__getitem__)

    def _found(self, request: web.Request, name: str, sites: list[Site], describe: _Describe) -> web.Response:
        count = _number(by_lower_name(request.query), "count", _COUNT, _LARGEST_COUNT)
        found = [describe(site) for site in sites[:count]]
        return self._wrapped(name, found, {"count": len(found)})

    def _page(self, request: web.Request, name: str, items: list[Mapping[str, Json]]) -> web.Response:
        """A list as documented; without an offset all of it."""
        query = by_lower_name(request.query)
        offset, limit = _number(query, "offset", 0), _number(query, "limit", len(items))
        page = items[offset : offset + limit] if "offset" in query else items
        return self._wrapped(name, page, {"limit": limit, "offset": offset, "count": len(page)})

    def _wrapped(self, name: str, items: list[Mapping[str, Json]], counts: Mapping[str, int]) -> web.Response:
        match self._installation.has.list_wrapper:
            case "array":
                return answer(items)
            case "items":
                return answer({**counts, "items": items})
            case _:
                return answer({**counts, name: items})


def _one_a_location(sites: Iterable[Site]) -> list[Site]:
    first_of: dict[tuple[str, str], Site] = {}
    for site in sites:
        first_of.setdefault((site.org, site.loc), site)
    return list(first_of.values())


def _point(query: Mapping[str, str]) -> GeoLocation:
    absent = [name for name in ("latitude", "longitude") if not query.get(name)]
    if absent:
        raise missing(*absent)
    try:
        return GeoLocation(latitude=float(query["latitude"]), longitude=float(query["longitude"]))
    except ValueError as error:
        raise invalid("latitude and longitude must be numbers") from error


def _number(query: Mapping[str, str], name: str, default: int, largest: int | None = None) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise invalid(f"{name} must be a number from 0, not {text!r}")
    if largest is not None and int(text) > largest:
        raise invalid(f"{name} must be at most {largest}, not {text}")
    return int(text)


def _organization(name: str) -> Mapping[str, Json]:
    return {"orgShortName": name, "name": name}
