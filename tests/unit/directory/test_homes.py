import pytest
from tests.faults import Faults, FaultyTable
from tests.polling import until
from tests.tenants import REGIONS, ManualClock

from muneris.cloud.tables import TableUnavailableError, Transaction
from muneris.cloud.tables.memory import MemoryTable
from muneris.core.problems import ProblemError
from muneris.directory import Directory, record_home


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
def directory(table: MemoryTable, clock: ManualClock) -> Directory:
    return Directory(table, "api1", REGIONS, clock.monotonic)


async def test_what_is_absent_is_asked_for_again_after_5_seconds(
    directory: Directory, table: MemoryTable, clock: ManualClock
) -> None:
    assert await directory.find_home("NOR-CPH01") is None
    await record_home(table, "NOR-CPH01", "api2", 1)
    clock.advance(seconds=4)
    assert await directory.find_home("NOR-CPH01") is None
    clock.advance(seconds=1)
    assert await directory.find_home("NOR-CPH01") == "api2"


async def test_what_is_found_is_asked_for_again_after_60_seconds(
    directory: Directory, table: MemoryTable, clock: ManualClock
) -> None:
    await record_home(table, "NOR-CPH01", "api2", 1)
    assert await directory.find_home("NOR-CPH01") == "api2"
    await record_home(table, "NOR-CPH01", "api1", 2)
    clock.advance(seconds=59)
    assert await directory.find_home("NOR-CPH01") == "api2"
    clock.advance(seconds=1)
    assert await directory.find_home("NOR-CPH01") == "api1"


async def test_what_is_in_use_is_read_again_before_its_time_and_nobody_waits(clock: ManualClock) -> None:
    table = FaultyTable(reads=Faults())
    directory = Directory(table, "api1", REGIONS, clock.monotonic)
    await record_home(table, "NOR-CPH01", "api1", 1)
    await directory.require_here("NOR-CPH01")
    await record_home(table, "NOR-CPH01", "api2", 2)
    clock.advance(seconds=50)
    read = table.reads.calls
    await directory.require_here("NOR-CPH01")
    assert table.reads.calls == read
    await until(lambda: table.reads.calls > read)
    assert await directory.find_home("NOR-CPH01") == "api2"
    assert table.reads.calls == read + 1


async def test_in_an_outage_what_was_found_serves_as_long_as_it_is_fresh(clock: ManualClock) -> None:
    table = FaultyTable(reads=Faults())
    directory = Directory(table, "api1", REGIONS, clock.monotonic)
    await record_home(table, "NOR-CPH01", "api1", 1)
    await directory.require_here("NOR-CPH01")
    table.reads.down()
    clock.advance(seconds=59)
    await directory.require_here("NOR-CPH01")
    clock.advance(seconds=1)
    with pytest.raises(TableUnavailableError):
        await directory.require_here("NOR-CPH01")


async def test_a_property_here_passes(directory: Directory, table: MemoryTable) -> None:
    await record_home(table, "NOR-CPH01", "api1", 1)
    await directory.require_here("NOR-CPH01")


@pytest.mark.parametrize("code", ["NOR-CPH01", "nor-cph01", "", "a/b", "NOR-CPH01\n"])
async def test_an_unknown_property_is_not_found(directory: Directory, code: str) -> None:
    with pytest.raises(ProblemError) as refused:
        await directory.require_here(code)
    assert (refused.value.type.code, refused.value.type.status) == ("property_not_found", 404)


async def test_a_property_elsewhere_is_named_with_its_endpoint(
    directory: Directory, table: MemoryTable
) -> None:
    await record_home(table, "NOR-CPH01", "api3", 1)
    with pytest.raises(ProblemError) as refused:
        await directory.require_here("NOR-CPH01")
    assert (refused.value.type.code, refused.value.type.status) == ("property_in_another_region", 421)
    assert refused.value.members == {"home_endpoint": REGIONS["api3"]}


@pytest.mark.parametrize(
    ("first", "second", "prevails"),
    [
        (("api1", 1), ("api2", 2), ("api2", 2)),
        (("api1", 2), ("api2", 1), ("api1", 2)),
        (("api2", 1), ("api1", 1), ("api1", 1)),
        (("api1", 1), ("api2", 1), ("api1", 1)),
        (("api1", 1), ("api1", 1), ("api1", 1)),
    ],
)
async def test_the_higher_version_prevails_in_any_order(
    table: MemoryTable, first: tuple[str, int], second: tuple[str, int], prevails: tuple[str, int]
) -> None:
    await record_home(table, "NOR", *first)
    await record_home(table, "NOR", *second)
    row = await table.find("NOR", "home")
    assert row is not None
    assert (row.text("Region"), row.number("Version")) == prevails


async def test_a_writer_that_was_overtaken_compares_again(table: MemoryTable) -> None:
    class Overtaken(MemoryTable):
        async def transact(self, transaction: Transaction) -> dict[str, str]:
            if await table.find("NOR", "home") is None:
                await record_home(table, "NOR", "api3", 5)
            return dict(await table.transact(transaction))

        find = table.find

    await record_home(Overtaken(), "NOR", "api1", 2)
    row = await table.find("NOR", "home")
    assert row is not None
    assert (row.text("Region"), row.number("Version")) == ("api3", 5)
