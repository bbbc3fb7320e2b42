"""A seeded world: regions, customers and trouble, then calm; and whether every promise was kept."""

import asyncio
import hashlib
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from tests.simulation.invariants import Outside, SeenCheck, Stored, Violation, find_violations, read_stored
from tests.simulation.seeded.customers import Crowd, Customer
from tests.simulation.seeded.history import Journal, find_contradictions
from tests.simulation.seeded.network import Net
from tests.simulation.seeded.region import Plan, Region, record_homes
from tests.simulation.seeded.staff import Staff
from tests.simulation.seeded.trouble import Troubles, arrivals

from muneris.cloud.tables import rows_with_prefix
from muneris.cloud.tables.memory import MemoryTable
from muneris.config.ordering import Capacity, Ordering

ORDERS_PER_SECOND = 5.0
SWEEP_EVERY, REPAIR_EVERY = 5.0, 300.0
SWEEP_IN_THE_DARK = 20.0
"""Seconds while nothing happens but that something is away: it takes hours."""
QUIET_WITHIN = 4 * 3600.0
"""Seconds after the last trouble within which everything must have come to rest."""
AFTERMATH = 400.0
"""Seconds for the latest of late messages to arrive: they must change nothing."""
_PLANS = (
    Plan(100_000),
    Plan(100_000, Ordering(lead_minutes=5, capacity={"pickup": Capacity(in_progress=15, per_window=120)})),
    Plan(1_500, Ordering(expire_after_minutes=10, pre_check_ms=500), sodas=100),
    Plan(30, sodas=5),
)
"""A region's properties: some run out of places, of stock, or of patience."""
_COMPANIES = {"api1": "NOR", "api2": "GER", "api3": "IRL"}


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `digest` is the same for the same run."""

    seed: int
    violations: Sequence[Violation]
    statuses: Counter[str]
    answers: Counter[str]
    rounds: int
    troubles: int
    doubts: int
    virtual_seconds: float
    cpu_seconds: float
    digest: str
    journal: Journal

    @property
    def figures(self) -> Mapping[str, object]:
        """What there is to say of it in figures."""
        return {
            "seed": self.seed,
            "violations": len(self.violations),
            "statuses": dict(self.statuses.most_common()),
            "answers": dict(self.answers.most_common()),
            "rounds": self.rounds,
            "troubles": self.troubles,
            "doubts": self.doubts,
            "virtual_seconds": round(self.virtual_seconds),
            "cpu_seconds": round(self.cpu_seconds, 1),
            "digest": self.digest,
        }


class World:
    """Everything of one seed, over tables of one kind. `quiet_within`: seconds that its end may take."""

    def __init__(
        self, seed: int, table: type[MemoryTable] = MemoryTable, *, quiet_within: float = QUIET_WITHIN
    ) -> None:
        self._quiet_within = quiet_within
        self._seed = seed
        self._chance = random.Random(seed)  # noqa: S311 - the same world each time
        self._journal = Journal()
        self._net = Net(self._chance, self._journal)
        self._regions = [
            Region(name, _plans(company), self._net, table) for name, company in _COMPANIES.items()
        ]
        self._crowd = Crowd(self._regions, self._net)
        self._troubles = Troubles(self._regions, self._net)
        self._staff = Staff(self._crowd)
        self._bugs: list[Violation] = []
        self._doubts = 0

    async def run(self, orders: int) -> Outcome:
        """Take so many orders in trouble, calm down, wait until all is quiet, and look at what is left."""
        began = time.process_time()
        with _errors_of_the_product(self._bugs):
            self._net.is_calm = True
            await record_homes(self._regions)
            for region in self._regions:
                await region.open()
            self._net.is_calm = False
            timers = _begin(*(timer for region in self._regions for timer in _timers(region)))
            trouble = _begin(*self._troubles.all(), self._staff.move_stock())
            dark = asyncio.create_task(self._troubles.go_dark())
            await self._take(orders)
            await _end(trouble)
            self._troubles.end()
            await dark
            await self._come_to_rest()
            await self._settle_doubts()
            await asyncio.sleep(AFTERMATH)
            await _end(timers)
        stored, violations = await self._look_back()
        return Outcome(
            self._seed,
            violations,
            statuses=Counter(each.order.status for each in stored.orders.values()),
            answers=Counter(each.outcome for each in self._crowd.history.placings),
            rounds=len(self._crowd.history.rounds),
            troubles=self._troubles.count,
            doubts=self._doubts,
            virtual_seconds=asyncio.get_running_loop().time(),
            cpu_seconds=time.process_time() - began,
            digest=_digest(stored),
            journal=self._journal,
        )

    async def _take(self, orders: int) -> None:
        async with asyncio.TaskGroup() as customers:
            before = 0.0
            for at in arrivals(self._chance, orders, ORDERS_PER_SECOND):
                await asyncio.sleep(at - before)
                before = at
                home = self._chance.choice(self._regions)
                code = self._chance.choice(list(home.plans))
                customers.create_task(Customer(self._crowd, home, code).live())

    async def _come_to_rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._quiet_within):
                while await self._is_owed():  # noqa: ASYNC110 - nothing signals that nothing is owed
                    await asyncio.sleep(SWEEP_EVERY)

    async def _settle_doubts(self) -> None:
        for region in self._regions:
            for code in region.plans:
                doubts = await self._staff.settle_doubts(region, code)
                self._doubts += doubts
                if doubts and code != self._troubles.dark_code:
                    found = f"{doubts} orders of {code} need attention, whose Simphony was reached in time"
                    self._bugs.append(Violation("only what is unknowable needs attention", found))
        await self._come_to_rest()

    async def _is_owed(self) -> bool:
        for region in self._regions:
            for code in region.plans:
                async for _ in rows_with_prefix(region.tables["Orders"], code, "work|"):
                    return True
        return False

    async def _look_back(self) -> tuple[Stored, list[Violation]]:
        stored = Stored({}, frozenset(), [], {}, {})
        for region in self._regions:
            stored |= await read_stored(
                list(region.plans), region.tables["Orders"], region.tables["Inventory"]
            )
        history = self._crowd.history
        outside = Outside(
            receipts=history.receipts,
            checks=[check for region in self._regions for check in _checks(region)],
            delivered={
                (code, sku): quantity
                for region in self._regions
                for code, plan in region.plans.items()
                for sku, quantity in plan.delivered.items()
            },
            moved=self._staff.heard,
            said=[event for region in self._regions for event in region.grid.said],
            asked=history.asked,
            limited=[each for region in self._regions for each in region.around.properties.values.values()],
        )
        poisoned = [each for region in self._regions for each in region.queues.poisoned]
        return stored, [
            *find_violations(stored, outside),
            *find_contradictions(history, stored),
            *self._crowd.surprises,
            *self._bugs,
            *(Violation("no message is poison", each) for each in poisoned),
        ]


def _plans(company: str) -> dict[str, Plan]:
    return {f"{company}-{number:02}": plan for number, plan in enumerate(_PLANS)}


def _checks(region: Region) -> Iterator[SeenCheck]:
    for code, restaurant in region.restaurants.items():
        for each in restaurant.opened:
            rounds = tuple(added.reference for added in each.rounds)
            order_id, check_ref = UUID(each.new.order_id), each.check.check_ref
            yield SeenCheck(code, order_id, check_ref, each.state != "voided", rounds, each.due)


def _timers(region: Region) -> Iterator[Coroutine[object, object, None]]:
    yield _every(lambda: SWEEP_IN_THE_DARK if region.net.is_dark else SWEEP_EVERY, region.sweep)
    yield _every(lambda: REPAIR_EVERY, region.repair)


async def _every(seconds: Callable[[], float], turn: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds())
        await turn()


def _begin(*doing: Coroutine[object, object, None]) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(each) for each in doing]


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@contextmanager
def _errors_of_the_product(found: list[Violation]) -> Iterator[None]:
    """Whatever the product logs as an error is a bug; its warnings are what trouble makes."""
    loggers = [logging.getLogger(name) for name in ("muneris", "asyncio")]
    handler = _Errors(found)
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.propagate = True


class _Errors(logging.Handler):
    def __init__(self, found: list[Violation]) -> None:
        super().__init__(logging.ERROR)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        if "needs attention" in record.getMessage():
            return  # as staff see it: they settle it
        error = f": {record.exc_info[1]!r}" if record.exc_info else ""
        self._found.append(Violation("nothing is logged as an error", record.getMessage() + error))


def _digest(stored: Stored) -> str:
    lines = sorted(
        f"{each.order.model_dump_json()} {each.claim.receipt!r}" for each in stored.orders.values()
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
