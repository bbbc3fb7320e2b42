"""Regions that keep tokens, in memory: each with its tables, its token master and its sign-ins."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tests.faults import Faults, FaultyTable
from tests.oracle_identity import PASSWORD, CalledOracle, Oracle
from tests.tenants import REGIONS, ManualClock
from tests.token_links import ACCOUNT

from muneris.cloud.agenda import Agenda
from muneris.cloud.events.memory import MemoryPublisher
from muneris.cloud.sealing import Opener, Sealer, generate_sealing_key, to_public_jwk
from muneris.cloud.tables import Table, Transaction, rows_with_prefix
from muneris.cloud.tables.memory import MemoryTable
from muneris.cloud.wire.refusal import RequestRefusedError
from muneris.core.clock import Clock
from muneris.replication.accounts import Standing, standing_of
from muneris.replication.gathering import Regions
from muneris.replication.links import Link, heads
from muneris.replication.master import TokenMaster
from muneris.replication.mastership import Mastership
from muneris.replication.refreshing import IdentityProvider, Means, Tended, Turn
from muneris.replication.role import SETTLING
from muneris.replication.store import AccountStore
from muneris.replication.tokens import AGENDA, TokenKeeper, open_link, token_outbox
from muneris.simphony.model import Account

SEALING_KEYS = {region: generate_sealing_key() for region in REGIONS}
SEALER = Sealer({region: to_public_jwk(key) for region, key in SEALING_KEYS.items()})
NAMES = ("SimphonyTokens", "Master", "Agenda")

type Reach = Callable[[str, Table], Table]
"""A region's table as somebody reaches it."""


@dataclass
class RegionFaults(Faults):
    """Those of one region; `is_refusing`: it answers, and will have none of it (a right that is missing)."""

    is_refusing: bool = False

    async def around[T](
        self,
        call: Callable[[], Awaitable[T]],
        undone: Callable[[], Exception],
        unknown: Callable[[], Exception],
    ) -> T:
        if self.is_refusing:
            raise RequestRefusedError("403 AuthorizationPermissionMismatch")
        return await super().around(call, undone, unknown)


@dataclass
class Storage:
    """One region's tables."""

    tables: Mapping[str, Table] = field(default_factory=lambda: {name: MemoryTable() for name in NAMES})

    @property
    def accounts(self) -> AccountStore:
        """What is in it, whoever may reach it."""
        return AccountStore(self.tables["SimphonyTokens"])


class TokenProcess:
    """One process of a region: what the token master's app and the config app are made of."""

    def __init__(
        self,
        region: str,
        storages: Mapping[str, Storage],
        reach: Reach,
        oracle: IdentityProvider,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
        chance: Callable[[], float] = lambda: 0.5,
    ) -> None:
        def tables(name: str) -> dict[str, Table]:
            return {each: reach(each, storage.tables[name]) for each, storage in storages.items()}

        self.region = region
        self.publisher = MemoryPublisher()
        tokens = tables("SimphonyTokens")
        own = tokens[region]
        agenda = Agenda(reach(region, storages[region].tables["Agenda"]), AGENDA, clock)
        outbox = token_outbox(own, agenda, {each: table for each, table in tokens.items() if each != region})
        opener = Opener(SEALING_KEYS[region])
        self.keeper = TokenKeeper(region, own, opener, SEALER, outbox, clock)
        self.mastership = Mastership(region, tables("Master"), clock)
        stores = {each: AccountStore(table) for each, table in tokens.items()}
        self.means = Means(
            Regions(region, stores, clock),
            self.mastership,
            outbox,
            oracle,
            opener,
            SEALER,
            clock,
            sleep,
            chance,
        )
        self.master = TokenMaster(self.means, self.publisher)

    def turn(self, account_id: str) -> Turn:
        """An account's turn in a run of this process."""
        return Turn(self.means, account_id)


class Europe:
    """Three regions and Oracle; api1 is the master, and one account was signed in in api2."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.oracle = Oracle(self.clock.now)
        self.oracle_faults = Faults()
        self.storages = {region: Storage() for region in REGIONS}
        self.faults = {region: RegionFaults() for region in REGIONS}
        self.processes = {region: self.new_process(region) for region in REGIONS}
        self.on_sleep: Callable[[], None] = lambda: None

    def new_process(self, region: str) -> TokenProcess:
        def reach(target: str, table: Table) -> Table:
            return FaultyTable(table, self.faults[target])

        oracle = CalledOracle(self.oracle, self.oracle_faults, self.clock)
        return TokenProcess(region, self.storages, reach, oracle, self.clock, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.clock.advance(seconds=seconds)
        self.on_sleep()
        await asyncio.sleep(0)

    async def begin(self, *, password: str | None = None) -> None:
        await self.promote("api1")
        await self.sign_in(password=password)

    async def promote(self, region: str) -> None:
        await self.processes[region].mastership.promote()
        self.clock.moment += SETTLING

    async def sign_in(
        self, region: str = "api2", account: Account = ACCOUNT, *, password: str | None = None
    ) -> None:
        tokens = self.oracle.sign_in(account, PASSWORD)
        await self.processes[region].keeper.keep_tokens(account, tokens, password)

    def master(self, region: str = "api1") -> TokenMaster:
        return self.processes[region].master

    async def tend(self, region: str = "api1") -> Tended:
        tended = await self.processes[region].turn(ACCOUNT.id).tend()
        assert tended is not None
        return tended

    async def until_due(self) -> None:
        self.clock.advance(days=5)

    def kill(self, *regions: str) -> None:
        for region in regions:
            self.faults[region].down()

    def refuse(self, *regions: str) -> None:
        for region in regions:
            self.faults[region].is_refusing = True

    async def damage(self, region: str, account: Account = ACCOUNT) -> None:
        """Make a row of an account unreadable in one region."""
        table = self.storages[region].tables["SimphonyTokens"]
        (row,) = [row async for row in rows_with_prefix(table, account.id, "link|")]
        await table.transact(Transaction(account.id).merge(row.key, {"Seen": "{"}, etag=row.etag))

    def revive(self, *regions: str) -> None:
        for region in regions:
            self.faults[region].is_refusing = False
            self.faults[region].calm()
        self.clock.advance(minutes=2)  # who was silent is asked again

    async def links(self, region: str) -> list[Link]:
        return list(heads(await self.storages[region].accounts.links(ACCOUNT.id)))

    async def sends(self, region: str) -> str:
        """The refresh token that a region would have used: the newest it holds."""
        link = (await self.links(region))[0]
        return open_link(Opener(SEALING_KEYS[region]), link).tokens.refresh_token

    async def everywhere(self) -> list[str]:
        return [await self.sends(region) for region in REGIONS]

    async def standing(self, region: str = "api1") -> Standing:
        standing = standing_of(await self.links(region), self.clock.now())
        assert standing is not None
        return standing

    @property
    def sent(self) -> dict[str, int]:
        """How often each refresh token was sent."""
        return {token: len(times) for token, times in self.oracle.sent.items()}


def secrets_in(storage: Storage) -> str:
    """Everything that a region's tables hold, to look for what must not be there."""
    return json.dumps([repr(table.__dict__) for table in storage.tables.values()])
