"""Twelve days of the token master in virtual time: regions die or are cut off, and Oracle fails."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from tests.faults import FaultyTable
from tests.oracle_identity import PASSWORD, CalledOracle, Oracle
from tests.simulation.seeded.history import Journal
from tests.simulation.seeded.network import Climate, Link, Net
from tests.simulation.seeded.virtual_time import SkewedClock
from tests.tenants import REGIONS
from tests.token_regions import Storage, TokenProcess

from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables import Table
from muneris.cloud.tables.retried import RetriedTable
from muneris.core.operational import OperationalError
from muneris.replication.accounts import State, bearer_link, standing_of
from muneris.simphony.model import Account

HOUR, DAY = 3600.0, 24 * 3600.0
DAYS = 12
_STORAGE = Climate(leg=(0.005, 0.04))
_ORACLE = Climate(
    leg=(0.05, 0.6), slow=0.03, slow_leg=(2.0, 20.0), fails=0.05, loses_answer=0.15, silent=0.02
)
_CATCH_UP, _RUN = HOUR / 4, 12 * HOUR
_SKEW = 2.0


@dataclass
class Machine:
    """A region's process, which its tables may reject once it is dead."""

    name: str
    region: str
    clock: SkewedClock
    is_dead: bool = False
    process: TokenProcess | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


@dataclass(frozen=True)
class Gap:
    """A moment at which a region holds no token that is still good for an account that needs no sign-in."""

    hour: float
    region: str
    username: str


@dataclass(frozen=True)
class Ending:
    """What there is after the last day: `sends` has the link whose bearer a region sends, by account."""

    sends: Mapping[str, Mapping[str, str]]
    forked: set[str]
    in_need: set[str]


