"""How each revenue center is set up in EMC, and how its property is connected."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from aiohttp import web

from localcloud.simulators.simphony.conditional import Document
from localcloud.simulators.simphony.controls import Control, read_control
from localcloud.simulators.simphony.demo_terms import DEMO_TERMS
from localcloud.simulators.simphony.place import Place
from localcloud.simulators.simphony.problems import refused_by_pos
from localcloud.simulators.simphony.site import Site
from localcloud.simulators.simphony.terms import Terms, as_items
from localcloud.simulators.simphony.wire import Json, answer, to_text

EMPLOYEES, ORGANIZATIONS = "Employees", "Organizations"
"""What changes besides the collections of the Configuration API."""


class Link(StrEnum):
    """How the cloud reaches a property (STS Gen2 guide, Workstation Connectivity)."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    """503 at once."""
    SILENT = "silent"
    """521 once the service waited long enough; nothing was executed."""


class Barcode(Control):
    """A barcode and the item it stands for."""

    barcode_id: int
    barcode: str
    menu_item_id: int
    definition_sequence: int = 1
    price: Decimal = Decimal("0.00")
    price_sequence: int = 1
    preparation_cost: Decimal = Decimal("0.00")


class Setup(Control):
    """One revenue center's setup."""

    place: Place = Place()
    terms: Terms = DEMO_TERMS
    employees: Mapping[str, int] = {"1": 1, "9": 9, "9001": 9001, "90001": 90001}
    """Employee numbers by the id that a person enters; checks name the number."""
    barcodes: tuple[Barcode, ...] = (
        Barcode(barcode_id=1, barcode="5701234567899", menu_item_id=12003, price=Decimal("35.00")),
    )
    link: Link = Link.CONNECTED
    last_known_link: Link | None = None
    """What `connectionStatus` goes by; None: the present link."""
    is_enabled: bool = True
    """Option 74, Enable STS Gen 2, of the revenue center."""
    has_printer: bool = True
    """Whether the POSAPI workstation has a receipt or guest check printer."""

    @property
    def seems_connected(self) -> bool:
        """The last known state of the link."""
        return (self.last_known_link or self.link) is Link.CONNECTED

    @cached_property
    def _order_types(self) -> frozenset[int]:
        return frozenset(each.order_type_ref for each in self.place.order_types)

    @cached_property
    def _employee_numbers(self) -> frozenset[int]:
        return frozenset(self.employees.values())

    def require_known(self, employee: int, order_type: int) -> None:
        """Let pass an employee and an order type of the revenue center.

        Raises:
            ProblemError: one is unknown there.
        """
        if employee not in self._employee_numbers:
            raise refused_by_pos("general_pos_error", f"No employee {employee}")
        if order_type not in self._order_types:
            raise refused_by_pos("general_pos_error", f"No order type {order_type}")

    def collections(self, site: Site) -> Mapping[str, Json]:
        """The configuration collections, by the name that notifications call them."""
        terms = self.terms
        return {
            "TenderItems": {"items": as_items(terms.tenders)},
            "Taxes": {"taxClasses": as_items(terms.tax_classes), "taxRates": as_items(terms.tax_rates)},
            "Discounts": {"items": as_items(terms.discounts)},
            "ServiceCharges": {"items": as_items(terms.service_charges)},
            "MenuItemAvailability": {**site.fields, "items": as_items(terms.sold_out)},
            "Barcodes": {"items": as_items(self.barcodes)},
            EMPLOYEES: dict(self.employees),
        }


class Setups:
    """Every site's setup; a site that was told nothing has the usual one.

    `changed` is told the site and the names of what changed.
    """

    def __init__(self, now: Callable[[], datetime], changed: Callable[[Site, list[str]], None]) -> None:
        self._now = now
        self._changed = changed
        self._setups: dict[Site, Setup] = {}
        self._documents: dict[tuple[Site, str], Document] = {}
        self._usual_since = now()

    def of(self, site: Site) -> Setup:
        """A site's setup."""
        return self._setups.get(site, _USUAL)

    def clear(self) -> None:
        """Give every site the usual setup again."""
        self._setups.clear()
        self._documents.clear()

    def document(self, site: Site, collection: str) -> Document:
        """One of a site's configuration collections."""
        key = (site, collection)
        if key not in self._documents:
            text = to_text(self.of(site).collections(site)[collection])
            self._documents[key] = Document.of(text, self._usual_since)
        return self._documents[key]

    def employee_document(self, site: Site, number: int) -> Document:
        """An employee's number, unchanged as long as the employees are."""
        since = self.document(site, EMPLOYEES).modified_at
        return Document.of(to_text({"employeeNumber": number}), since)

    def set(self, site: Site, setup: Setup) -> None:
        """Change a site's setup."""
        before = self.of(site).collections(site)
        after = setup.collections(site)
        changed = [name for name in after if after[name] != before[name]]
        is_moved = setup.place != self.of(site).place
        self._setups[site] = setup
        for name in changed:
            self._documents[site, name] = Document.of(to_text(after[name]), self._now())
        self._changed(site, [*changed, *([ORGANIZATIONS] if is_moved else ())])

    def routes(self) -> list[web.RouteDef]:
        """The controls: PATCH replaces what its body names."""
        path = "/sim/setups/{org}/{loc}/{rvc}"
        return [web.get(path, self._get), web.patch(path, self._patch)]

    async def _get(self, request: web.Request) -> web.Response:
        return answer(_json(self.of(_site(request))))

    async def _patch(self, request: web.Request) -> web.Response:
        site = _site(request)
        self.set(site, await read_control(Setup, request, self.of(site)))
        return answer(_json(self.of(site)))


_USUAL = Setup()


def _site(request: web.Request) -> Site:
    names = request.match_info
    return Site.of(names["org"], names["loc"], names["rvc"])


def _json(setup: Setup) -> Json:
    return setup.model_dump(mode="json", by_alias=True)
