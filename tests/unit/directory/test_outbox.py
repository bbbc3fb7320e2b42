from collections.abc import Sequence
from contextlib import suppress

import pytest
from tests.faults import FaultyTable
from tests.tenants import REGIONS, ManualClock

from muneris.cloud.agenda import SETTLED_AFTER, Agenda
from muneris.cloud.tables import Row, Transaction
from muneris.core.operational import OperationalError
from muneris.directory import DirectoryOutbox
from muneris.directory.accounts import choose_account
from muneris.directory.outbox import AGENDA


class Registry:
    """A table `Config` whose transactions owe directory entries."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.config, self.agenda = FaultyTable(), FaultyTable()
        self.directories = {region: FaultyTable() for region in REGIONS}
        self.outbox = self.new_outbox(["main"])

    def new_outbox(self, accounts: Sequence[str]) -> DirectoryOutbox:
        agenda = Agenda(self.agenda, AGENDA, self.clock)
        return DirectoryOutbox(self.config, agenda, self.directories, accounts)

    async def register(self, code: str, version: int = 1) -> None:
        await self.outbox.announce(code)
        await self.config.transact(
            self.outbox.owe_home(Transaction(code).upsert("company", {}), "api1", version)
        )

    async def register_property(self, code: str) -> None:
        await self.outbox.announce(code)
        transaction = Transaction(code).upsert("property", {})
        await self.config.transact(self.outbox.owe_property(transaction, "api1", 1))

    async def account_in(self, region: str, code: str) -> str:
        row = await self.directories[region].table.find(code, "home")
        return "" if row is None else row.text("Account")

    async def home_in(self, region: str, code: str) -> tuple[str, int] | None:
        row: Row | None = await self.directories[region].table.find(code, "home")
        return None if row is None else (row.text("Region"), row.number("Version"))

    async def homes(self, code: str) -> list[tuple[str, int] | None]:
        return [await self.home_in(region, code) for region in REGIONS]


@pytest.fixture
def registry() -> Registry:
    return Registry()


async def test_a_property_is_recorded_with_its_account_in_its_own_region_alone(registry: Registry) -> None:
    registry.outbox = registry.new_outbox(["main", "b", "c"])
    await registry.register_property("NOR-CPH01")
    await registry.outbox.push("NOR-CPH01")
    account = choose_account("NOR-CPH01", ["main", "b", "c"])
    assert [await registry.account_in(region, "NOR-CPH01") for region in REGIONS] == [account, "", ""]
    assert await registry.homes("NOR-CPH01") == [("api1", 1)] * 3


async def test_the_account_is_the_one_committed_whatever_the_settings_say_by_then(registry: Registry) -> None:
    registry.outbox = registry.new_outbox(["b"])
    registry.directories["api1"].faults.down()
    await registry.register_property("NOR-CPH01")
    await registry.outbox.push("NOR-CPH01")
    registry.directories["api1"].faults.calm()
    assert await registry.home_in("api1", "NOR-CPH01") is None
    registry.outbox = registry.new_outbox(["main", "c"])
    await registry.outbox.sweep()
    assert await registry.account_in("api1", "NOR-CPH01") == "b"


async def test_an_account_survives_a_crash_at_every_step(registry: Registry) -> None:
    own = registry.directories["api1"]
    registry.outbox = registry.new_outbox(["b"])
    await registry.register_property("NOR-CPH01")
    for step in range(6):
        own.faults.fail("after", {step})
        registry.config.faults.fail("before", {step})
        with suppress(OperationalError, ExceptionGroup):
            await registry.outbox.sweep()
        assert await registry.account_in("api1", "NOR-CPH01") in {"", "b"}
    own.faults.calm()
    registry.config.faults.calm()
    await registry.outbox.sweep()
    assert await registry.account_in("api1", "NOR-CPH01") == "b"
    assert await registry.config.keys("NOR-CPH01") == ["property"]


async def test_a_company_has_no_account(registry: Registry) -> None:
    registry.outbox = registry.new_outbox(["b"])
    await registry.register("NOR")
    await registry.outbox.push("NOR")
    row = await registry.directories["api1"].table.find("NOR", "home")
    assert row is not None
    assert row.values == {"Region": "api1", "Version": 1}


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
