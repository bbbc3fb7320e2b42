"""A token master over three regions, and what may happen to each of its steps."""

import asyncio
import itertools
import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Literal

import pytest
from tests.oracle_identity import PASSWORD
from tests.tenants import REGIONS
from tests.token_links import ACCOUNT, new_link
from tests.token_regions import SEALING_KEYS, Europe, secrets_in

from muneris.cloud.sealing import Opener
from muneris.core.operational import OperationalError
from muneris.replication.accounts import PASSWORD_LIFE, Attempt, State
from muneris.replication.links import Writer
from muneris.replication.refreshing import NotMasterError, Tended
from muneris.replication.role import SETTLING
from muneris.replication.tokens import open_link
from muneris.simphony.errors import SignInFailedError, SignInFailure
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


async def test_a_valid_account_is_left_alone(europe: Europe) -> None:
    tended = await europe.tend()
    assert (tended.standing.state, tended.failure) == (State.VALID, None)
    assert europe.sent == {}


async def test_an_account_nobody_signed_in_is_none(europe: Europe) -> None:
    assert await europe.processes["api1"].turn("unknown").tend() is None


async def test_a_due_account_is_refreshed_and_every_region_has_it_at_once(europe: Europe) -> None:
    await europe.until_due()
    assert (await europe.standing()).state is State.REFRESH_DUE
    tended = await europe.tend()
    assert (tended.before.state, tended.standing.state) == (State.REFRESH_DUE, State.VALID)
    assert (tended.standing.version, str(tended.standing.writer)) == (2, "1@api1")
    assert await europe.everywhere() == ["api-1"] * 3
    assert europe.sent == {"api-0": 1}
    assert [len(await europe.links(region)) for region in REGIONS] == [1, 1, 1]


async def test_nothing_secret_is_in_the_clear(europe: Europe) -> None:
    await europe.sign_in(password="a secret password")
    await europe.until_due()
    await europe.tend()
    for storage in europe.storages.values():
        content = secrets_in(storage)
        assert "api-" not in content
        assert "password" not in content.replace("PasswordAt", "").replace("PasswordSpent", "").replace(
            "KeepsPassword", ""
        )


@pytest.mark.parametrize("region", ["api2", "api3"])
async def test_only_the_master_refreshes(europe: Europe, region: str) -> None:
    await europe.until_due()
    with pytest.raises(NotMasterError):
        await europe.tend(region)
    assert europe.sent == {}


async def test_a_new_master_waits_before_it_refreshes(europe: Europe) -> None:
    await europe.until_due()
    await europe.processes["api2"].mastership.promote()
    with pytest.raises(NotMasterError):
        await europe.tend("api2")
    europe.clock.moment += SETTLING
    await europe.tend("api2")
    assert europe.sent == {"api-0": 1}


async def test_without_a_majority_nothing_is_sent(europe: Europe) -> None:
    await europe.until_due()
    europe.kill("api2", "api3")
    with pytest.raises(NotMasterError):
        await europe.tend()
    assert europe.sent == {}
    europe.revive("api2", "api3")
    await europe.tend()
    assert await europe.everywhere() == ["api-1"] * 3


async def test_a_dead_region_gets_it_when_it_is_back(europe: Europe) -> None:
    await europe.until_due()
    europe.kill("api3")
    await europe.tend()
    assert [await europe.sends(region) for region in ("api1", "api2", "api3")] == ["api-1", "api-1", "api-0"]
    europe.revive("api3")
    await europe.master().catch_up()
    assert await europe.everywhere() == ["api-1"] * 3


async def test_an_oracle_out_of_reach_changes_nothing_and_is_asked_again(europe: Europe) -> None:
    await europe.until_due()
    europe.oracle_faults.down()
    assert (await europe.tend()).failure == "unreachable"
    assert (await europe.standing()).state is State.REFRESH_DUE
    europe.oracle_faults.calm()
    assert [each.failure for each in await europe.new_process("api1").master.catch_up()] == [None]
    assert await europe.everywhere() == ["api-1"] * 3


async def test_an_attempt_that_too_few_regions_know_of_is_not_sent_nor_waited_for(europe: Europe) -> None:
    await europe.until_due()
    for region in ("api2", "api3"):
        europe.faults[region].fail("before", {4})  # noting the attempt: after two gatherings and the vote
    with pytest.raises(OperationalError, match="only api1 know of the attempt"):
        await europe.tend()
    assert europe.sent == {}
    europe.revive("api2", "api3")
    assert (await europe.tend()).failure is None
    assert await europe.everywhere() == ["api-1"] * 3


