"""What happens to a check outside of the API: at the till, in the kitchen, in a broken database."""

from aiohttp import web

from localcloud.simulators.simphony.checks import Checks, Preparation
from localcloud.simulators.simphony.controls import Control, read_control
from localcloud.simulators.simphony.notices import Notices
from localcloud.simulators.simphony.wire import answer_items

_PATH = "/sim/checks"


class _Prepared(Control):
    status: Preparation


class ChecksControls:
    """Shows every check, and changes one as people at the property do."""

    def __init__(self, checks: Checks, notices: Notices) -> None:
        self._checks = checks
        self._notices = notices

    def routes(self) -> list[web.RouteDef]:
        """The controls."""
        return [
            web.get(_PATH, self._list),
            web.post(f"{_PATH}/{{ref}}/close", self._close),
            web.post(f"{_PATH}/{{ref}}/prepare", self._prepare),
            web.post(f"{_PATH}/{{ref}}/break", self._break),
        ]

    async def _list(self, _request: web.Request) -> web.Response:
        return answer_items(check.text for check in self._checks.all())

    async def _close(self, request: web.Request) -> web.Response:
        self._checks.close(request.match_info["ref"])
        return web.Response(status=204)

    async def _prepare(self, request: web.Request) -> web.Response:
        """The kitchen went on: the check shows it, and who asked to be told is told."""
        check = self._checks.find(request.match_info["ref"])
        status = (await read_control(_Prepared, request)).status
        self._checks.prepare(check, status)
        self._notices.tell_of_check(check, status)
        return web.Response(status=204)

    async def _break(self, request: web.Request) -> web.Response:
        """An item of the check lost its price: whatever reads the check's details fails from now on."""
        self._checks.find(request.match_info["ref"]).is_readable = False
        return web.Response(status=204)
