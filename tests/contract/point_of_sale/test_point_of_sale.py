import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tests.contract.point_of_sale.rigs import Rig
from tests.simphony import PROPERTY_CODE, new_check, new_round

from muneris.simphony.errors import (
    CheckRefusedError,
    LookUpFailedError,
    NotSentError,
    OutcomeUnknownError,
    SeveralChecksError,
)
from muneris.simphony.model import Check, CheckState, NewCheck, NewRound

LONG_AGO = datetime(2030, 5, 4, tzinfo=UTC)


def in_time(rig: Rig) -> datetime:
    return rig.clock.now() + timedelta(seconds=70)


async def post(rig: Rig, check: NewCheck) -> Check:
    return await rig.pos.post_check(PROPERTY_CODE, check, in_time(rig))


async def add(rig: Rig, added: NewRound) -> Check:
    return await rig.pos.post_round(PROPERTY_CODE, added, in_time(rig))


async def void(rig: Rig, check_ref: str) -> None:
    await rig.pos.void_check(PROPERTY_CODE, check_ref, in_time(rig))


async def find(rig: Rig, *references: str, since: datetime = LONG_AGO) -> Check | None:
    return await rig.pos.find_check(PROPERTY_CODE, references, since)


async def state_of(rig: Rig, check_ref: str) -> CheckState | None:
    return await rig.pos.find_check_state(PROPERTY_CODE, check_ref)


async def has_round(rig: Rig, check_ref: str, reference: str = "round-1") -> bool:
    return await rig.pos.find_round(PROPERTY_CODE, check_ref, reference) is not None


async def items_of(rig: Rig, number: int = 1) -> int:
    """How many lines the check of that number holds."""
    check = await find(rig, f"order-{number}")
    assert check is not None
    return len(check.menu_items)


async def test_check_is_found_by_its_name_and_by_its_order(rig: Rig) -> None:
    posted = await post(rig, new_check())
    await post(rig, new_check(2))
    for reference in ("WEB-1", "web-1", "order-1"):
        assert await find(rig, reference, "other") == posted
    assert await find(rig, "WEB-3") is None
    assert await state_of(rig, posted.check_ref) == posted.state == "open"


async def test_check_is_looked_for_from_a_moment_on(rig: Rig) -> None:
    await post(rig, new_check())
    assert await find(rig, "WEB-1", since=rig.clock.now() + timedelta(minutes=1)) is None


async def test_repeat_within_the_window_gets_the_first_answer(rig: Rig) -> None:
    posted = await post(rig, new_check())
    rig.clock.advance(299)
    assert await post(rig, new_check()) == posted.model_copy(update={"is_cached": True})


async def test_repeat_after_the_window_meets_its_own_name(rig: Rig) -> None:
    posted = await post(rig, new_check())
    rig.clock.advance(300)
    with pytest.raises(CheckRefusedError):
        await post(rig, new_check())
    assert await find(rig, "order-1") == posted


async def test_repeat_after_the_window_of_a_paid_check_is_a_second_one(rig: Rig) -> None:
    first = await post(rig, new_check())
    await rig.pay(first.check_ref)
    rig.clock.advance(300)
    second = await post(rig, new_check())
    with pytest.raises(SeveralChecksError) as several:
        await find(rig, "order-1")
    assert several.value.check_refs == (first.check_ref, second.check_ref)


async def test_voided_check_leaves_its_name(rig: Rig) -> None:
    first = await post(rig, new_check())
    await void(rig, first.check_ref)
    voided = await find(rig, "order-1")
    assert voided is not None
    assert voided.state == await state_of(rig, first.check_ref) == "voided"
    second = await post(rig, new_check(2, reference="WEB-1"))
    assert await find(rig, "WEB-1") == second


async def test_voided_check_is_not_voided_again(rig: Rig) -> None:
    check = await post(rig, new_check())
    await void(rig, check.check_ref)
    with pytest.raises(CheckRefusedError):
        await void(rig, check.check_ref)
    assert await state_of(rig, check.check_ref) == "voided"


async def test_paid_check_is_not_voided(rig: Rig) -> None:
    check = await post(rig, new_check())
    await rig.pay(check.check_ref)
    with pytest.raises(CheckRefusedError):
        await void(rig, check.check_ref)
    assert await state_of(rig, check.check_ref) == "closed"


async def test_of_a_check_that_is_not_there_nothing_is_known(rig: Rig) -> None:
    await post(rig, new_check())
    with pytest.raises(OutcomeUnknownError):
        await void(rig, "nowhere")
    with pytest.raises(OutcomeUnknownError):
        await add(rig, new_round("nowhere"))
    assert await state_of(rig, "nowhere") is None
    with pytest.raises(LookUpFailedError, match="no check nowhere"):  # else it would be posted again
        await has_round(rig, "nowhere")
    assert await items_of(rig) == 1


