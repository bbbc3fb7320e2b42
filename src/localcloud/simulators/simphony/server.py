"""The whole service: its parts, in the order a request meets them."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from aiohttp import web
from aiohttp.typedefs import Middleware
from pydantic import BaseModel

from localcloud.http_server import serve_app
from localcloud.simulators.simphony.access import Access
from localcloud.simulators.simphony.accounts import Accounts
from localcloud.simulators.simphony.checks import Checks
from localcloud.simulators.simphony.checks_api import ChecksApi
from localcloud.simulators.simphony.checks_controls import ChecksControls
from localcloud.simulators.simphony.configuration import Configuration
from localcloud.simulators.simphony.demo_menu import DEMO_SITE, demo_menu
from localcloud.simulators.simphony.duplicates import DuplicateDetector
from localcloud.simulators.simphony.faults import Faults
from localcloud.simulators.simphony.grants import Grants
from localcloud.simulators.simphony.identity import IdentityProvider
from localcloud.simulators.simphony.menus import Menus
from localcloud.simulators.simphony.notices import MENUS, Notices
from localcloud.simulators.simphony.notifications_api import NotificationsApi
from localcloud.simulators.simphony.oddities import Installation, Oddities
from localcloud.simulators.simphony.organization import Organizations
from localcloud.simulators.simphony.problems import answer_problems
from localcloud.simulators.simphony.property_link import PropertyLinks
from localcloud.simulators.simphony.setup import Setups
from localcloud.simulators.simphony.subscriptions import Subscriptions
from localcloud.simulators.simphony.tokens import Issuer
from localcloud.simulators.simphony.webhooks import Webhooks

_LARGEST_BODY = 32 * 1024 * 1024  # a menu of thousands of items


class SimphonyConfig(BaseModel, frozen=True):
    """Where the simulator listens, and its ways (defaults: Oracle's documented times)."""

    port: int
    duplicate_window_seconds: float = 300
    duplicate_wait_seconds: float = 30
    patience_seconds: float = 60
    """How long the service waits for a property that says nothing, before it answers 521."""
    webhook_timeout_seconds: float = 15
    oddities: Oddities = Oddities()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class _Service:
    """Everything that has a state, made in the order it depends on each other."""

    def __init__(
        self, config: SimphonyConfig, now: Callable[[], datetime], chance: Callable[[], float]
    ) -> None:
        self.installation = Installation(config.oddities)
        self.faults = Faults(now, chance)
        self.accounts = Accounts(now, self.installation)
        issuer = Issuer(now)
        self.grants = Grants(now, issuer, self.installation)
        self.identity = IdentityProvider(now, self.accounts, self.grants, self.installation)
        self.access = Access(issuer, self.accounts, self.installation)
        self.subscriptions = Subscriptions()
        self.webhooks = Webhooks(config.webhook_timeout_seconds)
        self.notices = Notices(now, self.subscriptions, self.webhooks, self.installation)
        self.menus = Menus(now, lambda site: self.notices.tell_of_change(site, [MENUS]))
        self.setups = Setups(now, self.notices.tell_of_change)
        self.links = PropertyLinks(self.menus, self.setups, self.installation, config.patience_seconds)
        self.checks = Checks(now, self.installation)
        self.duplicates = DuplicateDetector(
            timedelta(seconds=config.duplicate_window_seconds),
            timedelta(seconds=config.duplicate_wait_seconds),
            now,
            self.installation,
        )

    def middlewares(self) -> list[Middleware]:
        """What a request passes, outermost first."""
        return [
            answer_problems(lambda: self.installation.has.problem_text),
            self.faults.on_the_way,
            self.access.middleware(),
            self.duplicates.detect,
            self.faults.at_the_property,
        ]

    def routes(self) -> Iterator[web.RouteDef]:
        """Every operation and control."""
        parts = (
            self.identity,
            Organizations(self.menus, self.setups, self.installation),
            Configuration(self.menus, self.setups, self.installation),
            self.menus,
            ChecksApi(self.checks, self.menus, self.links, self.access, self.notices, self.installation),
            NotificationsApi(self.subscriptions, self.access, self.installation),
            ChecksControls(self.checks, self.notices),
            self.accounts,
            self.faults,
            self.grants,
            self.installation,
            self.setups,
            self.webhooks,
        )
        for part in parts:
            yield from part.routes()
        yield web.post("/sim/reset", self._reset)

    async def _reset(self, _request: web.Request) -> web.Response:
        """Forget everything but menus and tokens."""
        for part in (
            self.accounts,
            self.checks,
            self.duplicates,
            self.faults,
            self.installation,
            self.notices,
            self.setups,
            self.subscriptions,
            self.webhooks,
        ):
            part.clear()
        return web.Response(status=204)


def build_app(
    config: SimphonyConfig,
    now: Callable[[], datetime] = _utc_now,
    chance: Callable[[], float] = random.random,
) -> web.Application:
    """The application, with the demo menu loaded; `chance` decides whether a fault with a rate hits."""
    service = _Service(config, now, chance)
    service.menus.load(DEMO_SITE, demo_menu())
    app = web.Application(client_max_size=_LARGEST_BODY, middlewares=service.middlewares())
    app.add_routes(list(service.routes()))
    app.on_cleanup.append(service.webhooks.close)
    return app


async def serve(config: SimphonyConfig) -> None:
    """Serve until this task is cancelled."""
    await serve_app(build_app(config), config.port)
