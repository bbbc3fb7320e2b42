import asyncio
import traceback
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.faults import Faults, FaultyTable
from tests.tenants import ManualClock
from tests.token_links import ACCOUNT, new_link

from muneris.cloud.agenda import Agenda
from muneris.cloud.sealing import Opener, Sealer, SealError, generate_sealing_key, to_public_jwk
from muneris.cloud.tables import TableUnavailableError, rows_with_prefix
from muneris.replication.accounts import State
from muneris.replication.links import Writer, heads
from muneris.replication.store import AccountStore
from muneris.replication.tokens import AGENDA, TokenKeeper, open_link, token_outbox
from muneris.simphony.errors import NotConfiguredError
from muneris.simphony.model import Tokens

KEYS = {region: generate_sealing_key() for region in ("api1", "api2")}
SEALER = Sealer({region: to_public_jwk(key) for region, key in KEYS.items()})


class Process:
    """One of several processes, in a region with one peer."""

    def __init__(self, region: str, own: FaultyTable, peer: FaultyTable, clock: ManualClock) -> None:
        self.clock = clock
        self.agenda = FaultyTable()
        agenda = Agenda(self.agenda, AGENDA, clock)
        self.outbox = token_outbox(own, agenda, {"api2" if region == "api1" else "api1": peer})
        self.tokens = TokenKeeper(region, own, Opener(KEYS[region]), SEALER, self.outbox, clock)

    async def keep(self, id_token: str, *, days: int = 14, password: str | None = None) -> None:
        expires_at = self.clock.now() + timedelta(days=days)
        tokens = Tokens(id_token=id_token, refresh_token=f"after {id_token}", expires_at=expires_at)
        await self.tokens.keep_tokens(ACCOUNT, tokens, password)

    async def read(self, *, fresh: bool = False) -> str:
        return (await self.tokens.get_token(ACCOUNT.id, fresh=fresh)).id_token


@pytest.fixture
def table() -> FaultyTable:
    return FaultyTable()


@pytest.fixture
def peer_table() -> FaultyTable:
    return FaultyTable()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def ours(table: FaultyTable, peer_table: FaultyTable, clock: ManualClock) -> Process:
    return Process("api1", table, peer_table, clock)


@pytest.fixture
def theirs(table: FaultyTable, peer_table: FaultyTable, clock: ManualClock) -> Process:
    """Another process of the same region."""
    return Process("api1", table, peer_table, clock)


@pytest.fixture
def elsewhere(table: FaultyTable, peer_table: FaultyTable, clock: ManualClock) -> Process:
    """A process of the other region."""
    return Process("api2", peer_table, table, clock)


async def test_tokens_are_stored_sealed(ours: Process, theirs: Process, table: FaultyTable) -> None:
    await ours.keep("secret-one", password="secret-password")
    rows = [row async for row in rows_with_prefix(table, ACCOUNT.id, "")]
    assert [row.key for row in rows] == ["link|0@api1"]
    assert "secret" not in repr(rows)
    assert rows[0].number("Version") == 1
    assert await theirs.read() == "secret-one"


async def test_a_newer_token_is_seen_when_asked_for_afresh(ours: Process, theirs: Process) -> None:
    await ours.keep("one")
    assert await theirs.read() == "one"
    ours.clock.advance(seconds=1)
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
    with pytest.raises(TableUnavailableError):
        await ours.read(fresh=True)


async def test_an_account_that_never_signed_in_is_not_configured(ours: Process) -> None:
    with pytest.raises(NotConfiguredError):
        await ours.read()
    assert await ours.tokens.find_standing(ACCOUNT.id) is None


async def test_a_sign_in_reaches_the_other_region_at_once(ours: Process, elsewhere: Process) -> None:
    await ours.keep("one", password="a password")
    assert await elsewhere.read() == "one"


