import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.faults import FaultyTable
from tests.tenants import REGIONS, ManualClock

from muneris.core.operational import OperationalError
from muneris.replication.mastership import Mastership, NoMajorityError, PromotionLostError
from muneris.replication.role import SETTLING, Role


class Continent:
    """Tables `Master` of some regions, and what each region makes of them."""

    def __init__(self, count: int = 3) -> None:
        self.clock = ManualClock()
        self.tables = {region: FaultyTable() for region in list(REGIONS)[:count]}

    def seen_by(self, region: str) -> Mastership:
        return Mastership(region, self.tables, self.clock)

    def kill(self, *regions: str) -> None:
        for region in regions:
            self.tables[region].faults.down()

    def revive(self, *regions: str) -> None:
        for region in regions:
            self.tables[region].faults.calm()

    async def promote(self, region: str, *, force: bool = False) -> Role:
        role = await self.seen_by(region).promote(force=force)
        self.clock.moment += SETTLING
        return role

    async def rows(self) -> list[tuple[int, str] | None]:
        rows = [await table.table.find("role", "master") for table in self.tables.values()]
        return [None if row is None else (row.number("Epoch"), row.text("Region")) for row in rows]

    async def masters(self) -> list[str]:
        """Who may act as master, each by its own sight."""
        return [region for region in self.tables if await self.seen_by(region).confirm() is not None]


@pytest.fixture
def continent() -> Continent:
    return Continent()


async def test_without_a_promotion_nobody_is_master(continent: Continent) -> None:
    assert await continent.masters() == []
    seen = await continent.seen_by("api1").overview()
    assert (seen.holder, seen.unreachable) == (None, frozenset())


async def test_a_promotion_is_known_everywhere(continent: Continent) -> None:
    role = await continent.promote("api2")
    assert (role.epoch, role.region, role.forced) == (1, "api2", False)
    assert await continent.rows() == [(1, "api2")] * 3
    assert await continent.masters() == ["api2"]


async def test_each_promotion_has_a_higher_epoch(continent: Continent) -> None:
    assert [(await continent.promote(region)).epoch for region in ("api1", "api2", "api2")] == [1, 2, 3]
    assert await continent.masters() == ["api2"]


async def test_a_new_master_waits(continent: Continent) -> None:
    await continent.seen_by("api1").promote()
    assert await continent.masters() == []
    continent.clock.moment += SETTLING
    assert await continent.masters() == ["api1"]


async def test_one_region_alone_promotes_itself() -> None:
    continent = Continent(1)
    await continent.promote("api1")
    assert await continent.masters() == ["api1"]


@pytest.mark.parametrize("dead", ["api1", "api2", "api3"])
async def test_a_master_goes_on_while_one_region_is_dead(continent: Continent, dead: str) -> None:
    await continent.promote("api1")
    continent.kill(dead)
    assert await continent.masters() == ["api1"]


async def test_a_master_without_a_majority_does_not_act(continent: Continent) -> None:
    await continent.promote("api1")
    continent.kill("api2", "api3")
    assert await continent.masters() == []


async def test_an_old_master_that_returns_is_demoted_and_says_so_in_its_own_row(continent: Continent) -> None:
    await continent.promote("api1")
    continent.kill("api1")
    await continent.promote("api2")
    assert await continent.rows() == [(1, "api1"), (2, "api2"), (2, "api2")]
    continent.revive("api1")
    assert await continent.seen_by("api1").confirm() is None
    assert await continent.rows() == [(2, "api2")] * 3
    assert await continent.masters() == ["api2"]


async def test_a_master_writes_its_role_into_a_region_that_returns(continent: Continent) -> None:
    continent.kill("api3")
    await continent.promote("api1")
    continent.revive("api3")
    assert await continent.rows() == [(1, "api1"), (1, "api1"), None]
    assert await continent.masters() == ["api1"]
    assert await continent.rows() == [(1, "api1")] * 3


async def test_what_lost_a_promotion_is_written_over(continent: Continent) -> None:
    continent.tables["api3"].refuses = lambda role: role["master"].values["Region"] == "api1"
    racing = [continent.seen_by(region).promote() for region in ("api1", "api3")]
    await asyncio.gather(*racing, return_exceptions=True)
    assert await continent.rows() == [(1, "api1"), (1, "api1"), (1, "api3")]
    continent.tables["api3"].refuses = lambda _: False
    continent.clock.moment += SETTLING
    assert await continent.masters() == ["api1"]
    assert await continent.rows() == [(1, "api1")] * 3


