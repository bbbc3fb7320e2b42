"""The Checks API: open, calculate, add a round, void, get and list."""

from collections.abc import Callable
from datetime import UTC, datetime

from aiohttp import web

from localcloud.simulators.simphony.check_request import CheckRequest, RoundRequest
from localcloud.simulators.simphony.checks import Check, Checks, check_document
from localcloud.simulators.simphony.menus import Menus
from localcloud.simulators.simphony.pricing import price
from localcloud.simulators.simphony.problems import invalid
from localcloud.simulators.simphony.site import Site
from localcloud.simulators.simphony.wire import answer, answer_items, answer_text

CHECKS = "/api/v1/checks"


class ChecksApi:
    """The operations on checks."""

    def __init__(self, checks: Checks, menus: Menus) -> None:
        self._checks = checks
        self._menus = menus

    def routes(self) -> list[web.RouteDef]:
        """The operations."""
        return [
            web.post(CHECKS, self._open),
            web.get(CHECKS, self._list),
            web.post(f"{CHECKS}/calculator", self._calculate),
            web.post(f"{CHECKS}/{{ref}}/round", self._add_round),
            web.delete(f"{CHECKS}/{{ref}}", self._void),
            web.get(f"{CHECKS}/{{ref}}", self._get),
        ]

    async def _open(self, request: web.Request) -> web.Response:
        wanted = await _read(request, CheckRequest)
        priced = price(wanted, self._menus.get(wanted.site))
        return answer_text(self._checks.open(wanted, priced).text)

    async def _calculate(self, request: web.Request) -> web.Response:
        wanted = await _read(request, CheckRequest)
        priced = price(wanted, self._menus.get(wanted.site), with_tenders=False)
        return answer(check_document(wanted, priced))

    async def _add_round(self, request: web.Request) -> web.Response:
        wanted = await _read(request, RoundRequest)
        ref = request.match_info["ref"]
        if wanted.header.check_ref.lower() != ref.lower():
            raise invalid(f"header.checkRef is {wanted.header.check_ref}, the path says {ref}")
        check = self._checks.get_open(wanted.site, ref)
        self._checks.add(check, wanted, price(wanted, self._menus.get(wanted.site), before=check.priced))
        return answer_text(check.text)

    async def _void(self, request: web.Request) -> web.Response:
        site = Site.of_headers(request.headers)
        self._checks.void(self._checks.get_open(site, request.match_info["ref"]))
        return web.Response(status=204)

    async def _get(self, request: web.Request) -> web.Response:
        site = Site.of_headers(request.headers)
        return answer_text(self._checks.get(site, request.match_info["ref"]).text)

    async def _list(self, request: web.Request) -> web.Response:
        site = Site.of_headers(request.headers)
        self._menus.get(site)
        query = {name.lower(): value for name, value in request.query.items()}
        checks = self._checks.since(site, _moment(query.get("sincetime")))
        is_wanted = _filter(query)
        return answer_items(check.list_text for check in checks if is_wanted(check))


async def _read[T: CheckRequest](request: web.Request, kind: type[T]) -> T:
    """The check or round of a body; the headers must name a site too, though the body's counts."""
    Site.of_headers(request.headers)
    return kind.read(await request.read())


def _moment(text: str | None) -> datetime | None:
    """`sinceTime`: UTC, minutes at least, such as 2020-12-31T23:59Z."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(f"sinceTime must be a UTC time such as 2020-12-31T23:59Z, not {text!r}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _filter(query: dict[str, str]) -> Callable[[Check], bool]:
    """Whether a check is asked for by a query."""
    with_closed = query.get("includeclosed", "false").lower() == "true"
    wanted: list[tuple[set[str], Callable[[Check], object]]] = [
        ({number.strip() for number in query[name].split(",")}, value)
        for name, value in _FILTERS.items()
        if query.get(name)
    ]
    return lambda check: (
        (with_closed or check.is_open) and all(str(value(check)) in allowed for allowed, value in wanted)
    )


_FILTERS: dict[str, Callable[[Check], object]] = {
    "checknumbers": lambda check: check.number,
    "checkemployeeref": lambda check: check.request.header.check_employee_ref,
    "ordertyperef": lambda check: check.request.header.order_type_ref,
    "tablename": lambda check: check.request.header.table_name,
}
