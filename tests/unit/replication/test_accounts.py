from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.token_links import ACCOUNT, LIFE, OBTAINED, new_link

from muneris.replication.accounts import (
    PASSWORD_LIFE,
    Attempt,
    State,
    bearer_link,
    is_owed,
    latest,
    password_link,
    refresh_due_at,
    standing_of,
    usable,
)
from muneris.replication.links import Writer

SIGN_IN, MASTER, LATER_MASTER = Writer.of_sign_in("api2"), Writer(1, "api1"), Writer(2, "api2")
LINK = new_link(SIGN_IN, 1)
DUE = refresh_due_at(LINK)
SECOND = timedelta(seconds=1)
EVERYWHERE = ["api1", "api2", "api3"]


def attempt(link_id: str = LINK.id, writer: Writer = MASTER, version: int = 2) -> Attempt:
    return Attempt(writer, version, link_id, DUE, DUE + timedelta(minutes=2))


def state_at(now: datetime, *, spent: bool = False) -> State:
    standing = standing_of([new_link(SIGN_IN, 1, spent=spent)], now)
    assert standing is not None
    return standing.state


def test_an_account_without_links_was_never_signed_in() -> None:
    assert standing_of([], OBTAINED) is None
    assert not is_owed([], OBTAINED)


def test_a_refresh_is_due_shortly_before_half_of_the_life() -> None:
    assert OBTAINED + timedelta(days=4.5) <= DUE <= OBTAINED + timedelta(days=5)


def test_accounts_are_due_at_different_times() -> None:
    others = [ACCOUNT.model_copy(update={"username": f"api{number}"}) for number in range(50)]
    due = {refresh_due_at(LINK.__class__(**{**LINK.__dict__, "account": other})) for other in others}
    assert len(due) == 50


@pytest.mark.parametrize(
    ("now", "spent", "state"),
    [
        (OBTAINED, False, State.VALID),
        (DUE - timedelta(seconds=1), False, State.VALID),
        (DUE, False, State.REFRESH_DUE),
        (OBTAINED + LIFE, False, State.REFRESH_DUE),
        (OBTAINED, True, State.SIGN_IN_NEEDED),
    ],
)
def test_the_state_follows_from_time_and_refusals(now: datetime, *, spent: bool, state: State) -> None:
    assert state_at(now, spent=spent) is state


@pytest.mark.parametrize(
    ("age", "days_left"),
    [
        (timedelta(0), 10),
        (timedelta(seconds=1), 9),
        (timedelta(days=9, seconds=1), 0),
        (timedelta(days=30), 0),
    ],
)
def test_days_left_are_whole_and_never_negative(age: timedelta, days_left: int) -> None:
    standing = standing_of([LINK], OBTAINED + age)
    assert standing is not None
    assert standing.days_left == days_left


def test_a_refresh_that_is_due_for_a_day_is_late() -> None:
    almost, late = (
        standing_of([LINK], DUE + timedelta(days=1) - each) for each in (timedelta(1e-5), timedelta(0))
    )
    assert almost is not None
    assert late is not None
    assert (almost.is_late, late.is_late) == (False, True)
    assert (almost.wants_attention, late.wants_attention) == (False, True)


def test_a_password_is_warned_of_ten_days_before_it_expires() -> None:
    link = new_link(MASTER, 9, obtained_at=OBTAINED + PASSWORD_LIFE - timedelta(days=11))
    before, after = (standing_of([link], OBTAINED + timedelta(days=days)) for days in (49, 50))
    assert before is not None
    assert after is not None
    assert (before.password_expires_soon, after.password_expires_soon) == (False, True)
    assert (after.wants_attention, after.is_in_trouble, after.password_expired) == (True, False, False)


def test_a_password_expires_after_sixty_days() -> None:
    almost, over = (
        standing_of([LINK], OBTAINED + timedelta(days=60) - each) for each in (SECOND, timedelta(0))
    )
    assert almost is not None
    assert over is not None
    assert (almost.password_expired, over.password_expired) == (False, True)
    assert over.password_expires_at == OBTAINED + timedelta(days=60)


def test_the_bearer_is_the_one_that_expires_last_even_if_it_cannot_be_refreshed() -> None:
    older, newer = new_link(MASTER, 2), new_link(LATER_MASTER, 2, obtained_at=DUE, spent=True)
    assert bearer_link([older, newer]) == newer
    standing = standing_of([older, newer], DUE)
    assert standing is not None
    assert (standing.state, standing.is_forked) == (State.REFRESH_DUE, True)


def test_a_spent_account_owes_a_sign_in_only_with_a_password_that_may_serve() -> None:
    assert not is_owed([new_link(SIGN_IN, 1, spent=True)], DUE)
    assert is_owed([new_link(SIGN_IN, 1, spent=True, keeps_password=True)], DUE)
    refused = LINK.merged_with(new_link(SIGN_IN, 1, spent=True))
    assert password_link([refused]) is None


def test_a_valid_account_owes_nothing() -> None:
    assert not is_owed([LINK], DUE - timedelta(seconds=1))
    assert is_owed([LINK], DUE)


def test_links_are_used_newest_first_and_spent_ones_never() -> None:
    links = [new_link(MASTER, 2), new_link(LATER_MASTER, 3), new_link(Writer(3, "api3"), 4, spent=True)]
    assert [each.version for each in usable(links, [], EVERYWHERE, "api1", DUE)] == [3, 2]


def test_what_a_region_out_of_reach_tried_waits_for_it() -> None:
    assert usable([LINK], [attempt()], ["api2", "api3"], "api2", DUE) == []


@pytest.mark.parametrize("reachable", [EVERYWHERE, ["api1", "api2"]])
def test_what_a_region_in_reach_tried_without_success_is_tried_again(reachable: list[str]) -> None:
    assert usable([LINK], [attempt()], reachable, "api2", DUE + timedelta(minutes=15)) == [LINK]


def test_what_another_region_tried_just_now_is_left_to_it() -> None:
    assert usable([LINK], [attempt()], EVERYWHERE, "api2", DUE + timedelta(minutes=14)) == []


def test_a_region_tries_again_what_it_tried_itself() -> None:
    assert usable([LINK], [attempt()], ["api1", "api3"], "api1", DUE) == [LINK]


def test_with_two_days_left_nobody_waits_any_more() -> None:
    last = LINK.expires_at - timedelta(days=2)
    assert usable([LINK], [attempt()], ["api2"], "api2", last) == []
    assert usable([LINK], [attempt()], ["api2"], "api2", last + timedelta(seconds=1)) == [LINK]


@pytest.mark.parametrize("reachable", [EVERYWHERE, ["api2"]])
def test_what_another_region_may_still_be_storing_is_waited_for_however_little_is_left(
    reachable: list[str],
) -> None:
    began = LINK.expires_at - timedelta(hours=1)
    storing = replace(attempt(), at=began)
    assert usable([LINK], [storing], reachable, "api2", began + timedelta(minutes=15, seconds=-1)) == []
    assert usable([LINK], [storing], reachable, "api2", began + timedelta(minutes=15)) == [LINK]


def test_another_link_is_used_meanwhile() -> None:
    other = new_link(Writer.of_sign_in("api3"), 2)
    assert usable([LINK, other], [attempt()], ["api2"], "api2", DUE) == [other]


def test_the_latest_attempt_is_that_of_the_highest_epoch() -> None:
    old, new = attempt(version=9), attempt(writer=LATER_MASTER, version=2)
    assert latest([new, old]) == new
    assert latest([]) is None
