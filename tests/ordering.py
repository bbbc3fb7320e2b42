"""One region's orders and inventory over given tables: a clock moved by hand, events delivered on demand."""

import asyncio
import itertools
import json
import logging
import os
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from tests.asgi import Response, call
from tests.faults import Faults, FaultyTable
from tests.point_of_sale import FakePointOfSale
from tests.restaurant import CODE, MENU, NOON, ORDER, PROPERTY, RECIPES, ROUND
from tests.tenants import REGIONS, SIGNING_KEY, STAFF_KEY, ManualClock, bearer

from localcloud import staff
from muneris.auth.access_tokens import AccessTokens
from muneris.auth.model import Session
from muneris.cloud.agenda import REMEMBERED_FOR, Agenda
from muneris.cloud.documents.memory import MemoryDocuments
from muneris.cloud.events import Event, EventsUnavailableError
from muneris.cloud.events.shared import SharedPublisher
from muneris.cloud.http import Authenticate, PublicKeys, create_api
from muneris.cloud.http.app_health import health_router
from muneris.cloud.http.guard import Guard
from muneris.cloud.queues import PoisonQueues
from muneris.cloud.queues.memory import MemoryQueues
from muneris.cloud.tables import Row, Table, rows_between, rows_with_prefix
from muneris.cloud.tables.memory import MemoryTable
from muneris.core.attempts import Attempts
from muneris.core.identity import STAFF, Caller
from muneris.core.ids import new_uuid7
from muneris.core.operational import OperationalError
from muneris.core.turns import Turns
from muneris.directory import Directory, record_home
from muneris.inventory import api as inventory_api
from muneris.inventory.availability import Availability
from muneris.inventory.events import COMMANDS, StockAnswers
from muneris.inventory.holds import Holds
from muneris.inventory.model import StockItem
from muneris.inventory.movements import Movements
from muneris.inventory.publishing import Publishing
from muneris.inventory.service import Inventory
from muneris.inventory.store import InventoryStore
from muneris.inventory.upkeep import AGENDA as STOCK
from muneris.orders.changes import Changes
from muneris.orders.events import ANSWER_TO
from muneris.orders.intake import api as intake_api
from muneris.orders.intake import rounds_api, switch_api
from muneris.orders.intake.acceptance import Acceptance
from muneris.orders.intake.calculator import Calculator
from muneris.orders.intake.guests import GuestLimit
from muneris.orders.intake.rounds import Added, AddRound, Rounds
from muneris.orders.intake.service import Intake, Placed, PlaceOrder
from muneris.orders.intake.slots import Slots
from muneris.orders.intake.switch import IntakeSwitch
from muneris.orders.life import api as life_api
from muneris.orders.life.commands import OrderCommands
from muneris.orders.life.posting import Posting
from muneris.orders.life.progress import Progress
from muneris.orders.life.scheduler import Scheduler
from muneris.orders.life.targets import Targets
from muneris.orders.model import Order, Work
from muneris.orders.operations import health_api, poison_api, work_api
from muneris.orders.operations.backlog import Backlog
from muneris.orders.operations.health import Health, Symptom, silent_simphony
from muneris.orders.operations.owed import OwedWork
from muneris.orders.read_models import ReadModels
from muneris.orders.reading import api as reading_api
from muneris.orders.reading.attention import AGENDA as ATTENTION
from muneris.orders.reading.attention import Attention
from muneris.orders.reading.listing import OrderList
from muneris.orders.reading.queries import OrderQueries
from muneris.orders.store import OrderStore
from muneris.simphony.pre_check import PreCheck

_log = logging.getLogger(__name__)

DEADLINE = timedelta(seconds=65)
GUEST_LIMIT = 3
POST, VOID = "muneris.check.post", "muneris.check.void"
OWNER = Caller("staff", STAFF)
QUEUES = tuple(f"{name}{suffix}" for name in ("orders-inbox", "orders-post") for suffix in ("", "-poison"))