async def test_after_a_lost_answer_the_token_is_tried_once_more_and_a_refusal_is_believed(
    europe: Europe,
) -> None:
    await europe.until_due()
    europe.oracle_faults.fail("after", {0})
    tended = await europe.tend()
    assert (tended.failure, europe.sent) == ("refresh_refused", {"api-0": 2})
    assert (tended.standing.state, tended.standing.days_left) == (State.SIGN_IN_NEEDED, 4)
    assert [link.spent for region in REGIONS for link in await europe.links(region)] == [True] * 3
    await europe.master().catch_up()
    await europe.master().run()
    assert europe.sent == {"api-0": 2}


async def test_a_new_sign_in_heals_it(europe: Europe) -> None:
    await europe.until_due()
    europe.oracle_faults.fail("after", {0})
    await europe.tend()
    europe.oracle_faults.calm()
    await europe.sign_in("api3")
    assert (await europe.standing()).state is State.VALID
    await europe.until_due()
    assert (await europe.tend()).failure is None
    assert europe.sent == {"api-0": 2, "api-2": 1}
    assert await europe.everywhere() == ["api-3"] * 3


async def test_a_request_that_was_lost_on_its_way_is_sent_again(europe: Europe) -> None:
    await europe.until_due()
    europe.oracle_faults.silence = _nothing
    europe.oracle_faults.fail("silent before", {0})
    tended = await europe.tend()
    assert (tended.failure, tended.standing.state) == (None, State.VALID)
    assert europe.sent == {"api-0": 2}


async def test_what_stays_unanswered_is_no_reason_for_a_sign_in(europe: Europe) -> None:
    await europe.until_due()
    europe.oracle_faults.silence = _nothing
    europe.oracle_faults.fail("silent before", {0, 1})
    assert (await europe.tend()).failure == "answer_lost"
    assert (await europe.standing()).state is State.REFRESH_DUE
    europe.clock.advance(minutes=15)
    await europe.master().catch_up()
    assert (await europe.standing()).state is State.VALID


async def _nothing() -> None:
    return


async def refresh_that_stays_in_api1(europe: Europe, monkeypatch: pytest.MonkeyPatch) -> None:
    """The master refreshes, and dies before anybody else hears of the successor."""
    await europe.until_due()
    process = europe.processes["api1"]
    push = process.means.outbox.push

    async def die(partition: str) -> None:
        europe.kill("api1")
        await push(partition)

    monkeypatch.setattr(process.means.outbox, "push", die)  # between storing and carrying
    with pytest.raises(OperationalError):
        await europe.tend()
    assert [await europe.sends(region) for region in REGIONS] == ["api-1", "api-0", "api-0"]
    await europe.promote("api2")


async def test_what_an_old_master_may_hold_is_waited_for(
    europe: Europe, monkeypatch: pytest.MonkeyPatch
) -> None:
    await refresh_that_stays_in_api1(europe, monkeypatch)
    tended = await europe.tend("api2")
    assert tended.failure == "its successor may lie in a region that is out of reach"
    assert europe.sent == {"api-0": 1}
    europe.revive("api1")
    tended = await europe.tend("api2")
    assert (tended.failure, tended.standing.state) == (None, State.VALID)
    assert await europe.everywhere() == ["api-1"] * 3
    assert europe.sent == {"api-0": 1}


async def test_what_an_old_master_tried_without_success_is_tried_when_it_is_back(europe: Europe) -> None:
    await europe.until_due()
    europe.oracle_faults.down()
    await europe.tend()
    europe.oracle_faults.calm()
    europe.kill("api1")
    await europe.promote("api2")
    assert (await europe.tend("api2")).standing.state is State.REFRESH_DUE
    europe.revive("api1")
    assert (await europe.tend("api2")).standing.state is State.REFRESH_DUE
    europe.clock.advance(minutes=15)
    assert (await europe.tend("api2")).standing.state is State.VALID
    assert europe.sent == {"api-0": 2}


async def test_what_an_old_master_may_still_be_storing_is_waited_for_to_the_last(europe: Europe) -> None:
    europe.clock.advance(days=9)
    link, used = (await europe.links("api2"))[0], await europe.sends("api2")
    now = europe.clock.now()
    storing = Attempt(Writer(1, "api1"), 2, link.id, now, until=now + timedelta(minutes=12))
    for storage in europe.storages.values():
        await storage.accounts.note(ACCOUNT.id, storing)
    europe.oracle.good.discard(used)  # Oracle has answered: no region's table takes it yet
    await europe.promote("api2")
    tended = await europe.tend("api2")
    assert (tended.standing.state, europe.sent) == (State.REFRESH_DUE, {})


