from datetime import timedelta

import pytest
from tests.faults import FaultyTable
from tests.tenants import SEALING_KEY, ManualClock

from muneris.cloud.sealing import Seal
from muneris.simphony.errors import NotConfiguredError
from muneris.simphony.model import Tokens
from muneris.simphony.store import StoredTokens


class Process:
    """One of several processes that share a table."""

    def __init__(self, table: FaultyTable, clock: ManualClock) -> None:
        self.clock = clock
        self.tokens = StoredTokens(table, Seal(SEALING_KEY), clock)

    async def keep(self, id_token: str, days: int = 14) -> None:
        expires_at = self.clock.now() + timedelta(days=days)
        await self.tokens.keep_tokens("account", Tokens(id_token=id_token, expires_at=expires_at))

    async def read(self, *, fresh: bool = False) -> str:
        return (await self.tokens.get_token("account", fresh=fresh)).id_token


@pytest.fixture
def table() -> FaultyTable:
    return FaultyTable()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def ours(table: FaultyTable, clock: ManualClock) -> Process:
    return Process(table, clock)


@pytest.fixture
def theirs(table: FaultyTable, clock: ManualClock) -> Process:
    return Process(table, clock)


async def test_tokens_are_stored_sealed(ours: Process, theirs: Process, table: FaultyTable) -> None:
    await ours.keep("secret-one")
    row = await table.find("account", "token")
    assert row is not None
    assert "secret-one" not in repr(row.values)
    assert row.number("Version") == 1
    assert await theirs.read() == "secret-one"


async def test_a_newer_token_is_seen_when_asked_for_afresh(ours: Process, theirs: Process) -> None:
    await ours.keep("one")
    assert await theirs.read() == "one"
    await ours.keep("two")
    assert (await ours.read(), await theirs.read()) == ("two", "one")
    assert await theirs.read(fresh=True) == "two"
    assert await theirs.read() == "two"


async def test_an_expired_token_is_read_again(ours: Process, theirs: Process, clock: ManualClock) -> None:
    await ours.keep("one", days=1)
    assert await theirs.read() == "one"
    await ours.keep("two")
    clock.advance(days=1)
    assert await theirs.read() == "two"


async def test_a_remembered_token_needs_no_table(ours: Process, table: FaultyTable) -> None:
    await ours.keep("one")
    table.faults.down()
    assert await ours.read() == "one"


async def test_an_account_that_never_signed_in_is_not_configured(ours: Process) -> None:
    with pytest.raises(NotConfiguredError):
        await ours.read()
