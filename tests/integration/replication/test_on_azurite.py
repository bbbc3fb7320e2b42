"""The token master over real tables, and a real sign-in at the simulator."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
from tests.simphony import Simulation, open_simulation
from tests.tables import create_table, open_requests
from tests.tenants import REGIONS
from tests.token_regions import NAMES, Storage, TokenProcess

from localcloud.azurite import StorageAddress
from muneris.replication.accounts import State
from muneris.replication.identity import Identity
from muneris.replication.links import heads
from muneris.replication.mastership import PromotionLostError
from muneris.replication.role import SETTLING


@dataclass
class Running:
    """Three regions' processes, and the Oracle that they sign in to."""

    simulation: Simulation
    storages: dict[str, Storage]
    processes: dict[str, TokenProcess]

    async def promote(self, region: str) -> None:
        await self.processes[region].mastership.promote()
        self.simulation.clock.moment += SETTLING

    async def versions(self) -> list[list[tuple[str, int]]]:
        account = self.simulation.account.id
        held = [heads(await storage.accounts.links(account)) for storage in self.storages.values()]
        return [[(str(link.writer), link.version) for link in links] for links in held]


@pytest.fixture
async def running(azurite: StorageAddress, unique: Callable[[str], str]) -> AsyncIterator[Running]:
    async with open_requests() as requests, open_simulation() as simulation:
        storages = {
            region: Storage({name: await create_table(azurite, unique(name), requests) for name in NAMES})
            for region in REGIONS
        }
        identity = Identity(simulation.clock, allow_local=True)
        processes = {
            region: TokenProcess(
                region,
                storages,
                lambda _, table: table,
                identity,
                simulation.clock,
                lambda _: asyncio.sleep(0),
            )
            for region in REGIONS
        }
        yield Running(simulation, storages, processes)
        await identity.close()


async def test_an_account_is_signed_in_refreshed_and_known_everywhere(running: Running) -> None:
    simulation = running.simulation
    await running.promote("api1")
    await running.processes["api2"].keeper.keep_tokens(simulation.account, simulation.tokens)
    assert await running.versions() == [[("0@api2", 1)]] * 3
    simulation.clock.advance(7 * 24 * 3600)
    (tended,) = await running.processes["api1"].master.run()
    assert (tended.before.state, tended.standing.state, tended.failure) == (
        State.REFRESH_DUE,
        State.VALID,
        None,
    )
    assert await running.versions() == [[("1@api1", 2)]] * 3
    read = await running.processes["api3"].keeper.get_token(simulation.account.id)
    assert read.refresh_token != simulation.tokens.refresh_token
    assert read.expires_at > simulation.tokens.expires_at


async def test_a_token_that_oracle_refuses_is_spent_everywhere(running: Running) -> None:
    simulation = running.simulation
    await running.promote("api1")
    bad = simulation.tokens.model_copy(update={"refresh_token": "rotated long ago"})
    await running.processes["api1"].keeper.keep_tokens(simulation.account, bad)
    simulation.clock.advance(7 * 24 * 3600)
    (tended,) = await running.processes["api1"].master.run()
    assert (tended.failure, tended.standing.state) == ("refresh_refused", State.SIGN_IN_NEEDED)
    for region in REGIONS:
        standing = await running.processes[region].keeper.find_standing(simulation.account.id)
        assert standing is not None
        assert standing.state is State.SIGN_IN_NEEDED


async def test_promotions_at_once_leave_one_master_or_none(running: Running) -> None:
    promotions = (running.processes[region].mastership.promote() for region in REGIONS)
    outcomes = await asyncio.gather(*promotions, return_exceptions=True)
    assert all(isinstance(each, PromotionLostError) for each in outcomes if isinstance(each, BaseException))
    running.simulation.clock.moment += SETTLING
    masters = [region for region in REGIONS if await running.processes[region].mastership.confirm()]
    assert len(masters) <= 1
    await running.promote("api2")
    assert await running.processes["api2"].mastership.confirm() is not None


async def test_sign_ins_at_once_all_count(running: Running) -> None:
    simulation = running.simulation
    keeper = running.processes["api1"].keeper
    await asyncio.gather(*(keeper.keep_tokens(simulation.account, simulation.tokens) for _ in range(4)))
    await running.processes["api1"].master.catch_up()
    assert await running.versions() == [[("0@api1", 4)]] * 3
