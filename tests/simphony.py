"""A simulator on a port of its own, and a client signed in to it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from localcloud.simulators.simphony import SimphonyConfig, build_app
from localcloud.simulators.simphony.problems import Handler
from muneris.simphony.client import SimphonyClient, open_session
from muneris.simphony.model import Account, CheckLine, Connection, NewCheck, NewRound, Tokens
from muneris.simphony.service import PointOfSale
from muneris.simphony.sign_in import SignIn

PROPERTY_CODE = "NOR-CPH01"


@dataclass
class ManualClock:
    """Stands still until it is moved."""

    moment: datetime = field(default_factory=lambda: datetime(2030, 5, 4, 10, 2, 11, tzinfo=UTC))

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Asked:
    """A request as it arrived; header names as they were sent."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    async def of(cls, request: web.Request) -> "Asked":
        path = request.raw_path.partition("?")[0]
        return cls(request.method, path, dict(request.query), request.headers, await request.read())


class StoredTokens:
    """A stored token, and perhaps an older one still in memory."""

    def __init__(self, stored: Tokens, remembered: str) -> None:
        self._stored = stored
        self._remembered = stored.model_copy(update={"id_token": remembered})
        self.reads: list[bool] = []

    async def get_token(self, account: str, *, fresh: bool = False) -> Tokens:
        assert account
        self.reads.append(fresh)
        return self._stored if fresh else self._remembered


class OneConnection:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get_connection(self, property_code: str) -> Connection:
        assert property_code == PROPERTY_CODE
        return self._connection


def new_check(number: int = 1, **changes: object) -> NewCheck:
    """A check of one burger line, all its names made from a number."""
    check = NewCheck(
        idempotency_id=f"{number:032x}",
        reference=f"WEB-{number}",
        order_id=f"order-{number}",
        order_type="dine_in",
        lines=(CheckLine(menu_item_id=11001, quantity=2),),
    )
    return check.model_copy(update=changes)


def new_round(check_ref: str, number: int = 1, **changes: object) -> NewRound:
    """A round of one burger line, all its names made from a number."""
    added = NewRound(
        check_ref=check_ref,
        idempotency_id=f"{0xF00 + number:032x}",
        reference=f"round-{number}",
        order_type="dine_in",
        lines=(CheckLine(menu_item_id=11001),),
    )
    return added.model_copy(update=changes)


@dataclass
class Simulation:
    """Everything a test of the client needs."""

    url: str
    clock: ManualClock
    session: ClientSession
    client: SimphonyClient
    connection: Connection
    account: Account
    tokens: Tokens
    asked: list[Asked]
    """Every request so far, signing in included."""

    @property
    def bearer(self) -> str:
        return self.tokens.id_token

    def point_of_sale(
        self, tokens: StoredTokens | None = None, *, deadline_seconds: float = 65
    ) -> PointOfSale:
        """The simulated Simphony as an app calls it."""
        source = tokens or StoredTokens(self.tokens, self.bearer)
        return PointOfSale(self.client, source, OneConnection(self.connection), self.clock, deadline_seconds)

    @property
    def signing_in(self) -> SignIn:
        """The simulated identity provider as we call it."""
        return SignIn(self.session, self.clock, allow_local=True)

    async def break_it(self, **fault: object) -> None:
        async with self.session.post(f"{self.url}/sim/faults", json=fault) as response:
            assert response.status == 201

    async def repair_it(self) -> None:
        async with self.session.delete(f"{self.url}/sim/faults") as response:
            assert response.status == 204

    async def close_check(self, check_ref: str) -> None:
        """Somebody pays at the till."""
        async with self.session.post(f"{self.url}/sim/checks/{check_ref}/close") as response:
            assert response.status == 204

    async def check_count(self) -> int:
        async with self.session.get(f"{self.url}/sim/checks") as response:
            return len((await response.json())["items"])

    async def wait_until_started(self, kind: str) -> None:
        """Return once every fault of a kind with a count has been used up."""
        async with asyncio.timeout(10):
            while kind in await self._kinds_of_faults():
                pass

    async def _kinds_of_faults(self) -> set[str]:
        async with self.session.get(f"{self.url}/sim/faults") as response:
            return {fault["kind"] for fault in (await response.json())["items"]}


@asynccontextmanager
async def open_simulation(**config: float) -> AsyncIterator[Simulation]:
    """A simulator of its own, signed in to; a fault of rate 0.5 hits every second request, the first too."""
    clock, asked = ManualClock(), list[Asked]()

    @web.middleware
    async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
        asked.append(await Asked.of(request))
        return await handler(request)

    ways = {"duplicate_wait_seconds": 0.05, "patience_seconds": 0.05, **config}
    app = build_app(
        SimphonyConfig.model_validate({"port": 0, **ways}), clock.now, itertools.cycle((0.25, 0.75)).__next__
    )
    app.middlewares.insert(0, record)
    async with TestServer(app) as server, open_session() as session:
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
            order_type_refs={"dine_in": 1},
            tender_refs={"online": 61},
            account=account.id,
        )
        client = SimphonyClient(session, allow_local=True)
        yield Simulation(url, clock, session, client, connection, account, tokens, asked)