async def test_a_row_of_a_higher_epoch_is_left_to_a_new_promotion(continent: Continent) -> None:
    await continent.promote("api1")
    for region in ("api1", "api2"):
        continent.tables[region].refuses = lambda role: role["master"].values["Region"] == "api3"
    with pytest.raises(PromotionLostError, match="api1 is master"):
        await continent.seen_by("api3").promote()
    assert await continent.masters() == ["api1"]
    assert await continent.rows() == [(1, "api1"), (1, "api1"), (2, "api3")]
    await continent.promote("api1")
    assert await continent.rows() == [(3, "api1")] * 3


async def test_without_a_majority_a_promotion_is_refused_and_nothing_changes(continent: Continent) -> None:
    await continent.promote("api1")
    continent.kill("api1", "api3")
    with pytest.raises(NoMajorityError, match=r"1 of 3 regions answer \(api2\), and 2 are needed"):
        await continent.seen_by("api2").promote()
    assert await continent.rows() == [(1, "api1")] * 3


async def test_a_forced_master_acts_alone(continent: Continent) -> None:
    await continent.promote("api1")
    continent.kill("api1", "api3")
    role = await continent.promote("api2", force=True)
    assert (role.epoch, role.forced) == (2, True)
    assert await continent.masters() == ["api2"]
    continent.revive("api1", "api3")
    assert await continent.masters() in (["api1", "api2"], ["api2"])
    assert await continent.masters() == ["api2"]
    assert await continent.rows() == [(2, "api2")] * 3


async def test_a_forced_master_gives_way_to_a_higher_epoch(continent: Continent) -> None:
    continent.kill("api1", "api3")
    await continent.promote("api2", force=True)
    continent.revive("api1", "api3")
    continent.kill("api2")
    await continent.promote("api1")
    await continent.promote("api1")
    continent.revive("api2")
    assert await continent.seen_by("api2").confirm() is None
    assert await continent.rows() == [(2, "api1")] * 3


async def test_a_forced_promotion_needs_its_own_region(continent: Continent) -> None:
    continent.kill("api2", "api3")
    with pytest.raises(PromotionLostError, match="nobody is master"):
        await continent.seen_by("api2").promote(force=True)
    assert await continent.masters() == []


async def test_a_promotion_whose_answers_were_lost_is_found_to_stand(continent: Continent) -> None:
    for region in ("api2", "api3"):
        continent.tables[region].faults.fail("after", {1})
    assert (await continent.promote("api1")).epoch == 1
    assert await continent.rows() == [(1, "api1")] * 3


async def test_a_tie_makes_no_master_and_asks_to_repeat(continent: Continent) -> None:
    continent.kill("api3")
    continent.tables["api1"].refuses = lambda role: role["master"].values["Region"] == "api2"
    continent.tables["api2"].refuses = lambda role: role["master"].values["Region"] == "api1"
    racing = (continent.seen_by(region).promote() for region in ("api1", "api2"))
    for outcome in await asyncio.gather(*racing, return_exceptions=True):
        assert isinstance(outcome, PromotionLostError)
        assert "took epoch 1" in str(outcome)
        assert "nobody is master: repeat it" in str(outcome)
    continent.clock.moment += SETTLING
    assert await continent.masters() == []
    assert await continent.rows() == [(1, "api1"), (1, "api2"), None]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(list(REGIONS)), st.integers(0, 12)), min_size=2, max_size=4))
def test_promotions_that_race_leave_one_master_or_none_and_say_so(racers: Sequence[tuple[str, int]]) -> None:
    async def race() -> None:
        continent = Continent()

        async def promote(region: str, later: int) -> Role | OperationalError:
            for _ in range(later):
                await asyncio.sleep(0)
            try:
                return await continent.seen_by(region).promote()
            except PromotionLostError as lost:
                return lost

        outcomes = await asyncio.gather(*(promote(region, later) for region, later in racers))
        continent.clock.moment += SETTLING
        masters = await continent.masters()
        assert len(masters) <= 1
        won = [each for each in outcomes if isinstance(each, Role)]
        lost = [each for each in outcomes if isinstance(each, PromotionLostError)]
        assert bool(won) or not masters
        for each in lost:
            assert each.holder is not None or "nobody is master: repeat it" in str(each)
        await continent.promote("api3")
        assert await continent.masters() == ["api3"]

    asyncio.run(race())