async def test_an_old_master_stops_as_soon_as_it_is_back(
    europe: Europe, monkeypatch: pytest.MonkeyPatch
) -> None:
    await refresh_that_stays_in_api1(europe, monkeypatch)
    europe.revive("api1")
    assert await europe.new_process("api1").master.run() == []
    assert await europe.new_process("api1").master.catch_up() == []
    assert europe.sent == {"api-0": 1}
    assert await europe.everywhere() == ["api-1"] * 3


async def test_successors_are_kept_in_a_peer_while_the_own_table_fails(
    europe: Europe, monkeypatch: pytest.MonkeyPatch
) -> None:
    await europe.until_due()
    answered = europe.oracle.refresh

    def answer_and_fail(account: Account, tokens: Tokens) -> Tokens:
        europe.faults["api1"].down()
        return answered(account, tokens)

    monkeypatch.setattr(europe.oracle, "refresh", answer_and_fail)
    with pytest.raises(OperationalError):
        await europe.tend()
    assert [await europe.sends(region) for region in REGIONS] == ["api-0", "api-1", "api-0"]
    europe.revive("api1")
    await europe.tend()
    assert await europe.everywhere() == ["api-1"] * 3
    assert europe.sent == {"api-0": 1}


async def test_a_successor_is_kept_as_soon_as_any_region_takes_it(
    europe: Europe, monkeypatch: pytest.MonkeyPatch
) -> None:
    await europe.until_due()
    answered, slept = europe.oracle.refresh, itertools.count()

    def answer_and_fail(account: Account, tokens: Tokens) -> Tokens:
        europe.kill(*REGIONS)
        europe.on_sleep = lambda: europe.revive("api3") if next(slept) == 5 else None
        return answered(account, tokens)

    monkeypatch.setattr(europe.oracle, "refresh", answer_and_fail)
    with pytest.raises(OperationalError):
        await europe.tend()
    assert [await europe.sends(region) for region in REGIONS] == ["api-0", "api-0", "api-1"]
    europe.revive(*REGIONS)
    await europe.tend()
    assert await europe.everywhere() == ["api-1"] * 3
    assert europe.sent == {"api-0": 1}


async def make_fork(europe: Europe) -> None:
    """Two regions that do not reach each other sign the account in."""
    apart = Europe()
    apart.clock, apart.oracle = europe.clock, europe.oracle
    apart.processes = {region: apart.new_process(region) for region in REGIONS}
    await apart.sign_in("api3")
    for region, storage in apart.storages.items():
        await europe.storages[region].accounts.merge(ACCOUNT.id, await storage.accounts.links(ACCOUNT.id))
    assert [str(link.writer) for link in await europe.links("api1")] == ["0@api3", "0@api2"]


async def test_both_branches_of_a_fork_are_kept_until_one_works(europe: Europe) -> None:
    await make_fork(europe)
    await europe.until_due()
    await europe.tend()
    assert europe.sent == {"api-1": 1}
    assert await europe.everywhere() == ["api-2"] * 3
    assert [len(await europe.links(region)) for region in REGIONS] == [1, 1, 1]


async def test_when_the_newest_branch_is_refused_the_other_one_is_used(europe: Europe) -> None:
    await make_fork(europe)
    europe.oracle.good.discard("api-1")
    await europe.until_due()
    tended = await europe.tend()
    assert (tended.failure, tended.standing.state) == (None, State.VALID)
    assert europe.sent == {"api-1": 1, "api-0": 1}
    assert await europe.everywhere() == ["api-2"] * 3
    assert [len(await europe.links(region)) for region in REGIONS] == [1, 1, 1]


async def test_a_branch_that_cannot_be_opened_does_not_hold_up_the_other_one(europe: Europe) -> None:
    foreign = new_link(Writer.of_sign_in("api3"), 5, obtained_at=europe.clock.now())
    for storage in europe.storages.values():
        await storage.accounts.merge(ACCOUNT.id, [foreign])
    await europe.until_due()
    tended = await europe.tend()
    assert (tended.failure, tended.standing.is_forked) == (None, False)
    assert europe.sent == {"api-0": 1}
    assert await europe.everywhere() == ["api-1"] * 3


