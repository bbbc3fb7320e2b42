"""The processes of a region: composed as the apps are, each with a clock and a memory of its own, mortal."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from datetime import timedelta

from tests.faults import FaultyTable
from tests.ordering import Published
from tests.point_of_sale import FakePointOfSale
from tests.simulation.seeded.events import EventGrid, LinkedPublisher
from tests.simulation.seeded.network import Climate, Link, LinkedDocuments, Net, NotedTable
from tests.simulation.seeded.restaurants import Restaurants
from tests.simulation.seeded.virtual_time import SkewedClock
from tests.tenants import REGIONS

from muneris.cloud.agenda import REMEMBERED_FOR, Agenda
from muneris.cloud.documents import Documents
from muneris.cloud.events import Event
from muneris.cloud.events.shared import SharedPublisher
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables import Table
from muneris.cloud.tables.grouped import GroupedTable
from muneris.cloud.tables.retried import RetriedTable
from muneris.config.menu import Menu
from muneris.config.property import Property
from muneris.core.attempts import Attempts
from muneris.core.turns import Turns
from muneris.directory import Directory
from muneris.inventory.events import StockAnswers
from muneris.inventory.holds import Holds
from muneris.inventory.movements import Movements
from muneris.inventory.publishing import Publishing
from muneris.inventory.read_models import availability_read_model, recipe_read_model
from muneris.inventory.service import Inventory
from muneris.inventory.store import InventoryStore
from muneris.inventory.upkeep import AGENDA as STOCK
from muneris.inventory.upkeep import Upkeep
from muneris.orders.changes import Changes
from muneris.orders.intake.acceptance import Acceptance
from muneris.orders.intake.calculator import Calculator
from muneris.orders.intake.guests import GuestLimit
from muneris.orders.intake.rounds import Rounds
from muneris.orders.intake.service import Intake
from muneris.orders.intake.slots import Slots
from muneris.orders.intake.switch import IntakeSwitch
from muneris.orders.life.commands import OrderCommands
from muneris.orders.life.posting import Posting
from muneris.orders.life.progress import Progress
from muneris.orders.life.scheduler import Scheduler
from muneris.orders.life.targets import Targets
from muneris.orders.read_models import ReadModels
from muneris.orders.reading.attention import AGENDA as ATTENTION
from muneris.orders.reading.attention import Attention
from muneris.orders.reading.listing import OrderList
from muneris.orders.reading.queries import OrderQueries
from muneris.orders.store import OrderStore
from muneris.simphony.pre_check import PreCheck

STORAGE = Climate()
SIMPHONY = Climate(
    leg=(0.05, 0.6),
    slow_leg=(2.0, 40.0),
    slow=0.03,
    fails=0.03,
    loses_answer=0.04,
    silence=70.0,  # longer than anybody waits
    lateness=25.0,
)
DEADLINE = timedelta(seconds=65)
GUEST_LIMIT = 5
OF_SIMPHONY = frozenset({"muneris.check.post", "muneris.check.void"})
"""What the queue `orders-post` has; the rest is in `orders-inbox`."""


@dataclass(frozen=True)
class Surroundings:
    """What the processes of a region share: its storage, its events, and each restaurant's Simphony."""

    region: str
    tables: Mapping[str, Table]
    documents: Documents
    grid: EventGrid
    restaurants: Mapping[str, FakePointOfSale]
    properties: Published[Property]
    menus: Published[Menu]
    net: Net


_WHOSE: ContextVar["Process"] = ContextVar("whose")
"""The process that a task belongs to. What it does for many together is a task of nobody's."""


class Process(ABC):
    """One process of one app: what is only in its memory dies with it."""

    def __init__(self, name: str, around: Surroundings, clock: SkewedClock) -> None:
        self.name = name
        self.is_dead = False
        self._around = around
        self._clock = clock
        self._storage = Link(self, f"{around.region}/storage", around.net, STORAGE)
        self._documents = LinkedDocuments(around.documents, self._storage)
        self._chance = around.net.chance.random
        events = Link(self, f"{around.region}/events", around.net, STORAGE)
        self._publisher = SharedPublisher(LinkedPublisher(around.grid, events, name))

    @abstractmethod
    async def handle(self, event: Event) -> None:
        """React to an event from its queue."""

    def spawn[T](self, doing: Coroutine[object, object, T]) -> asyncio.Task[T]:
        """Have the process do something."""
        context = copy_context()
        context.run(_WHOSE.set, self)
        return asyncio.get_running_loop().create_task(doing, context=context)

    def die(self) -> None:
        """End whatever it does, wherever it is; what is left of it reaches nobody any more."""
        self.is_dead = True
        ours = (task for task in asyncio.all_tasks() if task.get_context().get(_WHOSE) is self)
        for task in sorted(ours, key=lambda task: int(task.get_name().removeprefix("Task-"))):
            task.cancel()

    def _retried(self, name: str) -> RetriedTable:
        around = self._around
        noted = NotedTable(around.tables[name], f"{around.region}/{name}", self.name, around.net.journal)
        policy = RetryPolicy(chance=self._chance, monotonic=self._clock.monotonic)
        mark = around.net.chance.getrandbits
        return RetriedTable(FaultyTable(noted, self._storage), policy, lambda: f"{mark(48):012x}")

    def _grouped(self, name: str) -> GroupedTable:
        return GroupedTable(self._retried(name))

    def _directory(self) -> Directory:
        return Directory(self._retried("Directory"), self._around.region, REGIONS, self._clock.monotonic)


