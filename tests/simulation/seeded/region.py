"""One region of the simulation: storage, events and queues, machines, and its properties' Simphonys."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from tests.ordering import Published
from tests.point_of_sale import FakePointOfSale
from tests.restaurant import BURGER, MENU, PROPERTY, RECIPES, SODA
from tests.simulation.seeded.events import EventGrid, Queues
from tests.simulation.seeded.network import Net
from tests.simulation.seeded.processes import (
    InventoryProcess,
    Machine,
    OrdersProcess,
    Process,
    Surroundings,
)
from tests.simulation.seeded.virtual_time import SkewedClock

from muneris.cloud.documents.memory import MemoryDocuments
from muneris.cloud.tables.memory import MemoryTable
from muneris.config.ordering import Ordering
from muneris.config.property import Property
from muneris.core.operational import OperationalError
from muneris.directory import record_home
from muneris.inventory.availability import ItemAvailability
from muneris.inventory.model import StockItem, limit_sku

_SKEW, _SKEW_OF_A_RESTAURANT = 2.0, 300.0


@dataclass(frozen=True)
class Plan:
    """How a property is run: its stock, how it takes orders, and how many sodas it sells: None: any."""

    stock: int
    ordering: Ordering = field(default_factory=Ordering)
    sodas: int | None = None

    @property
    def delivered(self) -> Mapping[str, Decimal]:
        """All that is put in stock, by SKU."""
        stock = {"bun": Decimal(self.stock), "beef": Decimal(self.stock)}
        return stock if self.sodas is None else {**stock, limit_sku(SODA): Decimal(self.sodas)}


class Region:
    """A region with some properties."""

    def __init__(
        self, name: str, plans: Mapping[str, Plan], net: Net, table: type[MemoryTable] = MemoryTable
    ) -> None:
        self.name = name
        self.plans = plans
        self.net = net
        self.tables = {each: table() for each in ("Orders", "Inventory")}
        self.directory = MemoryTable()
        self.queues = Queues(net)
        self.grid = EventGrid(net, self.queues)
        self.restaurants = {code: self._simphony() for code in plans}
        self.around = Surroundings(
            region=name,
            tables={**self.tables, "Agenda": MemoryTable(), "Directory": self.directory},
            documents=MemoryDocuments(),
            grid=self.grid,
            restaurants=self.restaurants,
            properties=Published(**{_name(code): _property(code, plan) for code, plan in plans.items()}),
            menus=Published(**{_name(code): MENU for code in plans}),
            net=net,
        )
        self.orders = [self._machine("orders", number, OrdersProcess) for number in (1, 2)]
        self.inventory = [self._machine("inventory", number, InventoryProcess) for number in (1, 2)]
        self.queues.orders, self.queues.inventory = self.orders, self.inventory

    @property
    def targets(self) -> list[str]:
        """What its processes call."""
        return [f"{self.name}/storage", f"{self.name}/events", *(f"simphony {code}" for code in self.plans)]

    @property
    def machines(self) -> list[Machine[OrdersProcess] | Machine[InventoryProcess]]:
        """Where its processes run."""
        return [*self.orders, *self.inventory]

    async def open(self) -> None:
        """Start, and stock up."""
        for machine in self.machines:
            machine.start()
        process = self.inventory[0].process
        assert process is not None
        for code, plan in self.plans.items():
            for sku in ("bun", "beef"):
                item = StockItem(sku=sku, name=sku, on_hand=Decimal(plan.stock))
                await process.inventory.put_item(code, item)
            await process.inventory.put_recipe(code, BURGER, RECIPES.of(BURGER))
            if plan.sodas is not None:
                limited = ItemAvailability(state="limited", quantity=plan.sodas)
                await process.inventory.put_availability(code, SODA, limited)

    async def sweep(self) -> None:
        """A turn of the timer, in one process and now and then in two."""
        up = [machine.process for machine in self.orders if machine.process is not None]
        chance = self.net.chance
        for process in chance.sample(up, min(len(up), 2 if chance.random() < 0.1 else 1)):
            process.spawn(_unless_down(process.scheduler.sweep()))

    async def repair(self) -> None:
        """A turn of inventory's timer."""
        up = [machine.process for machine in self.inventory if machine.process is not None]
        if up:
            process = self.net.chance.choice(up)
            process.spawn(_unless_down(process.upkeep.repair()))

    def _simphony(self) -> FakePointOfSale:
        behind = timedelta(seconds=self.net.chance.uniform(-1, 1) * _SKEW_OF_A_RESTAURANT)
        return FakePointOfSale(SkewedClock(), behind=behind)

    def _machine[P: Process](self, app: str, number: int, make: type[P]) -> Machine[P]:
        clock = SkewedClock(timedelta(seconds=self.net.chance.uniform(-1, 1) * _SKEW))
        name = f"{self.name}/{app}-{number}"
        return Machine(name, lambda name, clock: make(name, self.around, clock), clock)


async def _unless_down(turn: Awaitable[None]) -> None:
    try:
        await turn
    except OperationalError:
        return  # the next one will do


def _property(code: str, plan: Plan) -> Property:
    return PROPERTY.model_copy(update={"code": code, "ordering": plan.ordering})


def _name(code: str) -> str:
    return code.replace("-", "_")


async def record_homes(regions: Sequence[Region]) -> None:
    """Every region knows where every property lives."""
    for knowing in regions:
        for region in regions:
            for code in region.plans:
                await record_home(knowing.directory, code, region.name, 1)