@pytest.mark.parametrize("fault", ["before", "silent before"])
async def test_while_oracle_is_silent_no_other_branch_is_tried(
    europe: Europe, fault: Literal["before", "silent before"]
) -> None:
    await make_fork(europe)
    europe.oracle_faults.silence = _nothing
    await europe.until_due()
    europe.oracle_faults.plan = lambda _: fault
    await europe.tend()
    assert list(europe.sent) == ["api-1"]


async def test_a_kept_password_signs_in_when_no_token_works(europe: Europe) -> None:
    await europe.sign_in(password=PASSWORD)
    await europe.until_due()
    europe.oracle.good.clear()
    tended = await europe.tend()
    assert (tended.failure, tended.standing.state) == (None, State.VALID)
    assert europe.oracle.sign_ins == 3
    (link,) = await europe.links("api3")
    assert (link.keeps_password, open_link(Opener(SEALING_KEYS["api3"]), link).password) == (True, PASSWORD)


async def test_a_password_that_is_refused_is_not_tried_again(europe: Europe) -> None:
    await europe.sign_in(password=PASSWORD)
    await europe.until_due()
    europe.oracle.good.clear()
    europe.oracle.password = "changed"
    assert (await europe.tend()).failure == "wrong_credentials"
    europe.oracle.password = PASSWORD
    europe.clock.advance(hours=1)
    tended = await europe.tend()
    assert (tended.standing.state, tended.failure) == (State.SIGN_IN_NEEDED, None)
    assert europe.oracle.sign_ins == 2


async def test_a_password_that_neither_serves_nor_is_refused_is_tried_by_the_runs_alone(
    europe: Europe, monkeypatch: pytest.MonkeyPatch
) -> None:
    await europe.sign_in(password=PASSWORD)
    await europe.until_due()
    europe.oracle.good.clear()
    tries: list[str] = []

    def answer_in_html(account: Account, password: str) -> Tokens:
        del account
        tries.append(password)
        raise SignInFailedError(SignInFailure.UNEXPECTED_ANSWER)

    monkeypatch.setattr(europe.oracle, "sign_in", answer_in_html)
    for expected in (1, 1, 1):
        await europe.master().catch_up()
        europe.clock.advance(minutes=15)
        assert len(tries) == expected
    for expected in (2, 3):
        await europe.master().run()
        europe.clock.advance(hours=12)
        assert len(tries) == expected


async def test_two_processes_of_the_master_send_once(europe: Europe) -> None:
    await europe.until_due()
    other = europe.new_process("api1")
    turns = [europe.processes["api1"].turn(ACCOUNT.id).tend(), other.turn(ACCOUNT.id).tend()]
    outcomes = await asyncio.gather(*turns, return_exceptions=True)
    assert sum(isinstance(each, Tended) and each.standing.state is State.VALID for each in outcomes) >= 1
    assert europe.sent == {"api-0": 1}


@pytest.mark.parametrize("kind", ["before", "after"])
@pytest.mark.parametrize("region", ["api1", "api2"])
@pytest.mark.parametrize("step", range(30))
async def test_a_fault_at_any_step_loses_no_token(europe: Europe, kind: str, region: str, step: int) -> None:
    await europe.until_due()
    europe.faults[region].fail("before" if kind == "before" else "after", {step})
    for _ in range(4):
        with suppress(OperationalError):  # the next run goes on
            await europe.master().catch_up()
        europe.clock.advance(minutes=15)
    assert (await europe.standing()).state is State.VALID
    assert await europe.everywhere() == ["api-1"] * 3
    assert europe.sent == {"api-0": 1}


@pytest.mark.parametrize("step", range(30))
async def test_a_process_that_dies_halfway_is_carried_on_by_the_next(europe: Europe, step: int) -> None:
    await europe.until_due()
    europe.faults["api1"].fail("death", {step})
    with suppress(asyncio.CancelledError):
        await europe.master().run()
    europe.faults["api1"].revive()
    europe.faults["api1"].calm()
    links = [
        link for storage in europe.storages.values() for link in await storage.accounts.links(ACCOUNT.id)
    ]
    died_with_the_answer = bool(europe.oracle.received) and {link.version for link in links} == {1}
    europe.clock.advance(minutes=15)
    europe.processes["api1"] = europe.new_process("api1")
    await europe.master().run()
    if died_with_the_answer:  # nothing can be done about that
        europe.oracle.received.clear()
        assert (await europe.standing()).state is State.SIGN_IN_NEEDED
    else:
        assert (await europe.standing()).state is State.VALID
        assert await europe.everywhere() == ["api-1"] * 3