class Published[T]:
    """A read model that a test writes; an empty one knows nothing. `expected`: what was to be read soon."""

    def __init__(self, **values: T) -> None:
        self.values: dict[str, T] = {code.replace("_", "-"): value for code, value in values.items()}
        self.expected: list[str] = []

    async def find(self, property_code: str) -> T | None:
        return self.values.get(property_code)

    def expect(self, property_code: str) -> None:
        self.expected.append(property_code)


@dataclass
class Bus:
    """Event Grid and its queues: keeps what was published until it is delivered.

    A publish with an event that it `refuses` fails as a whole; `publishes` counts those that did not.
    """

    faults: Faults
    published: list[Event] = field(default_factory=list)
    waiting: deque[Event] = field(default_factory=deque)
    refuses: Callable[[Event], bool] = lambda _: False
    publishes: int = 0

    async def publish(self, events: Sequence[Event]) -> None:
        if any(self.refuses(event) for event in events):
            raise EventsUnavailableError("refused")
        await self.faults.around(lambda: self._take(events), _not_taken, _not_taken)
        self.publishes += 1

    def down(self) -> None:
        self.refuses = lambda _: True

    def up(self) -> None:
        self.refuses = lambda _: False

    async def _take(self, events: Sequence[Event]) -> None:
        self.published += events
        self.waiting += events

    def said(self, event_type: str) -> list[Event]:
        return [event for event in self.published if event.type == event_type]


def _not_taken() -> Exception:
    return EventsUnavailableError("lost")


