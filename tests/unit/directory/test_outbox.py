import pytest
from tests.faults import FaultyTable
from tests.tenants import REGIONS, ManualClock

from muneris.cloud.agenda import SETTLED_AFTER, Agenda
from muneris.cloud.tables import Row, Transaction
from muneris.directory import DirectoryOutbox
from muneris.directory.outbox import AGENDA


class Registry:
    """A table `Config` whose transactions owe directory entries."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.config, self.agenda = FaultyTable(), FaultyTable()
        self.directories = {region: FaultyTable() for region in REGIONS}
        self.outbox = DirectoryOutbox(self.config, Agenda(self.agenda, AGENDA, self.clock), self.directories)

    async def register(self, code: str, version: int = 1) -> None:
        await self.outbox.announce(code)
        await self.config.transact(self.outbox.owe(Transaction(code).upsert("company", {}), "api1", version))

    async def home_in(self, region: str, code: str) -> tuple[str, int] | None:
        row: Row | None = await self.directories[region].table.find(code, "home")
        return None if row is None else (row.text("Region"), row.number("Version"))

    async def homes(self, code: str) -> list[tuple[str, int] | None]:
        return [await self.home_in(region, code) for region in REGIONS]


@pytest.fixture
def registry() -> Registry:
    return Registry()


async def test_a_push_writes_every_region_and_owes_nothing_then(registry: Registry) -> None:
    await registry.register("NOR")
    assert await registry.config.keys("NOR") == [
        "company",
        "work|directory|api1",
        "work|directory|api2",
        "work|directory|api3",
    ]
    await registry.outbox.push("NOR")
    assert await registry.homes("NOR") == [("api1", 1)] * 3
    assert await registry.config.keys("NOR") == ["company"]


async def test_a_dead_peer_delays_only_itself_and_loses_nothing(registry: Registry) -> None:
    registry.directories["api2"].faults.down()
    for code in ("NOR", "SUN"):
        await registry.register(code)
        await registry.outbox.push(code)
    await registry.outbox.sweep()
    for code in ("NOR", "SUN"):
        assert await registry.homes(code) == [("api1", 1), None, ("api1", 1)]
        assert await registry.config.keys(code) == ["company", "work|directory|api2"]
    registry.directories["api2"].faults.calm()
    await registry.outbox.sweep()
    for code in ("NOR", "SUN"):
        assert await registry.homes(code) == [("api1", 1)] * 3
        assert await registry.config.keys(code) == ["company"]


async def test_a_sweep_finds_what_a_crash_after_the_commit_left(registry: Registry) -> None:
    await registry.register("NOR")
    await registry.outbox.sweep()
    assert await registry.homes("NOR") == [("api1", 1)] * 3


async def test_an_entry_leaves_the_agenda_when_nothing_is_owed_and_it_is_old(registry: Registry) -> None:
    await registry.register("NOR")
    await registry.outbox.push("NOR")
    await registry.outbox.sweep()
    assert await registry.agenda.keys(AGENDA) == ["NOR"]
    registry.clock.moment += SETTLED_AFTER
    await registry.outbox.sweep()
    assert await registry.agenda.keys(AGENDA) == []


async def test_an_old_entry_that_owes_stays(registry: Registry) -> None:
    registry.directories["api3"].faults.down()
    await registry.register("NOR")
    registry.clock.advance(hours=1)
    await registry.outbox.sweep()
    assert await registry.agenda.keys(AGENDA) == ["NOR"]


async def test_a_late_old_version_does_not_hide_a_newer_one(registry: Registry) -> None:
    registry.directories["api2"].faults.down()
    await registry.register("NOR", version=1)
    await registry.outbox.push("NOR")
    await registry.register("NOR", version=2)
    registry.directories["api2"].faults.calm()
    await registry.outbox.sweep()
    assert await registry.homes("NOR") == [("api1", 2)] * 3


async def test_a_region_that_is_not_configured_is_still_owed(registry: Registry) -> None:
    await registry.register("NOR")
    del registry.directories["api3"]
    await registry.outbox.sweep()
    assert await registry.config.keys("NOR") == ["company", "work|directory|api3"]
