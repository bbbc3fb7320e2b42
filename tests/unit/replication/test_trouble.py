"""What one part that refuses, is damaged, hangs or is dead leaves to the others, and who hears of it."""

import itertools
import logging
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from tests.tenants import REGIONS
from tests.token_links import ACCOUNT
from tests.token_regions import Europe

from muneris.cloud.events import Event
from muneris.cloud.wire.refusal import RequestRefusedError
from muneris.replication.accounts import State
from muneris.replication.master import TokenMaster
from muneris.simphony.model import Account, Tokens

OTHER = ACCOUNT.model_copy(update={"username": "another"})


@pytest.fixture
async def europe() -> Europe:
    europe = Europe()
    await europe.begin()
    return europe


@pytest.fixture(autouse=True)
def no_token_was_sent_after_its_successor_came(europe: Europe) -> Iterator[None]:
    yield
    assert europe.oracle.sent_too_late() == []


async def test_successors_are_kept_in_a_peer_if_the_own_table_refuses_them(
    europe: Europe, monkeypatch: pytest.MonkeyPatch
) -> None:
    await europe.until_due()
    answered = europe.oracle.refresh

    def answer_and_lose_the_right(account: Account, tokens: Tokens) -> Tokens:
        europe.refuse("api1")
        return answered(account, tokens)

    monkeypatch.setattr(europe.oracle, "refresh", answer_and_lose_the_right)
    with pytest.raises(RequestRefusedError):
        await europe.tend()
    assert [await europe.sends(region) for region in REGIONS] == ["api-0", "api-1", "api-0"]
    europe.revive("api1")
    await europe.tend()
    assert await europe.everywhere() == ["api-1"] * 3
    assert europe.sent == {"api-0": 1}


async def test_a_region_that_refuses_delays_only_itself(europe: Europe) -> None:
    await europe.until_due()
    europe.refuse("api3")
    assert [each.failure for each in await europe.master().run()] == [None]
    assert [await europe.sends(region) for region in REGIONS] == ["api-1", "api-1", "api-0"]
    europe.revive("api3")
    await europe.master().catch_up()
    assert await europe.everywhere() == ["api-1"] * 3
    assert europe.sent == {"api-0": 1}


async def test_a_promotion_does_without_a_region_that_refuses(europe: Europe) -> None:
    europe.refuse("api1")
    await europe.promote("api2")
    seen = await europe.processes["api2"].mastership.overview()
    assert seen.holder is not None
    assert seen.holder.region == "api2"
    assert sorted(seen.unreachable) == ["api1"]


@pytest.mark.parametrize("damaged", REGIONS)
async def test_a_damaged_row_delays_only_its_account(europe: Europe, damaged: str) -> None:
    await europe.sign_in(account=OTHER)
    await europe.until_due()
    await europe.damage(damaged)
    assert [(each.account, each.standing.state) for each in await europe.master().catch_up()] == [
        (OTHER, State.VALID)
    ]


async def test_what_cannot_be_carried_over_holds_up_nothing_else_that_is_owed(europe: Europe) -> None:
    europe.kill("api1")
    await europe.sign_in()
    await europe.sign_in(account=OTHER)
    europe.revive("api1")
    await europe.damage("api2")
    await europe.master("api2").catch_up()
    assert len(await europe.storages["api1"].accounts.links(OTHER.id)) == 1
    assert await europe.sends("api1") == "api-0"


async def sign_in_eight_others(europe: Europe) -> None:
    """With the first one these are one more than have their turn at once."""
    for number in range(8):
        await europe.sign_in(account=ACCOUNT.model_copy(update={"username": f"other{number}"}))
    await europe.until_due()


def take_too_long(europe: Europe) -> None:
    """From now on the first pause lasts ten minutes."""
    slept = itertools.count()
    europe.on_sleep = lambda: europe.clock.advance(minutes=10 if next(slept) == 0 else 0)


async def test_a_run_ends_in_time_and_the_catch_up_goes_on(
    europe: Europe, caplog: pytest.LogCaptureFixture
) -> None:
    await sign_in_eight_others(europe)
    take_too_long(europe)
    assert len(await europe.master().run()) == 8
    assert "it took too long: 1 accounts are left to the next run" in caplog.messages
    assert europe.oracle.refreshes == 8
    assert len(await europe.master().catch_up()) == 1
    assert europe.oracle.refreshes == 9


async def test_no_account_is_always_the_one_that_is_left(europe: Europe) -> None:
    await sign_in_eight_others(europe)
    europe.oracle_faults.down()
    api1 = europe.processes["api1"]
    chance = random.Random(1).random  # noqa: S311 - it has to be the same each time
    master = TokenMaster(replace(api1.means, chance=chance), api1.publisher)
    for _ in range(3):
        take_too_long(europe)
        await master.catch_up()
        europe.clock.advance(minutes=15)
    assert len(europe.sent) == 9


async def test_that_the_master_is_out_of_reach_is_told(
    europe: Europe, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    europe.kill("api1")
    await europe.master("api2").run()
    (event,) = europe.processes["api2"].publisher.published
    assert (event.type, event.data) == ("muneris.master.missing", {"epochs": {"api2": 1, "api3": 1}})
    (message,) = caplog.messages
    assert message.startswith("the master api1 is out of reach, and no Simphony token is refreshed: ")
    assert message.endswith("promote a region (api2, api3 answer)")


async def test_every_region_tells_of_accounts_that_the_master_leaves_late(europe: Europe) -> None:
    await europe.until_due()
    await europe.master("api2").run()
    assert europe.processes["api2"].publisher.published == []
    europe.clock.advance(days=1)
    for region in ("api2", "api3"):
        await europe.master(region).run()
    told = [europe.processes[region].publisher.published for region in ("api2", "api3")]
    assert [(each.type, each.data["state"]) for each in told[0]] == [
        ("muneris.token.attention", "refresh_due")
    ]
    assert told[0] == told[1]
    assert europe.sent == {}


async def test_events_that_are_refused_stop_no_run(
    europe: Europe, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(events: Sequence[Event]) -> None:
        del events
        raise RequestRefusedError("403 Forbidden")

    monkeypatch.setattr(europe.processes["api2"].publisher, "publish", refuse)
    europe.kill("api1")
    await europe.until_due()
    europe.clock.advance(days=1)
    await europe.master("api2").run()
    assert caplog.messages.count("what was logged is not published: 403 Forbidden") == 2


async def test_nobody_else_tells_of_what_the_master_looks_after(europe: Europe) -> None:
    await europe.until_due()
    europe.clock.advance(days=1)
    await europe.master().run()
    await europe.master("api2").run()
    assert europe.processes["api2"].publisher.published == []
