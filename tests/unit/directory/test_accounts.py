"""Which storage account a property is kept in, and that it never changes."""

import asyncio
from collections import Counter
from itertools import permutations

import pytest
from tests.faults import FaultyTable
from tests.tenants import REGIONS, ManualClock

from muneris.cloud.tables import TableUnavailableError, Transaction
from muneris.cloud.tables.memory import MemoryTable
from muneris.directory import Directory, record_home
from muneris.directory.accounts import choose_account

CODE = "NOR-CPH01"
CODES = [f"NOR-{number:05}" for number in range(10_000)]
FOUR = ("main", "b", "c", "d")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def table() -> FaultyTable:
    return FaultyTable()


@pytest.fixture
def directory(table: FaultyTable, clock: ManualClock) -> Directory:
    return Directory(table, "api1", REGIONS, clock.monotonic)


async def account_in(table: MemoryTable | FaultyTable) -> tuple[str, str]:
    row = await table.find(CODE, "home")
    assert row is not None
    return row.text("Region"), row.text("Account")


def test_10_000_codes_spread_evenly() -> None:
    counts = Counter(choose_account(code, FOUR) for code in CODES)
    assert counts.keys() == set(FOUR)
    assert all(2_250 <= count <= 2_750 for count in counts.values()), counts


def test_another_account_takes_its_share_and_moves_nothing_between_the_others() -> None:
    chosen = {code: choose_account(code, FOUR) for code in CODES}
    anew = {code: choose_account(code, (*FOUR, "e")) for code in CODES}
    taken = [code for code in CODES if anew[code] != chosen[code]]
    assert {anew[code] for code in taken} == {"e"}
    assert 1_800 <= len(taken) <= 2_200
    assert all(450 <= count <= 550 for count in Counter(chosen[code] for code in taken).values())


def test_the_order_of_the_accounts_does_not_matter() -> None:
    assert {choose_account(CODE, accounts) for accounts in permutations(FOUR)} == {choose_account(CODE, FOUR)}


@pytest.mark.parametrize(
    ("code", "account"), [("NOR-CPH01", "main"), ("NOR-AAR01", "b"), ("NOR-00001", "c"), ("NOR-00007", "d")]
)
def test_the_choice_is_the_same_in_every_version(code: str, account: str) -> None:
    assert choose_account(code, FOUR) == account


async def test_another_account_moves_no_property_that_has_a_row(
    table: FaultyTable, directory: Directory
) -> None:
    some = CODES[:200]
    for code in some:
        await record_home(table, code, "api1", 1, choose_account(code, FOUR))
    settled = {code: await directory.account_of(code) for code in some}
    for code in some:
        await record_home(table, code, "api1", 2, choose_account(code, (*FOUR, "e")))
    again = Directory(table, "api1", REGIONS)
    assert {code: await again.account_of(code) for code in some} == settled
    assert set(settled.values()) == set(FOUR)


@pytest.mark.parametrize("version", [1, 2])
async def test_a_property_recorded_twice_keeps_its_account(table: FaultyTable, version: int) -> None:
    await record_home(table, CODE, "api1", 1, "b")
    await record_home(table, CODE, "api1", version, "c")
    assert await account_in(table) == ("api1", "b")


async def test_a_row_without_an_account_is_mains_for_ever(table: FaultyTable, directory: Directory) -> None:
    await record_home(table, CODE, "api1", 1)
    await record_home(table, CODE, "api1", 2, "b")
    assert await account_in(table) == ("api1", "")
    assert await directory.account_of(CODE) == "main"


async def test_what_another_region_records_later_leaves_the_account(
    table: FaultyTable, directory: Directory
) -> None:
    await record_home(table, CODE, "api1", 1, "b")
    await record_home(table, CODE, "api2", 2)
    assert await account_in(table) == ("api2", "b")
    assert await directory.account_of(CODE) == "b"
    await record_home(table, CODE, "api1", 3, "c")
    assert await account_in(table) == ("api1", "b")


@pytest.mark.parametrize("own_first", [True, False])
async def test_a_race_of_two_regions_for_a_code_does_not_lose_the_account(
    *, own_first: bool, table: FaultyTable
) -> None:
    own = record_home(table, CODE, "api1", 1, "b")
    others = record_home(table, CODE, "api2", 1)
    for each in (own, others) if own_first else (others, own):
        await each
    assert await account_in(table) == ("api1", "b")


async def test_many_records_at_once_settle_one_account(table: FaultyTable) -> None:
    accounts = [f"a{number}" for number in range(8)]
    await asyncio.gather(*(record_home(table, CODE, "api1", 1, account) for account in accounts))
    first = await account_in(table)
    await asyncio.gather(*(record_home(table, CODE, "api1", 2, account) for account in accounts))
    assert await account_in(table) == first
    assert first[1] in accounts


async def test_a_code_that_nobody_registered_is_mains_until_somebody_does(
    table: FaultyTable, directory: Directory
) -> None:
    assert await directory.account_of(CODE) == "main"
    await record_home(table, CODE, "api1", 1, "b")
    assert await directory.account_of(CODE) == "b"


async def test_what_another_region_may_still_lose_is_not_remembered(
    table: FaultyTable, directory: Directory
) -> None:
    await record_home(table, CODE, "api2", 1)
    assert await directory.account_of(CODE) == "main"
    await record_home(table, CODE, "api1", 1, "b")
    assert await directory.account_of(CODE) == "b"


async def test_who_knows_the_home_knows_the_account_and_keeps_it(
    table: FaultyTable, directory: Directory, clock: ManualClock
) -> None:
    await record_home(table, CODE, "api1", 1, "b")
    await directory.require_here(CODE)
    table.faults.down()
    clock.advance(days=30)
    assert await directory.account_of(CODE) == "b"


async def test_an_account_that_cannot_be_read_is_not_guessed(
    table: FaultyTable, directory: Directory
) -> None:
    await record_home(table, CODE, "api1", 1, "b")
    table.faults.down()
    with pytest.raises(TableUnavailableError):
        await directory.account_of(CODE)


async def test_a_writer_that_was_overtaken_finds_the_account_settled(table: FaultyTable) -> None:
    class Overtaken(MemoryTable):
        async def transact(self, transaction: Transaction) -> dict[str, str]:
            if await table.find(CODE, "home") is None:
                await record_home(table, CODE, "api1", 1, "b")
            return dict(await table.transact(transaction))

        find = table.find

    await record_home(Overtaken(), CODE, "api1", 2, "c")
    assert await account_in(table) == ("api1", "b")
