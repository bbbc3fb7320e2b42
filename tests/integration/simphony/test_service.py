from datetime import UTC, datetime, timedelta

import pytest
from tests.simphony import PROPERTY_CODE, ManualClock, Simulation, StoredTokens, new_check, new_round

from muneris.simphony.errors import NotSentError, OutcomeUnknownError, TokenRejectedError
from muneris.simphony.model import Tokens


def in_time(simulation: Simulation, seconds: float = 70) -> datetime:
    return simulation.clock.now() + timedelta(seconds=seconds)


class SlowTokens(StoredTokens):
    """Reading the stored token takes longer than a claim allows."""

    def __init__(self, stored: Tokens, remembered: str, clock: ManualClock) -> None:
        super().__init__(stored, remembered)
        self._clock = clock

    async def get_token(self, account: str, *, fresh: bool = False) -> Tokens:
        if fresh:
            self._clock.advance(6)
        return await super().get_token(account, fresh=fresh)


async def test_posts_and_finds(simulation: Simulation) -> None:
    tokens = StoredTokens(simulation.tokens, simulation.bearer)
    pos = simulation.point_of_sale(tokens)
    posted = await pos.post_check(PROPERTY_CODE, new_check(), in_time(simulation))
    assert await pos.find_check(PROPERTY_CODE, {"WEB-1"}, datetime(2030, 5, 4, tzinfo=UTC)) == posted
    assert tokens.reads == [False, False]


async def test_rejected_token_is_read_again_once(simulation: Simulation) -> None:
    tokens = StoredTokens(simulation.tokens, "old")
    await simulation.point_of_sale(tokens).post_check(PROPERTY_CODE, new_check(), in_time(simulation))
    assert tokens.reads == [False, True]
    assert await simulation.check_count() == 1


@pytest.mark.parametrize("stored", ["old", "older"])
async def test_token_rejected_for_good(simulation: Simulation, stored: str) -> None:
    tokens = StoredTokens(simulation.tokens.model_copy(update={"id_token": stored}), "old")
    with pytest.raises(TokenRejectedError):
        await simulation.point_of_sale(tokens).post_check(PROPERTY_CODE, new_check(), in_time(simulation))
    assert tokens.reads == [False, True]


async def test_every_call_reads_a_rejected_token_again(simulation: Simulation) -> None:
    check = await simulation.point_of_sale().post_check(PROPERTY_CODE, new_check(), in_time(simulation))
    tokens = StoredTokens(simulation.tokens, "old")
    pos = simulation.point_of_sale(tokens)
    await pos.post_round(PROPERTY_CODE, new_round(check.check_ref), in_time(simulation))
    assert await pos.find_round(PROPERTY_CODE, check.check_ref, "round-1") is not None
    await pos.void_check(PROPERTY_CODE, check.check_ref, in_time(simulation))
    assert await pos.find_check_state(PROPERTY_CODE, check.check_ref) == "voided"
    assert tokens.reads == [False, True] * 4


async def test_no_call_takes_longer_than_it_may(simulation: Simulation) -> None:
    check = await simulation.point_of_sale().post_check(PROPERTY_CODE, new_check(), in_time(simulation))
    pos = simulation.point_of_sale(deadline_seconds=0.05)
    await simulation.break_it(kind="delay", seconds=60, count=1)
    with pytest.raises(OutcomeUnknownError, match="TimeoutError"):
        await pos.void_check(PROPERTY_CODE, check.check_ref, in_time(simulation))
    await simulation.repair_it()


async def test_what_only_calculates_ends_at_its_deadline(simulation: Simulation) -> None:
    await simulation.break_it(kind="delay", seconds=60, count=1)
    with pytest.raises(OutcomeUnknownError, match="TimeoutError"):
        await simulation.point_of_sale().calculate(PROPERTY_CODE, new_check(), in_time(simulation, 0.05))
    await simulation.repair_it()


async def test_after_a_slow_refusal_of_its_token_a_check_is_not_sent_again(simulation: Simulation) -> None:
    tokens = SlowTokens(simulation.tokens, "old", simulation.clock)
    with pytest.raises(NotSentError, match="deadline"):
        await simulation.point_of_sale(tokens).post_check(PROPERTY_CODE, new_check(), in_time(simulation))
    assert tokens.reads == [False, True]
    assert await simulation.check_count() == 0
