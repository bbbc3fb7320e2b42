"""A Simphony over HTTP that fails in every way it can, and what it holds in the end."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from aiohttp import ClientSession, DummyCookieJar, TraceConfig, TraceRequestStartParams
from aiohttp.test_utils import TestServer
from tests.restaurant import CODE
from tests.simphony import OneConnection, StoredTokens
from tests.simulation.invariants import SeenCheck
from tests.simulation.seeded.virtual_time import SkewedClock

from localcloud.simulators.simphony import SimphonyConfig, build_app
from localcloud.simulators.simphony.demo_menu import demo_menu
from localcloud.simulators.simphony.oddities import Oddities
from localcloud.simulators.simphony.wire import to_text
from muneris.config.menu import Menu
from muneris.config.simphony_menu import to_menu
from muneris.simphony.circuits import Circuits
from muneris.simphony.client import SimphonyClient
from muneris.simphony.menu import SimphonyMenu
from muneris.simphony.model import Account, Connection
from muneris.simphony.service import PointOfSale
from muneris.simphony.sign_in import SignIn
from muneris.simphony.wire import parse

FAILING = 0.2
"""How many of all calls about checks go wrong."""
CHECKS = "/api/v1/checks"
WAYS: Mapping[str, Mapping[str, object]] = {
    "refused, 503": {"kind": "refuse"},
    "connection reset": {"kind": "disconnect"},
    "500, not executed": {"kind": "status", "status": 500},
    "500, executed": {"kind": "status", "status": 500, "executed": True},
    "503, executed": {"kind": "status", "status": 503, "executed": True},
    "521, not executed": {"kind": "timeout", "seconds": 60},
    "521, executed": {"kind": "timeout", "seconds": 60, "executed": True},
    "answer lost": {"kind": "drop_answer"},
    "answer cut": {"kind": "cut_answer"},
    "answered too late": {"kind": "late_answer", "seconds": 70},
    "executed late": {"kind": "delay", "seconds": 40},
    "executed too late": {"kind": "delay", "seconds": 80},
}
_ORDER_TYPES = {"dine_in": 1, "pickup": 2}


@dataclass
class FailingSimphony:
    """The demo restaurant's, on a port of its own, and a client signed in to it."""

    url: str
    session: ClientSession
    connection: Connection
    point_of_sale: PointOfSale
    calls: Counter[str]
    """How often each path was called."""

    @property
    def menu(self) -> Menu:
        """As the app shows it."""
        document = parse(to_text(demo_menu()).encode())
        assert isinstance(document, Mapping)
        return to_menu(SimphonyMenu.model_validate({"menuId": "m", **document}), "DKK")

    async def fail(self) -> None:
        """From now on calls about checks go wrong, in each way as often."""
        rate = 1 - (1 - FAILING) ** (1 / len(WAYS))
        for way in WAYS:
            await self.strike(way, rate=rate)

    async def strike(self, way: str, **when: object) -> None:
        """Calls about checks go wrong in that way, so often or so many of them."""
        assert await self._tell("faults", {"path_prefix": CHECKS, **when, **WAYS[way]}) == 201

    async def struck(self) -> dict[str, int]:
        """How often calls went wrong, by the way they did, since they `fail`."""
        items = await self._items("faults")
        return {way: each["hits"] for way, each in zip(WAYS, items, strict=bool(items))}

    async def pay(self, order_id: UUID) -> bool:
        """Close an order's check at the till; False: there is none yet."""
        refs = [each.check_ref for each in await self.checks() if each.order_id == order_id]
        for ref in refs:
            assert await self._tell(f"checks/{ref}/close") == 204
        return bool(refs)

    async def spoil(self) -> None:
        """No check that there is can be read any more."""
        for each in await self.checks():
            assert await self._tell(f"checks/{each.check_ref}/break") == 204

    async def checks(self) -> list[SeenCheck]:
        """What it holds."""
        return [_seen(each) for each in await self._items("checks")]

    async def _tell(self, what: str, body: Mapping[str, object] | None = None) -> int:
        async with self.session.post(f"{self.url}/sim/{what}", json=body) as response:
            return response.status

    async def _items(self, what: str) -> Sequence[Any]:
        async with self.session.get(f"{self.url}/sim/{what}") as response:
            items: Sequence[Any] = (await response.json(loads=_exactly))["items"]
            return items


@asynccontextmanager
async def open_simphony(seed: int, *, detects_duplicates: bool) -> AsyncIterator[FailingSimphony]:
    """A Simphony that nothing is wrong with yet; one of an older site does not detect duplicates."""
    clock, chance = SkewedClock(), random.Random(seed)  # noqa: S311 - the same faults each time
    config = SimphonyConfig(port=0, oddities=Oddities(detects_duplicates=detects_duplicates))
    calls = Counter[str]()
    async with (
        TestServer(build_app(config, clock.now, chance.random)) as server,
        ClientSession(cookie_jar=DummyCookieJar(), trace_configs=[_counting(calls)]) as session,
    ):
        url = str(server.make_url("")).rstrip("/")
        account = Account(auth_url=url, org_short_name="muneris-demo", client_id="client=", username="api")
        tokens = await SignIn(session, clock, allow_local=True).sign_in(account, "password")
        connection = Connection(
            api_url=url,
            auth_url=url,
            client_id=account.client_id,
            org_short_name="muneris-demo",
            loc_ref="cph01",
            rvc_ref=1,
            employee_ref=90001,
            order_type_refs=_ORDER_TYPES,
            account=account.id,
        )
        client = SimphonyClient(session, allow_local=True, circuits=Circuits(monotonic=clock.monotonic))
        stored = StoredTokens(tokens, tokens.id_token)
        point_of_sale = PointOfSale(client, stored, OneConnection(connection), clock)
        yield FailingSimphony(url, session, connection, point_of_sale, calls)


def _counting(calls: Counter[str]) -> TraceConfig:
    async def count(_session: object, _context: object, sent: TraceRequestStartParams) -> None:
        calls[sent.url.path] += 1

    counted = TraceConfig()
    counted.on_request_start.append(count)
    return counted


def _exactly(text: str) -> object:
    return parse(text.encode())


def _seen(check: Mapping[str, Any]) -> SeenCheck:
    header, totals = check["header"], check["totals"]
    order_id = next(each["data"] for each in check["extensions"] if each["dataName"] == "order_id")
    marks = (each for item in check["menuItems"] for each in item.get("extensions", ()))
    return SeenCheck(
        CODE,
        UUID(order_id),
        header["checkRef"],
        is_open=header["status"] != "voided",
        rounds=tuple(each["data"] for each in marks if each["dataName"] == "round"),
        total=Decimal(totals["paymentTotal"]) + Decimal(totals["totalDue"]),
    )