async def test_one_account_that_fails_stops_no_other(europe: Europe, monkeypatch: pytest.MonkeyPatch) -> None:
    await europe.sign_in(account=OTHER)
    await europe.until_due()
    answered = europe.oracle.refresh

    def fail_for_one(account: Account, tokens: Tokens) -> Tokens:
        if account == ACCOUNT:
            raise RuntimeError("a bug")
        return answered(account, tokens)

    monkeypatch.setattr(europe.oracle, "refresh", fail_for_one)
    tended = await europe.master().run()
    assert [(each.account, each.standing.state) for each in tended] == [(OTHER, State.VALID)]


async def test_who_is_not_master_carries_over_what_it_owes_and_no_more(europe: Europe) -> None:
    europe.kill("api1")
    await europe.sign_in("api3")
    europe.revive("api1")
    assert await europe.sends("api1") == "api-0"
    assert await europe.master("api3").catch_up() == []
    assert await europe.sends("api1") == "api-1"


async def test_a_run_adopts_accounts_that_only_a_peer_knows(europe: Europe) -> None:
    europe.kill("api1")
    await europe.sign_in("api3", OTHER)
    europe.revive("api1")
    assert {each.account for each in await europe.master().run()} == {ACCOUNT, OTHER}
    assert len(await europe.storages["api1"].accounts.links(OTHER.id)) == 1


async def test_a_run_tells_of_accounts_that_need_a_sign_in(
    europe: Europe, caplog: pytest.LogCaptureFixture
) -> None:
    await europe.until_due()
    europe.oracle.good.clear()
    await europe.master().run()
    (event,) = europe.processes["api1"].publisher.published
    assert (event.type, event.subject) == ("muneris.token.attention", ACCOUNT.id)
    assert event.data == {
        "organization": "nordic",
        "state": "sign_in_needed",
        "version": 1,
        "days_left": 4,
        "password_expires_soon": False,
        "password_expired": False,
        "failure": "refresh_refused",
    }
    assert f"account {ACCOUNT.id} of nordic: sign_in_needed, 4 days left" in caplog.messages


async def test_a_refresh_that_is_late_is_told_of_every_run(europe: Europe) -> None:
    await europe.until_due()
    europe.oracle_faults.down()
    await europe.master().run()
    assert europe.processes["api1"].publisher.published == []
    europe.clock.advance(days=1)
    await europe.master().run()
    await europe.master().catch_up()
    assert [event.data["state"] for event in europe.processes["api1"].publisher.published] == ["refresh_due"]


async def test_a_refusal_found_by_the_catch_up_is_told_at_once_and_once(europe: Europe) -> None:
    await europe.until_due()
    europe.oracle.good.clear()
    await europe.master().catch_up()
    await europe.master().catch_up()
    assert len(europe.processes["api1"].publisher.published) == 1


async def test_a_password_that_expires_is_a_warning_with_the_same_id_until_it_has_expired(
    europe: Europe, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "muneris.replication.master")
    told, expires_at = europe.processes["api1"].publisher.published, europe.clock.now() + PASSWORD_LIFE
    for _ in range(2 * 62):
        europe.clock.advance(hours=12)
        await europe.master().run()
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    soon, expired = dict.fromkeys(event.id for event in told)
    assert soon == f"{ACCOUNT.id}-password-expires_soon-{expires_at:%Y%m%d}"
    assert expired == f"{ACCOUNT.id}-password-expired-{expires_at:%Y%m%d}"
    assert (told[0].data["password_expired"], told[-1].data["password_expired"]) == (False, True)
    assert caplog.messages[0].endswith("; its password expires soon")
    assert caplog.messages[-1].endswith("; its password has expired")


async def test_that_nobody_is_master_is_told(europe: Europe, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    europe.kill("api1", "api2")
    await europe.master("api3").run()
    (event,) = europe.processes["api3"].publisher.published
    assert (event.type, event.data) == ("muneris.master.missing", {"epochs": {"api3": 1}})
    assert "promote a region" in caplog.text


async def test_a_forced_master_refreshes_without_the_others(europe: Europe) -> None:
    await europe.until_due()
    europe.kill("api1", "api3")
    await europe.processes["api2"].mastership.promote(force=True)
    europe.clock.moment += SETTLING
    await europe.tend("api2")
    assert await europe.sends("api2") == "api-1"
    europe.revive("api1", "api3")
    await europe.master("api2").catch_up()
    await europe.master("api2").run()
    assert await europe.everywhere() == ["api-1"] * 3
    assert await europe.master("api1").run() == []
