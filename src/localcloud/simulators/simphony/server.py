"""The whole service: its parts, in the order a request meets them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from aiohttp import web
from pydantic import BaseModel

from localcloud.http_server import serve_app
from localcloud.simulators.simphony.bearer import require_bearer
from localcloud.simulators.simphony.checks import Checks
from localcloud.simulators.simphony.checks_api import ChecksApi
from localcloud.simulators.simphony.demo_menu import DEMO_SITE, demo_menu
from localcloud.simulators.simphony.duplicates import DuplicateDetector
from localcloud.simulators.simphony.faults import Faults
from localcloud.simulators.simphony.identity import IdentityProvider
from localcloud.simulators.simphony.menus import Menus
from localcloud.simulators.simphony.organization import Organizations
from localcloud.simulators.simphony.problems import answer_problems
from localcloud.simulators.simphony.wire import answer, answer_items

_LARGEST_BODY = 32 * 1024 * 1024  # a menu of thousands of items


class SimphonyConfig(BaseModel, frozen=True):
    """Where the simulator listens, and how it detects duplicates (defaults: Oracle's documented times)."""

    port: int
    duplicate_window_seconds: float = 300
    duplicate_wait_seconds: float = 30


def _utc_now() -> datetime:
    return datetime.now(UTC)


def build_app(config: SimphonyConfig, now: Callable[[], datetime] = _utc_now) -> web.Application:
    """The application, with the demo menu loaded."""
    window = timedelta(seconds=config.duplicate_window_seconds)
    wait = timedelta(seconds=config.duplicate_wait_seconds)
    identity, faults, menus, checks = IdentityProvider(now), Faults(), Menus(now), Checks(now)
    duplicates = DuplicateDetector(window, wait, now)
    menus.load(DEMO_SITE, demo_menu())
    app = web.Application(
        client_max_size=_LARGEST_BODY,
        middlewares=[
            answer_problems,
            faults.on_the_way,
            require_bearer(identity),
            duplicates.detect,
            faults.at_the_property,
        ],
    )
    for part in (identity, Organizations(menus), menus, ChecksApi(checks, menus), faults):
        app.add_routes(part.routes())
    app.add_routes(_controls(checks, faults, duplicates, identity))
    return app


def _controls(
    checks: Checks, faults: Faults, duplicates: DuplicateDetector, identity: IdentityProvider
) -> list[web.RouteDef]:
    async def list_checks(_request: web.Request) -> web.Response:
        return answer_items(check.text for check in checks.all())

    async def close_check(request: web.Request) -> web.Response:
        checks.close(request.match_info["ref"])
        return web.Response(status=204)

    async def count_tokens(_request: web.Request) -> web.Response:
        return answer(dict(identity.counts))

    async def reset(_request: web.Request) -> web.Response:
        checks.clear()
        faults.clear()
        duplicates.clear()
        return web.Response(status=204)

    return [
        web.get("/sim/checks", list_checks),
        web.post("/sim/checks/{ref}/close", close_check),
        web.get("/sim/tokens", count_tokens),
        web.post("/sim/reset", reset),
    ]


async def serve(config: SimphonyConfig) -> None:
    """Serve until this task is cancelled."""
    await serve_app(build_app(config), config.port)
