"""One region's auth and config apps in memory, with a clock and a Simphony that tests set."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from tests.asgi import Response, call
from tests.faults import FaultyTable

from localcloud import staff
from muneris.auth import api as auth_api
from muneris.auth.access_tokens import AccessTokens
from muneris.auth.service import GuestSessions
from muneris.auth.store import SessionStore
from muneris.cloud.agenda import Agenda
from muneris.cloud.documents.memory import MemoryDocuments
from muneris.cloud.http import Authenticate, PublicKeys, create_api
from muneris.cloud.http.app_health import health_router
from muneris.cloud.http.guard import Guard
from muneris.cloud.sealing import Opener, Sealer, generate_sealing_key, to_public_jwk
from muneris.cloud.tables import Table, TableUnavailableError
from muneris.cloud.tables.memory import MemoryTable
from muneris.cloud.tables.spread import MAIN
from muneris.companies import api as companies_api
from muneris.companies.service import Companies
from muneris.companies.store import CompanyStore
from muneris.config import api as config_api
from muneris.config.menu_source import MenuSource
from muneris.config.menu_status import MenuStatuses
from muneris.config.menu_upkeep import CONNECTED, AskedRefreshes, MenuUpkeep
from muneris.config.menus import Menus
from muneris.config.publishing import AGENDA as PUBLISH
from muneris.config.publishing import Publishing
from muneris.config.service import Properties
from muneris.config.simphony_connection import SimphonyConnections
from muneris.config.store import PropertyStore
from muneris.config.subscriptions import Subscriptions
from muneris.config.webhooks import ToldMessages, Webhooks
from muneris.directory import Directory, DirectoryOutbox
from muneris.directory.outbox import AGENDA as DIRECTORY
from muneris.replication.tokens import AGENDA as TOKENS
from muneris.replication.tokens import TokenKeeper, token_outbox
from muneris.simphony.configuration import Taxes, UnavailableItems, Versioned
from muneris.simphony.errors import SignInFailedError, SignInFailure, SimphonyError
from muneris.simphony.menu import Definition, MenuItem, Price, SimphonyMenu
from muneris.simphony.model import Account, Connection, Tokens
from muneris.simphony.notifications import Subscription, WebhookKey
from muneris.simphony.organization import Location, RevenueCenter

REGIONS = {"api1": "http://localhost:7071", "api2": "http://localhost:7072", "api3": "http://localhost:7073"}
SEALING_KEY = generate_sealing_key()
OPENER, SEALER = Opener(SEALING_KEY), Sealer({"api1": to_public_jwk(SEALING_KEY)})
CALLBACK = "https://api1.muneris.example"
WEBHOOK_SECRET = b"a secret of all regions"
STAFF_KEY = staff.generate_signing_key()
SIGNING_KEY = staff.generate_signing_key()

COMPANY = {
    "code": "NOR",
    "name": "Nordic Kitchens",
    "contact_email": "it@nordic.example",
    "vat_number": "DK12345678",
    "home_region": "api1",
}
PROPERTY = {
    "name": "Nyhavn",
    "country": "DK",
    "currency": "DKK",
    "time_zone": "Europe/Copenhagen",
    "contact_email": "nyhavn@nordic.example",
    "address": "Nyhavn 1",
}
SIMPHONY = {
    "auth_url": "https://idp.oracleindustry.com",
    "api_url": "https://sts.oraclecloud.com",
    "client_id": "client",
    "username": "api",
    "password": "a password",
    "org_short_name": "nordic",
    "loc_ref": "cph01",
    "rvc_ref": 1,
    "employee_ref": 9001,
    "order_type_refs": {"dine_in": 1},
}
AT = "/v1/config/properties/NOR-CPH01"


@dataclass
class ManualClock:
    """A clock that stands until it is moved."""

    moment: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def advance(self, **units: float) -> None:
        self.moment += timedelta(**units)


class FragileDocuments(MemoryDocuments):
    """Documents that can refuse to be written."""

    is_down = False

    async def put(self, name: str, body: bytes) -> str:
        if self.is_down:
            raise TableUnavailableError("down")
        return await super().put(name, body)

    async def json(self, name: str) -> dict[str, object] | None:
        document = await self.find(name)
        if document is None:
            return None
        value: dict[str, object] = json.loads(document.body)
        return value


def soup(price: str = "89.5") -> SimphonyMenu:
    """A menu of one soup."""
    definition = Definition(prices=(Price(price=Decimal(price)),))
    return SimphonyMenu(
        menu_id="m",
        menu_items=(MenuItem(menu_item_id=7, name={"en-US": "Soup"}, definitions=(definition,)),),
    )


@dataclass
class FakeSimphony:
    """Answers what it is told to; `errors` by the name of a call; `sent`: which reads were whole."""

    clock: ManualClock
    menu: SimphonyMenu = field(default_factory=soup)
    unavailable: UnavailableItems = field(default_factory=UnavailableItems)
    taxes: Taxes = field(default_factory=Taxes)
    subscriptions: list[Subscription] = field(default_factory=list)
    registered: WebhookKey | None = None
    sent: list[bool] = field(default_factory=list)
    errors: dict[str, SimphonyError] = field(default_factory=dict)
    bearers: list[str] = field(default_factory=list)

    async def sign_in(self, account: Account, password: str) -> Tokens:
        self._check("sign_in")
        if password != SIMPHONY["password"]:
            raise SignInFailedError(SignInFailure.WRONG_CREDENTIALS)
        expires_at = self.clock.now() + timedelta(days=14)
        return Tokens(id_token=f"id of {account.username}", refresh_token="r", expires_at=expires_at)

    async def get_location(self, connection: Connection, bearer: str) -> Location:
        self._check("get_location", bearer)
        return Location(loc_ref=connection.loc_ref, name="Copenhagen", currency="DKK")

    async def get_revenue_center(self, connection: Connection, bearer: str) -> RevenueCenter:
        self._check("get_revenue_center", bearer)
        return RevenueCenter(rvc_ref=connection.rvc_ref, name="Restaurant")

    async def get_menu(
        self, connection: Connection, bearer: str, *, held: Versioned[SimphonyMenu] | None = None
    ) -> Versioned[SimphonyMenu] | None:
        assert connection.rvc_ref == SIMPHONY["rvc_ref"]
        self._check("get_menu", bearer)
        return self._unless(held, self.menu)

    async def get_unavailable(
        self, connection: Connection, bearer: str, *, held: Versioned[UnavailableItems] | None = None
    ) -> Versioned[UnavailableItems] | None:
        assert connection.account
        self._check("get_unavailable", bearer)
        return self._unless(held, self.unavailable)

    async def get_taxes(
        self, connection: Connection, bearer: str, *, held: Versioned[Taxes] | None = None
    ) -> Versioned[Taxes] | None:
        assert connection.account
        self._check("get_taxes", bearer)
        return self._unless(held, self.taxes)

    async def register(self, connection: Connection, bearer: str, key: WebhookKey) -> None:
        assert connection.account
        self._check("register", bearer)
        self.registered = key

    async def get_subscriptions(self, connection: Connection, bearer: str) -> tuple[Subscription, ...]:
        assert connection.account
        self._check("get_subscriptions", bearer)
        return tuple(self.subscriptions)

    async def subscribe(self, connection: Connection, bearer: str, wanted: Subscription) -> Subscription:
        assert connection.account
        self._check("subscribe", bearer)
        made = wanted.model_copy(update={"subscription_id": f"s{len(self.subscriptions) + 1}"})
        self.subscriptions.append(made)
        return made

    async def unsubscribe(self, connection: Connection, bearer: str, subscription_id: str) -> None:
        assert connection.account
        self._check("unsubscribe", bearer)
        self.subscriptions = [each for each in self.subscriptions if each.subscription_id != subscription_id]

    def _unless[T](self, held: Versioned[T] | None, value: T) -> Versioned[T] | None:
        present = f'"{hashlib.sha256(repr(value).encode()).hexdigest()}"'
        is_held = held is not None and held.etag == present
        self.sent.append(not is_held)
        return None if is_held else Versioned(value, present)

    def _check(self, name: str, bearer: str | None = None) -> None:
        if bearer is not None:
            self.bearers.append(bearer)
        if name in self.errors:
            raise self.errors[name]


class TenantRegion:
    """Region api1, its peers' directories, and its apps as a server sees them."""

    def __init__(
        self, new_table: Callable[[], Table] = MemoryTable, accounts: Sequence[str] = (MAIN,)
    ) -> None:
        self.clock = ManualClock()
        self.config, self.agenda = FaultyTable(new_table()), FaultyTable(new_table())
        self.sessions, self.settings = FaultyTable(new_table()), FaultyTable(new_table())
        self.tokens = FaultyTable(new_table())
        self.directories = {region: FaultyTable(new_table()) for region in REGIONS}
        self.documents = FragileDocuments()
        self.simphony = FakeSimphony(self.clock)
        self.outbox = DirectoryOutbox(
            self.config, Agenda(self.agenda, DIRECTORY, self.clock), self.directories, accounts
        )
        self.auth = Guard(create_api("auth", *self._auth()), "api1")
        self.config_app = Guard(create_api("config", *self._config()), "api1")
        self.staff = {"Authorization": f"Bearer {staff.issue_token(STAFF_KEY)}"}

    def authenticate(self) -> Authenticate:
        keys = PublicKeys(self.settings, self.clock.monotonic)
        return Authenticate("api1", REGIONS, keys, staff.ISSUER, staff.to_public_jwks(STAFF_KEY), self.clock)

    def _directory(self) -> Directory:
        """One for each app: they share no memory."""
        return Directory(self.directories["api1"], "api1", REGIONS, self.clock.monotonic)

    def _companies(self, directory: Directory) -> Companies:
        return Companies(CompanyStore(self.config, self.outbox), directory, self.outbox)

    def _auth(self) -> tuple[APIRouter, ...]:
        directory, authenticate = self._directory(), self.authenticate()
        tokens = AccessTokens(self.settings, "api1", SIGNING_KEY, secrets.token_bytes)
        sessions = GuestSessions(
            SessionStore(self.sessions), tokens, directory, self.clock, secrets.token_bytes
        )
        return (
            auth_api.router(sessions, tokens, authenticate),
            companies_api.router(self._companies(directory), authenticate),
            health_router("auth", "api1"),
        )

    def _config(self) -> tuple[APIRouter, ...]:
        directory, authenticate = self._directory(), self.authenticate()
        publications = Agenda(self.agenda, PUBLISH, self.clock)
        store = PropertyStore(self.config, publications, self.outbox)
        self.publishing = Publishing(store, self.documents, publications)
        companies = self._companies(directory)
        properties = Properties(store, self.publishing, companies, directory, self.outbox)
        outbox = token_outbox(self.tokens, Agenda(self.agenda, TOKENS, self.clock), {})
        self.stored_tokens = TokenKeeper("api1", self.tokens, OPENER, SEALER, outbox, self.clock)
        connected = Agenda(self.agenda, CONNECTED, self.clock)
        self.subscriptions = Subscriptions(
            store,
            connected,
            self.simphony,
            self.stored_tokens,
            "https://api1.muneris.example",
            WEBHOOK_SECRET,
        )
        connections = SimphonyConnections(
            properties,
            store,
            self.publishing,
            self.simphony,
            self.stored_tokens,
            connected,
            self.subscriptions,
        )
        menus = Menus(
            properties,
            store,
            self.publishing,
            self.documents,
            MenuSource(self.simphony, self.stored_tokens, self.documents),
            MenuStatuses(self.config),
            self.clock,
        )
        self.asked = AskedRefreshes(self.agenda, self.clock)
        self.upkeep = MenuUpkeep(menus, connected, self.asked)
        webhooks = Webhooks(properties, ToldMessages(self.config), self.asked, WEBHOOK_SECRET, self.clock)
        return (
            config_api.router(properties, connections, menus, webhooks, authenticate),
            health_router("config", "api1"),
        )

    async def send(
        self,
        method: str,
        path: str,
        json: object = None,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        anonymous: bool = False,
    ) -> Response:
        """A request to the app that the path names, as staff unless headers or `anonymous` say otherwise."""
        app = self.auth if path.startswith("/v1/auth/") else self.config_app
        signed = {} if anonymous else self.staff
        return await call(app, method, path, json=json, body=body, headers={**signed, **(headers or {})})

    async def add_company(self) -> None:
        assert (await self.send("POST", "/v1/auth/companies", COMPANY)).status == 202
        assert (await self.send("POST", "/v1/auth/companies/NOR/activate")).status == 204

    async def add_property(self) -> None:
        await self.add_company()
        assert (await self.send("PUT", AT, PROPERTY)).status == 201

    async def connect(self) -> None:
        assert (await self.send("PUT", f"{AT}/simphony", SIMPHONY)).status == 200

    async def start_guest(self, property_code: str = "NOR-CPH01") -> dict[str, Any]:
        answer = await self.send(
            "POST", "/v1/auth/guest-sessions", {"property_code": property_code}, anonymous=True
        )
        assert answer.status == 201
        tokens: dict[str, Any] = answer.json()
        return tokens


def bearer(access_token: str) -> dict[str, str]:
    """The header that signs a request."""
    return {"Authorization": f"Bearer {access_token}"}
