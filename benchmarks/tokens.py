"""What it takes to keep the tokens of many accounts alike in three regions, each with its own storage."""

import asyncio
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from tests.faults import Faults, FaultyTable
from tests.local_cloud import free_base_port
from tests.oracle_identity import PASSWORD, CalledOracle, Oracle
from tests.tables import create_table, open_requests
from tests.tenants import ManualClock
from tests.token_regions import NAMES, Storage, TokenProcess

from benchmarks.processes import own_cpu_seconds
from benchmarks.report import Replication
from localcloud.app_settings import storage
from localcloud.azurite import Azurite
from localcloud.layout import REGIONS, Layout
from muneris.cloud.tables import Table
from muneris.replication.accounts import State
from muneris.replication.role import SETTLING
from muneris.simphony.model import Account

SIGNED_IN = "signed in, and carried to the others"
LOOKED_AT = "looked at by the master, nothing due"
REFRESHED = "refreshed, and carried to the others"
CAUGHT_UP = "carried to one that was dead"
_MASTER, _HOME, _DEAD = "api1", "api2", "api3"
_AT_ONCE = 8
_UNTIL_DUE = 5
"""Days: half of what tokens live here."""


class Caller:
    """A region's process. Of each region it counts its calls there, and may be cut off from it."""

    def __init__(
        self, region: str, storages: Mapping[str, Storage], oracle: Oracle, clock: ManualClock
    ) -> None:
        def reach(target: str, table: Table) -> Table:
            return FaultyTable(table, self.ways[target])

        async def no_jitter(_seconds: float) -> None:
            return

        self._region = region
        self.ways = {name: Faults() for name in storages}
        called = CalledOracle(oracle, Faults(), clock)
        self.process = TokenProcess(region, storages, reach, called, clock, no_jitter)

    def calls(self) -> tuple[int, int]:
        """To its own region, and to the others, so far."""
        own = self.ways[self._region].calls
        return own, sum(way.calls for way in self.ways.values()) - own


class Accounts:
    """Accounts of an Oracle that answers at once; they live where the master is not."""

    def __init__(self, storages: Mapping[str, Storage], count: int) -> None:
        self.clock = ManualClock()
        self.oracle = Oracle(self.clock.now)
        self.master, self.home = (
            Caller(region, storages, self.oracle, self.clock) for region in (_MASTER, _HOME)
        )
        self._storages = storages
        self._accounts = [
            Account(
                auth_url="https://idp.oracleindustry.com",
                org_short_name="bench",
                client_id="c",
                username=f"api{number}",
            )
            for number in range(count)
        ]

    async def appoint(self) -> None:
        """Have a master that acts."""
        await self.master.process.mastership.promote()
        self.clock.moment += SETTLING

    async def sign_in(self) -> None:
        """Sign all in, some at a time."""
        turns = asyncio.Semaphore(_AT_ONCE)

        async def sign_in(account: Account) -> None:
            async with turns:
                await self.home.process.keeper.keep_tokens(account, self.oracle.sign_in(account, PASSWORD))

        await asyncio.gather(*map(sign_in, self._accounts))

    async def run(self) -> None:
        """A run of the master; RuntimeError unless all are valid after it."""
        tended = await self.master.process.master.run()
        valid = sum(each.standing.state is State.VALID for each in tended)
        if valid != len(self._accounts):
            raise RuntimeError(f"{valid} of {len(self._accounts)} accounts are valid after a run")

    @contextmanager
    def dead(self, region: str) -> Iterator[None]:
        """A region answers nothing, and nobody is told of every account that it misses."""
        logging.disable(logging.WARNING)
        self.home.ways[region].down()
        try:
            yield
        finally:
            self.home.ways[region].calm()
            logging.disable(logging.NOTSET)

    async def catch_up(self) -> None:
        """What the home's timer does once a dead region is back."""
        await self.home.process.means.outbox.sweep()

    async def measure(self, name: str, caller: Caller, what: Callable[[], Awaitable[None]]) -> Replication:
        """Time, calls and CPU of what a caller does with all of them."""
        before, begun, used = caller.calls(), time.perf_counter(), own_cpu_seconds()
        await what()
        seconds, cpu, after = time.perf_counter() - begun, own_cpu_seconds() - used, caller.calls()
        own, others = ((now - then) / len(self._accounts) for now, then in zip(after, before, strict=True))
        return Replication(
            name=name,
            accounts=len(self._accounts),
            seconds=seconds,
            own_calls=own,
            other_calls=others,
            cpu_ms=1000 * cpu / len(self._accounts),
        )

    async def require_alike(self) -> None:
        """RuntimeError unless every region holds the same of every account."""
        for account in self._accounts:
            held = [await each.accounts.links(account.id) for each in self._storages.values()]
            if not held[0] or any(links != held[0] for links in held):
                raise RuntimeError(f"the regions do not hold the same of {account.username}")


async def measure_tokens(count: int) -> list[Replication]:
    """Every step of so many accounts' tokens, each with nothing else going on."""
    async with _three_storages() as storages:
        return await measure_steps(storages, count)


async def measure_steps(storages: Mapping[str, Storage], count: int) -> list[Replication]:
    """The same over these storages, which are empty."""
    accounts = Accounts(storages, count)
    await accounts.appoint()
    signed_in = await accounts.measure(SIGNED_IN, accounts.home, accounts.sign_in)
    looked_at = await accounts.measure(LOOKED_AT, accounts.master, accounts.run)
    accounts.clock.advance(days=_UNTIL_DUE)
    refreshed = await accounts.measure(REFRESHED, accounts.master, accounts.run)
    with accounts.dead(_DEAD):
        await accounts.sign_in()
    caught_up = await accounts.measure(CAUGHT_UP, accounts.home, accounts.catch_up)
    await accounts.require_alike()
    return [signed_in, looked_at, refreshed, caught_up]


@asynccontextmanager
async def _three_storages() -> AsyncIterator[Mapping[str, Storage]]:
    """The tables of three regions, each with an emulator of its own, as the product reaches them."""
    async with AsyncExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="muneris-bench-")))
        layout = Layout(free_base_port(len(REGIONS)), folder)
        requests = await opened.enter_async_context(open_requests())
        storages = {}
        for region in layout.regions:
            address = storage(layout, region)
            emulator = Azurite(address, layout.folder(region), layout.logs / f"{region.name}.log")
            opened.push_async_callback(emulator.stop)
            await emulator.start()
            tables = {name: await create_table(address, name, requests) for name in NAMES}
            storages[region.name] = Storage(tables)
        yield storages
