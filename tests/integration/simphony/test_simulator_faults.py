"""Faults: by count, by rate, by time, by place; before and after what was asked is done."""

import asyncio

import aiohttp
import pytest
from tests.simphony_caller import DETECT, Caller, check

CHECKS = "/api/v1/checks"
ORGANIZATIONS = "/api/v1/organizations"


async def add(call: Caller, **fault: object) -> int:
    added = await call("POST", "/sim/faults", body=fault)
    assert added.status == 201, added.body
    number: int = added.body["id"]
    return number


async def status(call: Caller, path: str = ORGANIZATIONS) -> int:
    return (await call("GET", path)).status


@pytest.mark.parametrize(
    ("fault", "held"),
    [
        ({"kind": "refuse"}, 0),
        ({"kind": "disconnect"}, 0),
        ({"kind": "status", "status": 502}, 0),
        ({"kind": "status", "status": 502, "executed": True}, 1),
        ({"kind": "timeout", "seconds": 0}, 0),
        ({"kind": "timeout", "seconds": 0, "executed": True}, 1),
        ({"kind": "drop_answer"}, 1),
        ({"kind": "cut_answer"}, 1),
    ],
)
async def test_failed_call_was_executed_or_not_and_its_repeat_makes_one_check(
    call: Caller, fault: dict[str, object], held: int
) -> None:
    await add(call, path_prefix=CHECKS, method="POST", count=1, **fault)
    try:
        failed = (await call("POST", CHECKS, body=check(), headers=DETECT)).status
    except aiohttp.ClientError:
        failed = 0
    assert failed in {0, 502, 503, 521}
    assert await call.simulation.check_count() == held
    repeated = await call("POST", CHECKS, body=check(), headers=DETECT)
    assert (repeated.status, repeated.body["header"].get("isCachedResponse", False)) == (200, held == 1)
    assert await call.simulation.check_count() == 1


async def test_refusal_is_lost_as_any_answer(call: Caller) -> None:
    await add(call, kind="drop_answer", path_prefix=CHECKS, count=1)
    with pytest.raises(aiohttp.ClientError):
        await call("POST", CHECKS, body={})
    assert (await call("POST", CHECKS, body={})).status == 400


async def test_late_answer_comes_once_the_faults_are_cleared(call: Caller) -> None:
    await add(call, kind="late_answer", seconds=600, path_prefix=CHECKS, method="POST", count=1)
    late = asyncio.create_task(call("POST", CHECKS, body=check()))
    async with asyncio.timeout(10):
        while await call.simulation.check_count() == 0:
            pass
    assert not late.done()
    await call.simulation.repair_it()
    assert (await late).status == 200


async def test_timeout_is_oracles_own_status(call: Caller) -> None:
    await add(call, kind="timeout", seconds=0)
    seen = await call("GET", ORGANIZATIONS)
    assert (seen.status, seen.body["title"], seen.body["status"]) == (521, "General Service Error", 521)


async def test_fault_holds_for_its_time(call: Caller) -> None:
    await add(call, kind="refuse", starts_in=60, lasts=30)
    seen = [await status(call)]
    for seconds in (60, 29, 1):
        call.simulation.clock.advance(seconds)
        seen.append(await status(call))
    assert seen == [200, 503, 503, 200]


async def test_fault_hits_at_its_rate(call: Caller) -> None:
    number = await add(call, kind="refuse", rate=0.5)
    assert [await status(call) for _ in range(6)] == [503, 200] * 3
    (fault,) = (await call("GET", "/sim/faults")).body["items"]
    assert fault == {"id": number, "hits": 3, "kind": "refuse", "rate": 0.5}


@pytest.mark.parametrize(
    ("waited", "seen"),
    [(59, [200] * 6), (60, [503, 200, 503, 200, 200, 200]), (90, [200] * 6)],
)
async def test_fault_may_be_limited_by_rate_count_and_time_at_once(
    call: Caller, waited: int, seen: list[int]
) -> None:
    await add(call, kind="refuse", rate=0.5, count=2, starts_in=60, lasts=30)
    call.simulation.clock.advance(waited)
    assert [await status(call) for _ in range(6)] == seen


@pytest.mark.parametrize(
    ("site", "status_there"),
    [
        ("muneris-demo", 503),
        ("Muneris-Demo:CPH01", 503),
        ("muneris-demo:cph01:1", 503),
        ("muneris-demo:cph01:2", 200),
        ("acme", 200),
    ],
)
async def test_fault_may_be_for_one_place(call: Caller, site: str, status_there: int) -> None:
    await add(call, kind="refuse", site=site)
    assert await status(call, CHECKS) == status_there
    elsewhere = {"Simphony-OrgShortName": "none"}
    assert (await call("GET", ORGANIZATIONS, headers=elsewhere)).status == 200


async def test_one_fault_of_several_is_ended(call: Caller) -> None:
    first, second = await add(call, kind="refuse"), await add(call, kind="status", status=418)
    assert await status(call) == 503
    assert (await call("DELETE", f"/sim/faults/{first}")).status == 204
    assert await status(call) == 418
    assert (await call("DELETE", f"/sim/faults/{first}")).status == 404
    assert [each["id"] for each in (await call("GET", "/sim/faults")).body["items"]] == [second]


async def test_reset_forgets_everything_but_menus_and_tokens(call: Caller) -> None:
    await add(call, kind="refuse", path_prefix="/api/v1/organizations/x")
    await call("PATCH", "/sim/oddities", body={"listWrapper": "array"})
    await call("PATCH", "/sim/setups/muneris-demo/cph01/1", body={"link": "disconnected"})
    await call("PUT", "/sim/menus/acme/one/1", body={})
    await call("POST", "/sim/reset")
    assert (await call("GET", CHECKS)).body == {"items": []}
    organizations = (await call("GET", ORGANIZATIONS)).body["organization"]
    assert [each["orgShortName"] for each in organizations] == ["muneris-demo", "acme"]
    assert (await call("GET", "/sim/faults")).body == {"items": []}


async def test_fault_hits_as_often_as_it_says(call: Caller) -> None:
    fault = {"kind": "status", "status": 418, "body": "{}", "method": "get", "count": 2}
    added = await call("POST", "/sim/faults", body=fault)
    statuses = [(await call("GET", "/api/v1/organizations")).status for _ in range(3)]
    assert (added.status, statuses) == (201, [418, 418, 200])
    assert (await call("GET", "/sim/faults")).body == {"items": []}


@pytest.mark.parametrize("fault", [{"kind": "fire"}, {}, {"kind": "delay", "minutes": 1}])
async def test_unknown_fault_is_refused(call: Caller, fault: dict[str, object]) -> None:
    assert (await call("POST", "/sim/faults", body=fault)).status == 400
