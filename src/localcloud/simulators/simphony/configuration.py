"""The Configuration API but for menus: collections of a revenue center, and its employees."""

from collections.abc import Mapping

from aiohttp import web

from localcloud.simulators.simphony.conditional import answer_document
from localcloud.simulators.simphony.menus import Menus
from localcloud.simulators.simphony.oddities import Installation
from localcloud.simulators.simphony.problems import Handler, missing, not_found, not_implemented
from localcloud.simulators.simphony.setup import Setups
from localcloud.simulators.simphony.site import Site, by_lower_name

_COLLECTIONS = {
    "/api/v1/tenders/collection": "TenderItems",
    "/api/v1/taxes": "Taxes",
    "/api/v1/discounts/collection": "Discounts",
    "/api/v1/serviceCharges/collection": "ServiceCharges",
    "/api/v1/menus/items/unavailable": "MenuItemAvailability",
    "/api/v1/barcodes/collection": "Barcodes",
}
_BY_TAG_ALONE = "MenuItemAvailability"
_CLOUD_ALONE = "Barcodes"


class Configuration:
    """Answers for what is configured."""

    def __init__(self, menus: Menus, setups: Setups, installation: Installation) -> None:
        self._menus = menus
        self._setups = setups
        self._installation = installation

    def routes(self) -> list[web.RouteDef]:
        """The operations."""
        collections = [web.get(path, self._serving(name)) for path, name in _COLLECTIONS.items()]
        return [*collections, web.get("/api/v1/employees", self._employee)]

    def _serving(self, name: str) -> Handler:
        async def serve(request: web.Request) -> web.Response:
            if name == _CLOUD_ALONE and self._installation.has.is_on_premises:
                raise not_implemented(request.path)
            site = Site.of_query(request.query)
            self._menus.get(site)
            return answer_document(request, self._setups.document(site, name), by_date=name != _BY_TAG_ALONE)

        return serve

    async def _employee(self, request: web.Request) -> web.Response:
        """One employee's number by the id a person enters: there is no list (Get Employee)."""
        query = by_lower_name(request.query)
        site = self._first_site(query)
        number = self._setups.of(site).employees.get(query["employeeid"])
        if number is None:
            raise not_found(f"Employee {query['employeeid']}")
        document = self._setups.employee_document(site, number)
        return answer_document(request, document)

    def _first_site(self, query: Mapping[str, str]) -> Site:
        """A revenue center of the location: employees belong to the whole of it."""
        names = {"orgshortname": "OrgShortName", "locref": "LocRef", "employeeid": "EmployeeId"}
        absent = [shown for name, shown in names.items() if not query.get(name)]
        if absent:
            raise missing(*absent)
        place = (query["orgshortname"].lower(), query["locref"].lower())
        for site in self._menus.sites:
            if (site.org, site.loc) == place:
                return site
        raise not_found(f"Location {place[1]}")
