from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muneris.replication.role import (
    SETTLING,
    Role,
    find_holder,
    find_master,
    has_majority,
    highest,
    is_settled,
    majority_of,
)

SINCE = datetime(2030, 5, 4, tzinfo=UTC)
REGIONS = ["api1", "api2", "api3"]
ONE, TWO = Role(1, "api1", SINCE), Role(2, "api2", SINCE)
FORCED = Role(2, "api2", SINCE, forced=True)


@pytest.mark.parametrize(("count", "majority"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_more_than_half_of_the_configured_regions_decide(count: int, majority: int) -> None:
    regions = [f"api{number}" for number in range(count)]
    assert majority_of(regions) == majority
    assert has_majority(regions[:majority], regions)
    assert not has_majority(regions[: majority - 1], regions)


def test_a_region_that_is_not_configured_has_no_say() -> None:
    assert not has_majority(["api1", "api9"], REGIONS)


@pytest.mark.parametrize(
    ("votes", "holder"),
    [
        ({}, None),
        ({"api1": None, "api2": None, "api3": None}, None),
        ({"api1": ONE, "api2": None, "api3": None}, None),
        ({"api1": ONE, "api2": ONE, "api3": None}, ONE),
        ({"api1": ONE, "api2": ONE, "api3": ONE}, ONE),
        ({"api2": ONE, "api3": ONE}, ONE),
        ({"api1": ONE}, None),
        ({"api1": ONE, "api2": TWO, "api3": TWO}, TWO),
        ({"api1": ONE, "api2": ONE, "api3": TWO}, ONE),
        ({"api1": ONE, "api2": TWO}, None),
        ({"api1": Role(2, "api1", SINCE), "api2": TWO, "api3": ONE}, None),
    ],
)
def test_a_role_holds_by_majority(votes: Mapping[str, Role | None], holder: Role | None) -> None:
    assert find_holder(votes, REGIONS) == holder
    assert find_master(votes, REGIONS, "api1") == holder


def test_one_region_alone_decides_for_itself() -> None:
    assert find_holder({"api1": ONE}, ["api1"]) == ONE


@pytest.mark.parametrize(
    ("votes", "region", "master"),
    [
        ({"api2": FORCED}, "api2", FORCED),
        ({"api1": ONE, "api2": FORCED, "api3": ONE}, "api2", FORCED),
        ({"api1": ONE, "api2": FORCED, "api3": ONE}, "api1", ONE),
        ({"api2": FORCED, "api3": Role(3, "api3", SINCE)}, "api2", None),
        ({"api2": FORCED, "api3": Role(2, "api3", SINCE)}, "api2", None),
        ({"api3": FORCED}, "api3", None),
    ],
)
def test_a_forced_role_holds_where_it_was_forced_until_a_higher_one_shows(
    votes: Mapping[str, Role | None], region: str, master: Role | None
) -> None:
    assert find_master(votes, REGIONS, region) == master


def test_a_master_acts_five_minutes_after_its_promotion() -> None:
    assert not is_settled(ONE, SINCE + SETTLING - timedelta(seconds=1))
    assert is_settled(ONE, SINCE + SETTLING)


def test_the_highest_epoch_is_found_whoever_has_it() -> None:
    assert highest({"api1": ONE, "api2": None, "api3": TWO}) == TWO
    assert highest({"api1": None}) is None


@given(st.lists(st.sampled_from([None, ONE, TWO, Role(2, "api1", SINCE)]), min_size=3, max_size=3))
def test_whoever_answers_never_two_are_master(roles: Sequence[Role | None]) -> None:
    votes = dict(zip(REGIONS, roles, strict=True))
    found = set()
    for left_out in [None, *REGIONS]:
        heard = {region: role for region, role in votes.items() if region != left_out}
        found |= {find_master(heard, REGIONS, region) for region in REGIONS} - {None}
    assert len(found) <= 1