class OrdersProcess(Process):
    """The orders app."""

    def __init__(self, name: str, around: Surroundings, clock: SkewedClock) -> None:
        super().__init__(name, around, clock)
        orders, agenda, chance = self._grouped("Orders"), self._retried("Agenda"), self._chance
        changes = Changes(orders)
        store = OrderStore(orders, changes)
        touched = Agenda(agenda, "region", clock, remembered=REMEMBERED_FOR)
        targets = Targets(agenda, clock, clock.monotonic)
        self.scheduler = Scheduler(store, touched, targets, self._publisher, clock, chance=chance)
        homes, guests = self._directory(), GuestLimit(store, GUEST_LIMIT)
        read = ReadModels(
            homes,
            around.properties,
            around.menus,
            recipe_read_model(self._documents, monotonic=clock.monotonic),
            availability_read_model(self._documents, monotonic=clock.monotonic),
        )
        slots = Slots(orders, store, monotonic=clock.monotonic)
        acceptance = Acceptance(store, touched, self.scheduler, guests, slots, chance=chance)
        switch = IntakeSwitch(orders, clock, monotonic=clock.monotonic)
        restaurants = Restaurants(around.restaurants, self._links(), clock)
        calculator = Calculator(PreCheck(restaurants, clock))
        self.intake = Intake(
            around.region, store, switch, guests, acceptance,
            calculator=calculator, read_models=read, clock=clock,
        )  # fmt: skip
        self.rounds = Rounds(store, touched, self.scheduler, read, clock, chance=chance)
        self.queries = OrderQueries(store, homes, changes, OrderList(orders), monotonic=clock.monotonic)
        self.commands = OrderCommands(store, touched, self.scheduler, homes, clock, chance=chance)
        self._progress = Progress(store, self.scheduler, targets, clock, read.recipes)
        self._posting = Posting(
            store,
            self.scheduler,
            targets,
            Attention(Agenda(agenda, ATTENTION, clock), store),
            restaurants,
            clock,
            deadline=DEADLINE,
        )

    def _links(self) -> Mapping[str, Link]:
        """The way to each property's Simphony."""
        net, codes = self._around.net, self._around.restaurants
        return {code: Link(self, f"simphony {code}", net, SIMPHONY) for code in codes}

    async def handle(self, event: Event) -> None:
        if event.type in OF_SIMPHONY:
            await self._posting.post(event)
        else:
            await self._progress.apply(event)


class InventoryProcess(Process):
    """The inventory app."""

    def __init__(self, name: str, around: Surroundings, clock: SkewedClock) -> None:
        super().__init__(name, around, clock)
        touched = Agenda(self._retried("Agenda"), STOCK, clock, remembered=REMEMBERED_FOR)
        store = InventoryStore(self._grouped("Inventory"), touched, clock)
        publishing = Publishing(store, self._documents, clock, monotonic=clock.monotonic)
        attempts = Attempts("the stock of", turns=Turns(), chance=self._chance)
        self.inventory = Inventory(store, publishing, clock, attempts, random=around.net.chance.randbytes)
        self.movements = Movements(store, publishing, clock, attempts)
        self.upkeep = Upkeep(store, publishing, touched, clock)
        self.holds = Holds(store, publishing, clock, attempts)
        self._answers = StockAnswers(self.holds, self._publisher)

    async def handle(self, event: Event) -> None:
        await self._answers.answer(event)


@dataclass
class Machine[P: Process]:
    """A place for one process at a time; its clock goes on from one to the next."""

    name: str
    make: Callable[[str, SkewedClock], P]
    clock: SkewedClock
    process: P | None = None
    _starts: int = field(default=0)

    def start(self) -> None:
        """A new process takes the place of the one before."""
        self._starts += 1
        self.process = self.make(f"{self.name}#{self._starts}", self.clock)

    def stop(self) -> None:
        """Its process dies."""
        if self.process is not None:
            self.process.die()
        self.process = None
