"""A write is executed once for each of its ids, where that is asked for."""

import asyncio
import json

import pytest
from tests.polling import until
from tests.simphony import Simulation, new_check, open_simulation
from tests.simphony_caller import CHECKS, DETECT, Caller, add_round, check, opened, pos_code, set_oddity

from localcloud.simulators.simphony import SimphonyConfig
from muneris.simphony.errors import OutcomeUnknownError
from muneris.simphony.model import Check

source = pytest.mark.source


async def posted_by_us(simulation: Simulation) -> Check:
    return await simulation.client.post_check(simulation.connection, simulation.bearer, new_check())


@source("stsgg/detect_dup_requests", "seen")
async def test_id_without_the_feature_makes_a_second_check(call: Caller) -> None:
    first = await call("POST", "/api/v1/checks", body=check())
    second = await call("POST", "/api/v1/checks", body=check())
    assert first.body["header"]["checkRef"] != second.body["header"]["checkRef"]
    assert (first.status, len((await call("GET", "/sim/checks")).body["items"])) == (200, 2)


@source("stsgg/detect_dup_requests")
async def test_simultaneous_repeats_make_one_check(call: Caller) -> None:
    repeats = (call("POST", "/api/v1/checks", body=check(), headers=DETECT) for _ in range(20))
    refs = {seen.body["header"]["checkRef"] for seen in await asyncio.gather(*repeats)}
    assert len(refs) == 1


@source("stsgg/detect_dup_requests")
async def test_round_without_the_feature_is_added_again(call: Caller) -> None:
    ref = await opened(call)
    await add_round(call, ref)
    assert len((await add_round(call, ref)).body["menuItems"]) == 3


@source("stsgg/detect_dup_requests")
async def test_older_site_ignores_the_feature_of_detecting_duplicates(call: Caller) -> None:
    await set_oddity(call, detectsDuplicates=False)
    refs = {
        (await call("POST", CHECKS, body=check(), headers=DETECT)).body["header"]["checkRef"]
        for _ in range(2)
    }
    assert len(refs) == 2


@source("stsgg/detect_dup_requests")
async def test_repeat_is_answered_as_the_first_was(call: Caller) -> None:
    await set_oddity(call, writeStatus=201)
    seen = [await call("POST", CHECKS, body=check(), headers=DETECT) for _ in range(2)]
    assert [each.status for each in seen] == [201, 201]
    assert seen[1].body["header"].pop("isCachedResponse") is True
    assert seen[1].body == seen[0].body


@source("stsgg/detect_dup_requests")
@pytest.mark.parametrize(("advance", "count"), [(299, 1), (300, 2)])
async def test_duplicates_are_detected_for_300_seconds(call: Caller, advance: int, count: int) -> None:
    await call("POST", CHECKS, body=check(), headers=DETECT)
    call.simulation.clock.advance(advance)
    await call("POST", CHECKS, body=check(), headers=DETECT)
    assert await call.simulation.check_count() == count


@source("collection", "stsgg/op-basepath-checks-post")
@pytest.mark.parametrize("write_id", ["short", "E63119C2B9DAA452E0E518BA268AFC1E"])
async def test_id_must_be_32_lower_case_hex_digits(call: Caller, write_id: str) -> None:
    refused = await call("POST", "/api/v1/checks", body=check(idempotencyId=write_id))
    assert (refused.status, refused.body["instance"]) == (400, "error:check_validation_failure")


@source("stsgg/detect_dup_requests")
async def test_repeated_round_is_added_once(call: Caller) -> None:
    ref = await opened(call)
    path, body = f"{CHECKS}/{ref}/round", check(10, checkRef=ref)
    first = await call("POST", path, body=body, headers=DETECT)
    second = await call("POST", path, body=body, headers=DETECT)
    assert second.body["header"].pop("isCachedResponse") is True
    assert (second.body, len(first.body["menuItems"])) == (first.body, 2)


@source("seen")
async def test_round_under_the_id_of_its_check_is_answered_as_the_check_was(call: Caller) -> None:
    posted = await call("POST", CHECKS, body=check(), headers=DETECT)
    ref = posted.body["header"]["checkRef"]
    path = f"{CHECKS}/{ref}/round"
    answered = await call("POST", path, body=check(1, checkRef=ref), headers=DETECT)
    assert (answered.body["header"]["isCachedResponse"], len(answered.body["menuItems"])) == (True, 1)
    assert len((await call("GET", f"{CHECKS}/{ref}")).body["menuItems"]) == 1


@source("stsgg/detect_dup_requests")
async def test_repeat_waits_for_the_first_and_is_answered_as_that_one() -> None:
    async with open_simulation(duplicate_wait_seconds=60) as simulation:
        await simulation.break_it(kind="delay", path_prefix=CHECKS, seconds=60, count=1)
        first = asyncio.create_task(posted_by_us(simulation))
        await simulation.wait_until_started("delay")
        second = asyncio.create_task(posted_by_us(simulation))
        await until(lambda: [each.path for each in simulation.asked].count(CHECKS) == 2)
        await simulation.repair_it()
        assert await second == (await first).model_copy(update={"is_cached": True})
        assert await simulation.check_count() == 1


@source("stsgg/detect_dup_requests")
async def test_repeat_of_what_still_runs_is_refused_in_the_end(simulation: Simulation, call: Caller) -> None:
    await simulation.break_it(kind="delay", path_prefix=CHECKS, seconds=60, count=1)
    first = asyncio.create_task(call("POST", CHECKS, body=check(), headers=DETECT))
    await simulation.wait_until_started("delay")
    assert pos_code(await call("POST", CHECKS, body=check(), headers=DETECT)) == "duplicate_request"
    await simulation.repair_it()
    assert (await first).status == 200
    assert await simulation.check_count() == 1


@source("stsgg/detect_dup_requests")
async def test_we_know_nothing_yet_of_what_still_runs(simulation: Simulation) -> None:
    await simulation.break_it(kind="delay", path_prefix=CHECKS, seconds=60, count=1)
    first = asyncio.create_task(posted_by_us(simulation))
    await simulation.wait_until_started("delay")
    with pytest.raises(OutcomeUnknownError, match="400 POS Error"):
        await posted_by_us(simulation)
    await simulation.repair_it()
    assert not (await first).is_cached
    assert (await posted_by_us(simulation)).is_cached
    assert await simulation.check_count() == 1


@source("stsgg/detect_dup_requests")
def test_simulator_keeps_an_answer_300_seconds_and_lets_a_repeat_wait_30() -> None:
    usual = SimphonyConfig(port=0)
    assert (usual.duplicate_window_seconds, usual.duplicate_wait_seconds) == (300, 30)


@source("collection", "seen")
@pytest.mark.parametrize("spelling", ["hex", "dashed"])
async def test_our_ids_are_32_digits_however_they_come_back(
    simulation: Simulation, call: Caller, spelling: str
) -> None:
    await set_oddity(call, idempotencyId=spelling)
    first = await posted_by_us(simulation)
    assert json.loads(simulation.asked[-1].body)["header"]["idempotencyId"] == f"{1:032x}"
    read = (await call("GET", f"{CHECKS}/{first.check_ref}")).body["header"]["idempotencyId"]
    assert len(read) == (32 if spelling == "hex" else 36)
    assert await posted_by_us(simulation) == first.model_copy(update={"is_cached": True})