async def test_the_password_is_kept_only_if_it_is_to_be(
    ours: Process, elsewhere: Process, peer_table: FaultyTable
) -> None:
    await ours.keep("one")
    (link,) = await AccountStore(peer_table).links(ACCOUNT.id)
    assert (link.keeps_password, open_link(Opener(KEYS["api2"]), link).password) == (False, None)
    await ours.keep("two", password="a password")
    (link,) = await AccountStore(peer_table).links(ACCOUNT.id)
    assert (link.keeps_password, open_link(Opener(KEYS["api2"]), link).password) == (True, "a password")
    assert await elsewhere.read() == "two"


async def test_a_region_that_is_away_gets_it_later(
    ours: Process, elsewhere: Process, table: FaultyTable, peer_table: FaultyTable
) -> None:
    peer_table.faults.down()
    await ours.keep("one")
    await ours.keep("two")
    assert await table.keys(ACCOUNT.id) == ["link|0@api1", "work|tokens|api2"]
    peer_table.faults.calm()
    await ours.outbox.sweep()
    assert await elsewhere.read() == "two"
    assert await table.keys(ACCOUNT.id) == ["link|0@api1"]


async def test_sign_ins_at_once_are_all_counted(ours: Process, theirs: Process, table: FaultyTable) -> None:
    await asyncio.gather(ours.keep("one"), theirs.keep("two"), ours.keep("three"))
    (link,) = await AccountStore(table).links(ACCOUNT.id)
    assert link.version == 3


async def test_sign_ins_in_two_regions_at_once_are_both_kept(ours: Process, table: FaultyTable) -> None:
    ours_only, theirs_only = FaultyTable(), FaultyTable()
    apart = [Process("api1", ours_only, table, ours.clock), Process("api2", theirs_only, table, ours.clock)]
    for number, process in enumerate(apart):
        await process.keep(f"{number}", days=10 + number)
    links = await AccountStore(table).links(ACCOUNT.id)
    assert [str(link.writer) for link in heads(links)] == ["0@api2", "0@api1"]
    standing = await ours.tokens.find_standing(ACCOUNT.id)
    assert standing is not None
    assert (standing.is_forked, standing.state) == (True, State.VALID)
    assert await ours.read() == "1"


async def test_the_two_regions_hold_the_same_after_each_wrote(
    ours: Process, elsewhere: Process, table: FaultyTable, peer_table: FaultyTable
) -> None:
    await ours.keep("one")
    elsewhere.clock.advance(seconds=1)
    await elsewhere.keep("two")
    assert await AccountStore(table).links(ACCOUNT.id) == await AccountStore(peer_table).links(ACCOUNT.id)
    assert (await ours.read(fresh=True), await elsewhere.read()) == ("two", "two")


async def test_a_token_without_a_refresh_token_needs_a_sign_in_from_the_start(ours: Process) -> None:
    expires_at = ours.clock.now() + timedelta(days=14)
    await ours.tokens.keep_tokens(ACCOUNT, Tokens(id_token="only", expires_at=expires_at))
    standing = await ours.tokens.find_standing(ACCOUNT.id)
    assert standing is not None
    assert (standing.state, standing.days_left) == (State.SIGN_IN_NEEDED, 14)


@pytest.mark.parametrize("step", range(5))
async def test_a_sign_in_that_is_repeated_after_a_lost_answer_stands(step: int) -> None:
    own, peer = FaultyTable(faults=Faults(), reads=Faults()), FaultyTable()
    process = Process("api1", own, peer, ManualClock())
    own.faults.fail("after", {step})
    for _ in range(2):
        try:
            await process.keep("one")
        except TableUnavailableError:
            continue
    await process.outbox.sweep()
    assert await process.read(fresh=True) == "one"
    assert len(heads(await AccountStore(peer).links(ACCOUNT.id))) == 1


def test_what_is_sealed_in_another_form_is_not_quoted() -> None:
    sealed = SEALER.seal(b'{"tokens": {"id_token": "secret"}, "password": "secret"}', ACCOUNT.id)
    link = replace(new_link(Writer.of_sign_in("api1"), 1), sealed=sealed)
    with pytest.raises(SealError, match="of another version") as raised:
        open_link(Opener(KEYS["api1"]), link)
    assert "secret" not in "".join(traceback.format_exception(raised.value))
