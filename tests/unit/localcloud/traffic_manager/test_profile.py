from datetime import UTC, datetime
from typing import Literal

import pytest

from localcloud.traffic_manager.config import Endpoint
from localcloud.traffic_manager.profile import MonitorStatus, Profile

NOW = datetime(2030, 5, 4, 10, 30, tzinfo=UTC)
FRANCE = Endpoint(name="api1", url="http://127.0.0.1:7071", location="francecentral", priority=3)
GERMANY = Endpoint(name="api2", url="http://127.0.0.1:7072", location="germanywestcentral", priority=1)
IRELAND = Endpoint(
    name="api3", url="http://127.0.0.1:7073", location="northeurope", priority=2, enabled=False
)


def new_profile(method: Literal["performance", "priority"] = "performance") -> Profile:
    return Profile([FRANCE, GERMANY, IRELAND], method=method, tolerated_failures=2)


def fail(profile: Profile, endpoint: Endpoint, times: int) -> None:
    for _ in range(times):
        profile.record(endpoint, "503", NOW, success=False)


@pytest.mark.parametrize(("method", "chosen"), [("performance", FRANCE), ("priority", GERMANY)])
def test_before_any_probe_the_preferred_endpoint_is_chosen(
    method: Literal["performance", "priority"], chosen: Endpoint
) -> None:
    assert new_profile(method).chosen() is chosen


def test_statuses_before_any_probe() -> None:
    profile = new_profile()
    statuses = [profile.health(each).status for each in (FRANCE, GERMANY, IRELAND)]
    assert statuses == [MonitorStatus.CHECKING, MonitorStatus.CHECKING, MonitorStatus.DISABLED]


def test_degraded_after_one_failure_more_than_tolerated() -> None:
    profile = new_profile()
    profile.record(FRANCE, "200", NOW, success=True)
    fail(profile, FRANCE, 2)
    assert profile.health(FRANCE).status is MonitorStatus.ONLINE
    assert profile.chosen() is FRANCE
    fail(profile, FRANCE, 1)
    assert profile.health(FRANCE).status is MonitorStatus.DEGRADED
    assert profile.health(FRANCE).consecutive_failures == 3
    assert profile.health(FRANCE).last_result == "503"
    assert profile.chosen() is GERMANY


def test_a_success_between_failures_starts_the_count_again() -> None:
    profile = new_profile()
    fail(profile, FRANCE, 2)
    profile.record(FRANCE, "200", NOW, success=True)
    fail(profile, FRANCE, 2)
    assert profile.health(FRANCE).status is MonitorStatus.ONLINE


def test_online_again_after_the_first_success() -> None:
    profile = new_profile()
    fail(profile, FRANCE, 5)
    profile.record(FRANCE, "200", NOW, success=True)
    assert profile.health(FRANCE).status is MonitorStatus.ONLINE
    assert profile.chosen() is FRANCE


def test_when_all_are_degraded_all_count_as_healthy() -> None:
    profile = new_profile()
    fail(profile, FRANCE, 3)
    fail(profile, GERMANY, 3)
    assert profile.chosen() is FRANCE


def test_a_disabled_endpoint_is_never_chosen() -> None:
    profile = Profile([IRELAND], method="performance", tolerated_failures=0)
    assert profile.chosen() is None