class OrderingRegion:
    """Region api1 with property NOR-CPH01. Tables default to memory; the same ones survive `restart`."""

    def __init__(
        self,
        orders: Table | None = None,
        agenda: Table | None = None,
        inventory: Table | None = None,
        *,
        guest_limit: int = GUEST_LIMIT,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.clock = ManualClock(NOON)
        self.faults = Faults()
        self.orders = FaultyTable(orders, self.faults)
        self.agenda_table = FaultyTable(agenda, self.faults)
        self.stock = FaultyTable(inventory, self.faults)
        self.directory, self.settings = MemoryTable(), MemoryTable()
        self.bus = Bus(self.faults)
        self.pos = FakePointOfSale(self.clock, self.faults)
        self.properties = Published(NOR_CPH01=PROPERTY)
        self.menus = Published(NOR_CPH01=MENU)
        self.recipes = Published(NOR_CPH01=RECIPES)
        self.availability = Published[Availability]()
        self.documents = MemoryDocuments()
        self.queues = MemoryQueues(self.clock, *QUEUES)
        self.deaths = 0
        self._guest_limit = guest_limit
        self._sleep = sleep
        self._random = itertools.count()
        self.restart()

    def restart(self) -> None:
        """Every process anew: what was only in memory is gone."""
        changes = Changes(self.orders, sleep=self._sleep)
        self.store = OrderStore(self.orders, changes)
        self.agenda = Agenda(self.agenda_table, "region", self.clock, remembered=REMEMBERED_FOR)
        self.targets = Targets(self.agenda_table, self.clock, self.clock.monotonic)
        publisher = SharedPublisher(self.bus, pace_seconds=0)  # nobody is to wait for real time
        self.scheduler = Scheduler(
            self.store, self.agenda, self.targets, publisher, self.clock, chance=lambda: 0.5
        )
        self.homes = Directory(self.directory, "api1", REGIONS, self.clock.monotonic)
        read_models = ReadModels(self.homes, self.properties, self.menus, self.recipes, self.availability)
        guests = GuestLimit(self.store, self._guest_limit)
        slots = Slots(self.orders, self.store)
        acceptance = Acceptance(
            self.store, self.agenda, self.scheduler, guests, slots, sleep=self._sleep, chance=lambda: 0.5
        )
        self.switch = IntakeSwitch(self.orders, self.clock, monotonic=self.clock.monotonic)
        calculator = Calculator(PreCheck(self.pos, self.clock))
        self.intake = Intake(
            "api1", self.store, self.switch, guests, acceptance,
            calculator=calculator, read_models=read_models, clock=self.clock,
        )  # fmt: skip
        self.progress = Progress(self.store, self.scheduler, self.targets, self.clock, self.recipes)
        self.attention = Attention(Agenda(self.agenda_table, ATTENTION, self.clock), self.store)
        self.posting = Posting(
            self.store, self.scheduler, self.targets, self.attention, self.pos, self.clock, deadline=DEADLINE
        )
        self.rounds = Rounds(
            self.store,
            self.agenda,
            self.scheduler,
            read_models,
            self.clock,
            sleep=self._sleep,
            chance=lambda: 0.5,
        )
        self.commands = OrderCommands(
            self.store,
            self.agenda,
            self.scheduler,
            self.homes,
            self.clock,
            sleep=self._sleep,
            chance=lambda: 0.5,
        )
        to_look_after = Agenda(self.agenda_table, STOCK, self.clock, remembered=REMEMBERED_FOR)
        stock = InventoryStore(self.stock, to_look_after, self.clock)
        attempts = Attempts("the stock of", turns=Turns())
        self.publishing = Publishing(
            stock, self.documents, self.clock, sleep=self._sleep, monotonic=self.clock.monotonic
        )
        self.inventory = Inventory(stock, self.publishing, self.clock, attempts)
        self.movements = Movements(stock, self.publishing, self.clock, attempts)
        self.holds = Holds(stock, self.publishing, self.clock, attempts)
        self.answers = StockAnswers(self.holds, publisher)
        self.queries = OrderQueries(
            self.store, self.homes, changes, OrderList(self.orders), monotonic=self.clock.monotonic
        )
        self.poison = PoisonQueues(self.queues)
        self.backlog = Backlog(
            self.store, self.agenda, self.attention, self.poison, self.clock, monotonic=self.clock.monotonic
        )
        self.owed = OwedWork(self.store, self.agenda, self.clock)
        for app in ("app", "inventory_app"):
            self.__dict__.pop(app, None)

    @cached_property
    def app(self) -> Guard:
        """The orders app as a server sees it."""
        symptoms = {
            "simphony": silent_simphony(self.targets),
            "work": Symptom("late", self.backlog.is_late),
            "poison": Symptom("some", self.backlog.has_poison),
        }
        health = Health("api1", self.settings, _yes, {}, symptoms, self.clock.monotonic)
        authenticate = self._authenticate()
        routers = (
            intake_api.router(self.intake, authenticate),
            health_api.router(health),
            health_router("orders", "api1"),
            life_api.router(self.commands, authenticate),
            rounds_api.router(self.rounds, authenticate),
            switch_api.router(self.switch, self.homes, authenticate),
            poison_api.router(self.poison, authenticate),
            work_api.router(self.owed, self.backlog, self.attention, self.homes, self.clock, authenticate),
            reading_api.router(self.queries, authenticate),
        )
        return Guard(create_api("orders", *routers), "api1")

    @cached_property
    def inventory_app(self) -> Guard:
        """The inventory app as a server sees it."""
        router = inventory_api.router(
            self.inventory, self.movements, self.homes, self._authenticate(), self.clock
        )
        return Guard(create_api("inventory", router), "api1")

    def _authenticate(self) -> Authenticate:
        keys = PublicKeys(self.settings, self.clock.monotonic)
        return Authenticate("api1", REGIONS, keys, staff.ISSUER, staff.to_public_jwks(STAFF_KEY), self.clock)

    async def open(self, bun: int = 100, beef: int = 100) -> None:
        """Its home is known and it has stock."""
        await record_home(self.directory, CODE, "api1", 1)
        await record_home(self.directory, "NOR-BER01", "api2", 1)
        for sku, quantity in {"bun": bun, "beef": beef}.items():
            await self.inventory.put_item(CODE, StockItem(sku=sku, name=sku, on_hand=Decimal(quantity)))

    async def add_property(self, code: str) -> None:
        """Another property of the region, with the same menu and no stock."""
        await record_home(self.directory, code, "api1", 1)
        self.properties.values[code] = PROPERTY.model_copy(update={"code": code})
        self.menus.values[code] = MENU
        self.recipes.values[code] = RECIPES

    def staff(self) -> dict[str, str]:
        """The header of staff."""
        return bearer(staff.issue_token(STAFF_KEY, int(self.clock.now().timestamp())))

    async def guest(self, subject: str, property_code: str = CODE, issuer: str = "api1") -> dict[str, str]:
        """The header of a guest."""
        now = self.clock.now()
        tokens = AccessTokens(self.settings, issuer, SIGNING_KEY, os.urandom)
        session = Session(property_code, "s", subject, now + timedelta(days=1), b"")
        return bearer((await tokens.issue(session, now))[0])

    def key(self) -> str:
        """A new Idempotency-Key of the clock's time."""
        number = next(self._random)
        return str(new_uuid7(self.clock.now(), number.to_bytes))

    async def place(
        self,
        key: str | None = None,
        order: object = ORDER,
        *,
        by: Mapping[str, str] | None = None,
        at: str = CODE,
        body: bytes | None = None,
    ) -> Response:
        """A request to place an order, by staff unless `by` says otherwise; an empty `key` sends none."""
        headers = dict(self.staff() if by is None else by)
        if key != "":
            headers["Idempotency-Key"] = self.key() if key is None else key
        sent = json.dumps(order).encode() if body is None else body
        return await call(self.app, "POST", f"/v1/orders/{at}", headers=headers, body=sent)

    async def get(
        self, order_id: object, *, by: Mapping[str, str] | None = None, query: str = "", etag: str = ""
    ) -> Response:
        """A request for an order, by staff unless `by` says otherwise."""
        headers = dict(self.staff() if by is None else by) | ({"If-None-Match": etag} if etag else {})
        return await call(self.app, "GET", f"/v1/orders/{CODE}/{order_id}{query}", headers=headers)

    async def accepted(self, order: object = ORDER) -> UUID:
        """A new order of staff's, accepted."""
        placed = await self.place(order=order)
        assert placed.status == 202
        return UUID(placed.json()["order_id"])

    async def submit(self, key: str, caller: Caller = OWNER, order: object = ORDER) -> Placed:
        """Place an order past HTTP."""
        return await self.intake.place(PlaceOrder(caller, CODE, key, json.dumps(order).encode()))

    async def submit_until_answered(self, key: str) -> Placed:
        """As an app does: the same order again until there is an answer."""
        while True:
            try:
                return await self.submit(key)
            except OperationalError as error:
                _log.info("not accepted: %s", error)
            except asyncio.CancelledError:
                await self._die()
            self.clock.advance(seconds=1)

    async def cancel_until_answered(self, order_id: UUID) -> None:
        """As an app does: the same cancel by staff again until there is an answer."""
        while True:
            try:
                await self.commands.cancel(OWNER, CODE, str(order_id), None)
            except OperationalError as error:
                _log.info("not cancelled: %s", error)
            except asyncio.CancelledError:
                await self._die()
            else:
                return
            self.clock.advance(seconds=1)

    async def confirmed(self, order: object = ORDER) -> UUID:
        """A new order of staff's, confirmed, with nothing left to do."""
        order_id = await self.accepted(order)
        await self.pump()
        return order_id

    async def add_round(
        self,
        order_id: object,
        key: str | None = None,
        body: object = ROUND,
        *,
        by: Mapping[str, str] | None = None,
    ) -> Response:
        """A request to add a round, by staff unless `by` says otherwise; an empty `key` sends none."""
        headers = dict(self.staff() if by is None else by)
        if key != "":
            headers["Idempotency-Key"] = self.key() if key is None else key
        path, sent = f"/v1/orders/{CODE}/{order_id}/rounds", json.dumps(body).encode()
        return await call(self.app, "POST", path, headers=headers, body=sent)

    async def submit_round(self, order_id: UUID, key: str, body: object = ROUND) -> Added:
        """Add a round past HTTP."""
        return await self.rounds.add(AddRound(OWNER, CODE, str(order_id), key, json.dumps(body).encode()))

    async def add_round_until_answered(self, order_id: UUID, key: str, body: object = ROUND) -> Added:
        """As an app does: the same round again until there is an answer."""
        while True:
            try:
                return await self.submit_round(order_id, key, body)
            except OperationalError as error:
                _log.info("not added: %s", error)
            except asyncio.CancelledError:
                await self._die()
            self.clock.advance(seconds=1)

    async def order(self, order_id: UUID) -> Order:
        stored = await self.store.find(CODE, order_id)
        assert stored is not None
        return stored.order

    async def rows(self) -> list[Row]:
        """Everything that is stored."""
        tables = (self.orders, self.agenda_table, self.stock)
        return [
            row
            for table in tables
            for code in (CODE, "region")
            async for row in rows_between(table, code, "")
        ]

    async def open_orders(self) -> list[str]:
        return [row.key async for row in rows_with_prefix(self.orders, CODE, "open|")]

    async def works(self, code: str = CODE) -> list[Work]:
        return [work async for work in self.store.works(code)]

    async def item(self, sku: str) -> tuple[str, str]:
        """What is on hand of an item, and held."""
        item = await self.inventory.find_item(CODE, sku)
        assert item is not None
        return str(item.on_hand), str(item.held)

    async def deliver(self, event: Event) -> None:
        """Give an event to whoever its subscription names; a fault ends it as a queue trigger would."""
        try:
            if event.type in COMMANDS:
                await self.answers.answer(event)
            elif event.type in {POST, VOID}:
                await self.posting.post(event)
            elif event.type in ANSWER_TO:
                await self.progress.apply(event)
        except OperationalError as error:
            _log.info("%s is left to be asked again: %s", event.id, error)
        except asyncio.CancelledError:
            await self._die()

    def take(self, event_type: str) -> Event:
        """An event that waits, kept from the pump."""
        event = next(event for event in self.bus.waiting if event.type == event_type)
        self.bus.waiting.remove(event)
        return event

    async def reserved(self) -> tuple[UUID, Event]:
        """An order whose stock is held, and the ask to post it, not delivered yet."""
        order_id = await self.accepted()
        await self.scheduler.quiet()
        await self.deliver(self.take("muneris.stock.reserve"))
        await self.deliver(self.take("muneris.stock.reserved"))
        await self.scheduler.quiet()
        return order_id, self.take(POST)

    async def reserve_all(self) -> None:
        """Deliver until only asks to post wait: every order has inventory's answer."""
        await self.scheduler.quiet()
        posts = []
        while self.bus.waiting:
            event = self.bus.waiting.popleft()
            if event.type == POST:
                posts.append(event)
                continue
            await self.deliver(event)
            await self.scheduler.quiet()
        self.bus.waiting.extend(posts)

    async def pump(self) -> None:
        """Deliver until nothing waits."""
        await self.scheduler.quiet()
        while self.bus.waiting:
            await self.deliver(self.bus.waiting.popleft())
            await self.scheduler.quiet()

    async def sweep(self, seconds: float = 5) -> None:
        """One turn of the timer, and all that comes of it."""
        self.clock.advance(seconds=seconds)
        try:
            await self.scheduler.sweep()
        except OperationalError as error:
            _log.info("sweep failed: %s", error)
        except asyncio.CancelledError:
            await self._die()
        await self.pump()

    async def sweep_until_quiet(self, seconds: float = 5, most: int = 400) -> None:
        """Sweep until nothing is owed."""
        for _ in range(most):
            if not await self.works():
                return
            await self.sweep(seconds)
        raise AssertionError(f"still owed: {await self.works()}")

    async def _die(self) -> None:
        """What of the process is still under way ends, and a new one takes its place."""
        self.deaths += 1
        await self.scheduler.quiet()
        self.faults.revive()
        self.restart()


async def _yes() -> bool:
    return True