async def test_round_joins_what_the_check_holds(rig: Rig) -> None:
    check = await post(rig, new_check())
    added = await add(rig, new_round(check.check_ref))
    assert (added.check_ref, added.order_id, added.state) == (check.check_ref, "order-1", "open")
    assert (len(check.menu_items), len(added.menu_items)) == (1, 2)
    assert await rig.pos.find_round(PROPERTY_CODE, check.check_ref, "round-1") == added
    assert not await has_round(rig, check.check_ref, "round-2")


async def test_rounds_at_the_same_time_all_land(rig: Rig) -> None:
    check = await post(rig, new_check())
    await asyncio.gather(*(add(rig, new_round(check.check_ref, number)) for number in range(1, 11)))
    landed = [await has_round(rig, check.check_ref, f"round-{number}") for number in range(1, 11)]
    assert (await items_of(rig), landed) == (11, [True] * 10)


async def test_round_is_added_once_within_the_window(rig: Rig) -> None:
    check = await post(rig, new_check())
    first = await add(rig, new_round(check.check_ref))
    rig.clock.advance(299)
    assert await add(rig, new_round(check.check_ref)) == first.model_copy(update={"is_cached": True})
    assert await items_of(rig) == 2
    rig.clock.advance(1)
    await add(rig, new_round(check.check_ref))
    assert await items_of(rig) == 3


async def test_round_under_the_id_of_its_check_is_not_added(rig: Rig) -> None:
    wanted = new_check()
    check = await post(rig, wanted)
    answer = await add(rig, new_round(check.check_ref, idempotency_id=wanted.idempotency_id))
    assert answer == check.model_copy(update={"is_cached": True})
    assert not await has_round(rig, check.check_ref)


@pytest.mark.parametrize("state", ["closed", "voided"])
async def test_round_is_refused_once_the_check_is_not_open(rig: Rig, state: CheckState) -> None:
    check = await post(rig, new_check())
    await (rig.pay(check.check_ref) if state == "closed" else void(rig, check.check_ref))
    with pytest.raises(CheckRefusedError):
        await add(rig, new_round(check.check_ref))
    assert not await has_round(rig, check.check_ref)
    assert (await items_of(rig), await state_of(rig, check.check_ref)) == (1, state)


async def test_lost_answer_leaves_the_write_done(rig: Rig) -> None:
    first, second = await post(rig, new_check()), await post(rig, new_check(2))
    await rig.spoil("loses_answer")
    with pytest.raises(OutcomeUnknownError):
        await post(rig, new_check(3))
    with pytest.raises(OutcomeUnknownError):
        await add(rig, new_round(first.check_ref))
    with pytest.raises(OutcomeUnknownError):
        await void(rig, second.check_ref)
    await rig.repair()
    assert await find(rig, "order-3") is not None
    assert await has_round(rig, first.check_ref)
    assert await state_of(rig, second.check_ref) == "voided"
    assert (await post(rig, new_check(3))).is_cached
    assert (await add(rig, new_round(first.check_ref))).is_cached
    assert await items_of(rig) == 2


async def test_lost_request_leaves_everything_as_it_was(rig: Rig) -> None:
    check = await post(rig, new_check())
    await rig.spoil("loses_request")
    with pytest.raises(OutcomeUnknownError):
        await post(rig, new_check(2))
    with pytest.raises(OutcomeUnknownError):
        await add(rig, new_round(check.check_ref))
    with pytest.raises(OutcomeUnknownError):
        await void(rig, check.check_ref)
    await rig.repair()
    assert await find(rig, "order-2") is None
    assert await rig.pos.find_round(PROPERTY_CODE, check.check_ref, "round-1") is None
    assert (await items_of(rig), await state_of(rig, check.check_ref)) == (1, "open")


async def test_a_look_up_that_fails_never_reads_as_absent(rig: Rig) -> None:
    check = await post(rig, new_check())
    await rig.spoil("loses_answer")
    with pytest.raises(LookUpFailedError):
        await find(rig, "WEB-2")
    with pytest.raises(LookUpFailedError):
        await has_round(rig, check.check_ref)
    with pytest.raises(LookUpFailedError):
        await state_of(rig, "nowhere")


async def test_nothing_is_sent_that_could_be_under_way_after_the_deadline(rig: Rig) -> None:
    check = await post(rig, new_check())
    late = rig.clock.now() + timedelta(seconds=64.9)
    with pytest.raises(NotSentError, match="deadline"):
        await rig.pos.post_check(PROPERTY_CODE, new_check(2), late)
    with pytest.raises(NotSentError, match="deadline"):
        await rig.pos.post_round(PROPERTY_CODE, new_round(check.check_ref), late)
    with pytest.raises(NotSentError, match="deadline"):
        await rig.pos.void_check(PROPERTY_CODE, check.check_ref, late)
    assert await find(rig, "order-2") is None
    assert (await items_of(rig), await state_of(rig, check.check_ref)) == (1, "open")
