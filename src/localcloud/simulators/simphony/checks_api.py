"""The Checks API: open, calculate, add a round, void, get, list and print."""

from collections.abc import Callable
from datetime import UTC, datetime

from aiohttp import web

from localcloud.simulators.simphony.access import Access
from localcloud.simulators.simphony.check_request import CheckRequest, RoundRequest
from localcloud.simulators.simphony.checks import Check, Checks, Preparation, check_document
from localcloud.simulators.simphony.features import CONDIMENT_PREFIX, has_feature
from localcloud.simulators.simphony.menus import Menus
from localcloud.simulators.simphony.notices import Notices
from localcloud.simulators.simphony.oddities import Installation
from localcloud.simulators.simphony.pricing import NOTHING, PricedCheck, price
from localcloud.simulators.simphony.printed import printed_lines
from localcloud.simulators.simphony.problems import ProblemError, invalid, refused_by_pos
from localcloud.simulators.simphony.property_link import PropertyLinks
from localcloud.simulators.simphony.setup import Setup
from localcloud.simulators.simphony.site import Site, by_lower_name
from localcloud.simulators.simphony.spelling import utc_times
from localcloud.simulators.simphony.wire import answer, answer_items, answer_text

CHECKS = "/api/v1/checks"


class ChecksApi:
    """The operations on checks."""

    def __init__(
        self,
        checks: Checks,
        menus: Menus,
        links: PropertyLinks,
        access: Access,
        notices: Notices,
        installation: Installation,
    ) -> None:
        self._checks = checks
        self._menus = menus
        self._links = links
        self._access = access
        self._notices = notices
        self._installation = installation

    def routes(self) -> list[web.RouteDef]:
        """The operations."""
        return [
            web.post(CHECKS, self._open),
            web.get(CHECKS, self._list),
            web.post(f"{CHECKS}/calculator", self._calculate),
            web.head(f"{CHECKS}/connectionStatus", self._links.connection_status),
            web.post(f"{CHECKS}/{{ref}}/round", self._add_round),
            web.get(f"{CHECKS}/{{ref}}/printed", self._print),
            web.delete(f"{CHECKS}/{{ref}}", self._void),
            web.get(f"{CHECKS}/{{ref}}", self._get, allow_head=False),
        ]

    async def _open(self, request: web.Request) -> web.Response:
        wanted, setup = await self._read(request, CheckRequest)
        times = utc_times(wanted.header, setup.place.timezone.iana_name, self._installation.has)
        check = self._checks.open(wanted, self._price(request, wanted, setup), times)
        return self._written(request, check)

    async def _calculate(self, request: web.Request) -> web.Response:
        wanted, setup = await self._read(request, CheckRequest)
        priced = self._price(request, wanted, setup, with_tenders=False)
        return answer(check_document(wanted, priced, self._installation.has))

    async def _add_round(self, request: web.Request) -> web.Response:
        wanted, setup = await self._read(request, RoundRequest)
        ref = request.match_info["ref"]
        if wanted.header.check_ref.lower() != ref.lower():
            raise invalid(f"header.checkRef is {wanted.header.check_ref}, the path says {ref}")
        check = self._checks.get_open(wanted.site, ref)
        self._checks.add(check, wanted, self._price(request, wanted, setup, before=check.priced))
        return self._written(request, check)

    def _price(
        self,
        request: web.Request,
        wanted: CheckRequest,
        setup: Setup,
        *,
        before: PricedCheck = NOTHING,
        with_tenders: bool = True,
    ) -> PricedCheck:
        setup.require_known(wanted.header.check_employee_ref, wanted.header.order_type_ref)
        return price(
            wanted,
            self._menus.get(wanted.site),
            terms=setup.terms,
            before=before,
            with_tenders=with_tenders,
            with_prefixes=has_feature(request, CONDIMENT_PREFIX),
        )

    def _written(self, request: web.Request, check: Check) -> web.Response:
        """It went to the kitchen: who asked to be told is told, and this client is answered."""
        self._notices.tell_of_check(check, Preparation.SUBMITTED, self._access.subject_of(request))
        return answer_text(check.text, self._installation.has.write_status)

    async def _void(self, request: web.Request) -> web.Response:
        site = await self._site(request)
        self._checks.void(self._checks.get_open(site, request.match_info["ref"]))
        return web.Response(status=204)

    async def _get(self, request: web.Request) -> web.Response:
        check = self._checks.get(await self._site(request), request.match_info["ref"])
        _require_readable(check)
        return answer_text(check.text)

    async def _print(self, request: web.Request) -> web.Response:
        site = Site.of_headers(request.headers)
        setup = await self._links.reach(site)
        check = self._checks.get(site, request.match_info["ref"])
        if not setup.has_printer:
            raise refused_by_pos("general_pos_error", "No printer is set up for the workstation")
        return answer({self._installation.has.printed_lines: printed_lines(check)})

    async def _list(self, request: web.Request) -> web.Response:
        site = await self._site(request)
        query = by_lower_name(request.query)
        checks = self._checks.since(site, _moment(query.get("sincetime")))
        if not _with_closed(query):
            checks = [check for check in checks if check.is_open]
        for check in checks:
            _require_readable(check)  # the filters below come after the details are read
        is_wanted = _filter(query)
        return answer_items(check.list_text for check in checks if is_wanted(check))

    async def _site(self, request: web.Request) -> Site:
        """The site that the headers name, if it can be reached."""
        site = Site.of_headers(request.headers)
        await self._links.reach(site)
        return site

    async def _read[T: CheckRequest](self, request: web.Request, kind: type[T]) -> tuple[T, Setup]:
        """The check or round of a body; the headers must name a site too, though the body's counts."""
        Site.of_headers(request.headers)
        accepted = request.headers.get("Accept-Language", "")
        wanted = kind.read(await request.read()).in_language(accepted)
        self._access.require(request, wanted.site.org, wanted.site.loc)
        return wanted, await self._links.reach(wanted.site)


def _require_readable(check: Check) -> None:
    """One check whose item lost its price fails whatever reads its details."""
    if not check.is_readable:
        raise ProblemError(
            400, "POS Error", "error:pos-processing-error", "MenuItemPriceNotFound", "general_pos_error"
        )


def _moment(text: str | None) -> datetime | None:
    """`sinceTime`: UTC, minutes at least, such as 2020-12-31T23:59Z."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(f"sinceTime must be a UTC time such as 2020-12-31T23:59Z, not {text!r}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _with_closed(query: dict[str, str]) -> bool:
    return query.get("includeclosed", "false").lower() == "true"


def _filter(query: dict[str, str]) -> Callable[[Check], bool]:
    """Whether a check is asked for by a query."""
    wanted: list[tuple[set[str], Callable[[Check], object]]] = [
        ({each.strip() for each in query[name].split(",")}, value)
        for name, value in _FILTERS.items()
        if query.get(name)
    ]
    return lambda check: all(str(value(check)) in allowed for allowed, value in wanted)


_FILTERS: dict[str, Callable[[Check], object]] = {
    "checknumbers": lambda check: check.number,
    "checkemployeeref": lambda check: check.request.header.check_employee_ref,
    "ordertyperef": lambda check: check.request.header.order_type_ref,
    "tablename": lambda check: check.request.header.table_name,
}