class World:
    """Three regions, their Oracle, and some accounts; every other one has its password kept."""

    def __init__(self, seed: int, accounts: int = 6) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - it has to be the same each time
        self.net = Net(self.chance, Journal())
        self.storages = {region: Storage() for region in REGIONS}
        self.clock = SkewedClock()
        self.oracle = Oracle(self.clock.now)
        self.accounts = [
            Account(
                auth_url="https://idp.oracleindustry.com",
                org_short_name="nordic",
                client_id="c",
                username=f"api{number}",
            )
            for number in range(accounts)
        ]
        self.machines: dict[str, Machine] = {}
        self.gaps: list[Gap] = []
        self.looks = 0
        self.ending = Ending({}, set(), set())

    async def live(self) -> None:
        """Twelve days, and what happens in them."""
        for region in REGIONS:
            self.start(region)
        cut_off = self.chance.choice(list(REGIONS))
        async with asyncio.TaskGroup() as days:
            looking = days.create_task(self._look())
            for each in self._plan(cut_off):
                days.create_task(each)
            await asyncio.sleep(DAYS * DAY)
            looking.cancel()
            for region in list(self.machines):
                self.kill(region)
        self.ending = await self._end()

    def _plan(self, cut_off: str) -> list[Coroutine[object, object, None]]:
        return [
            self._at(0.1 * HOUR, self._promote("api1")),
            *(self._at(number * 0.4 * HOUR, self._sign_in(number)) for number in range(len(self.accounts))),
            self._at(self.chance.uniform(3, 4.9) * DAY, self._be_dead("api1", 3 * DAY)),
            self._at(5 * DAY - HOUR, self._be_down("oracle", 6 * HOUR)),
            self._at(5 * DAY + 20 * 60, self._promote("api2")),
            self._at(9.5 * DAY, self._be_cut_off(cut_off, DAY)),
        ]

    async def _at(self, seconds: float, what: Coroutine[object, object, None]) -> None:
        await asyncio.sleep(seconds)
        await what

    async def _promote(self, region: str) -> None:
        while True:
            try:
                await self._process(region).mastership.promote()
            except OperationalError as error:
                self.net.journal.note(region, f"was not promoted: {error}")
                await asyncio.sleep(60)
            else:
                self.net.journal.note(region, "was promoted")
                return

    async def _sign_in(self, number: int) -> None:
        account = self.accounts[number]
        region = list(REGIONS)[number % len(REGIONS)]
        password = PASSWORD if number % 2 else None
        while True:
            process = self._process(region)
            try:
                tokens = self.oracle.sign_in(account, PASSWORD)
                await process.keeper.keep_tokens(account, tokens, password)
            except OperationalError:
                await asyncio.sleep(1)
            else:
                return

    async def _be_dead(self, region: str, seconds: float) -> None:
        """Nothing of a region is there: neither its processes nor its storage."""
        self.kill(region)
        await self._be_down(f"{region}/storage", seconds)
        self.start(region)

    async def _be_down(self, target: str, seconds: float) -> None:
        self.net.down.add(target)
        self.net.journal.note("trouble", f"{target} is down")
        await asyncio.sleep(seconds)
        self.net.down.discard(target)
        self.net.journal.note("trouble", f"{target} is back")

    async def _be_cut_off(self, region: str, seconds: float) -> None:
        """A region and the others do not reach each other; Oracle is reached by all."""
        self.net.journal.note("trouble", f"{region} is cut off")
        others = [each for each in REGIONS if each != region]
        cut = {(region, f"{each}/storage") for each in others} | {
            (each, f"{region}/storage") for each in others
        }
        self.net.cut |= cut
        await asyncio.sleep(seconds)
        self.net.cut -= cut
        self.net.journal.note("trouble", f"{region} is back among the others")

    def start(self, region: str) -> None:
        """A new process, with a clock a little ahead or behind, and its timers."""
        ahead = timedelta(seconds=self.chance.uniform(-_SKEW, _SKEW))
        machine = Machine(region, region, SkewedClock(ahead))
        policy = RetryPolicy(chance=self.chance.random, monotonic=machine.clock.monotonic)

        def reach(target: str, table: Table) -> Table:
            link = Link(machine, f"{target}/storage", self.net, _STORAGE)
            mark = self.chance.getrandbits
            return RetriedTable(FaultyTable(table, link), policy, lambda: f"{mark(48):012x}")

        oracle = CalledOracle(self.oracle, Link(machine, "oracle", self.net, _ORACLE), machine.clock)
        machine.process = TokenProcess(
            region, self.storages, reach, oracle, machine.clock, asyncio.sleep, self.chance.random
        )
        self.machines[region] = machine
        for seconds, run in (
            (_CATCH_UP, machine.process.master.catch_up),
            (_RUN, machine.process.master.run),
        ):
            task = asyncio.get_running_loop().create_task(self._every(seconds, run))
            machine.tasks.add(task)

    def kill(self, region: str) -> None:
        machine = self.machines.pop(region)
        machine.is_dead = True
        for task in machine.tasks:
            task.cancel()

    async def _every(self, seconds: float, run: Callable[[], Awaitable[object]]) -> None:
        """A timer: at every multiple of its seconds, unless the run before is not over."""
        while True:
            now = self.clock.monotonic()
            await asyncio.sleep(seconds - now % seconds)
            try:
                await run()
            except OperationalError as error:
                self.net.journal.note("timer", f"is left to the next run: {error}")

    async def _look(self) -> None:
        """What every region holds, every quarter of an hour from the end of the sign-ins on."""
        await asyncio.sleep(6 * HOUR)
        while True:
            for account in self.accounts:
                await self._look_at(account)
            await asyncio.sleep(HOUR / 4)

    async def _look_at(self, account: Account) -> None:
        held = {region: await storage.accounts.links(account.id) for region, storage in self.storages.items()}
        standing = standing_of([link for links in held.values() for link in links], self.clock.now())
        if standing is None or standing.state is State.SIGN_IN_NEEDED:
            return
        self.looks += 1
        for region, links in held.items():
            best = bearer_link(links)
            if best is None or best.expires_at <= self.clock.now():
                self.gaps.append(Gap(self.clock.monotonic() / HOUR, region, account.username))

    async def _end(self) -> Ending:
        stores = {region: storage.accounts for region, storage in self.storages.items()}
        sends: dict[str, dict[str, str]] = {region: {} for region in stores}
        forked, in_need = set(), set()
        for account in self.accounts:
            held = {region: await store.links(account.id) for region, store in stores.items()}
            for region, links in held.items():
                best = bearer_link(links)
                sends[region][account.username] = "" if best is None else best.id
            every = [link for links in held.values() for link in links]
            standing = standing_of(every, self.clock.now())
            if standing is not None and standing.is_forked:
                forked.add(account.username)
            if standing is not None and standing.state is State.SIGN_IN_NEEDED:
                in_need.add(account.username)
        return Ending(sends, forked, in_need)

    def _process(self, region: str) -> TokenProcess:
        process = self.machines[region].process
        assert process is not None
        return process
