"""Who lost a race tries again, later and later; in one process nobody races."""

import asyncio
from functools import partial
from itertools import chain, repeat

import pytest

from muneris.core.operational import OperationalError
from muneris.inventory.attempts import Attempts


async def test_pauses_grow_up_to_a_second() -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    outcomes = chain(repeat(None, 8), ["done"])

    async def attempt() -> str | None:
        return next(outcomes)

    attempts = Attempts(sleep=sleep, chance=lambda: 0.5)
    assert await attempts.run("p", attempt) == "done"
    assert pauses == [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.5, 0.5]


async def test_trying_ends_when_others_are_first_every_time() -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def attempt() -> None:
        return None

    attempts = Attempts(sleep=sleep, chance=lambda: 0.5)
    with pytest.raises(OperationalError, match="others change the stock of NOR-CPH01 all the time"):
        await attempts.run("NOR-CPH01", attempt)
    assert len(pauses) == 30
    assert 10 < sum(pauses) < 15


async def test_attempts_at_one_property_take_turns() -> None:
    attempts, steps, may_end = Attempts(), list[str](), asyncio.Event()

    async def act(name: str) -> str:
        steps.append(f"{name} begins")
        await may_end.wait()
        steps.append(f"{name} ends")
        return name

    tasks = [
        asyncio.create_task(each)
        for each in (
            attempts.run("p", partial(act, "one")),
            attempts.run("p", partial(act, "two")),
            attempts.run("q", partial(act, "three")),
        )
    ]
    await asyncio.sleep(0)
    assert steps == ["one begins", "three begins"]
    may_end.set()
    assert await asyncio.gather(*tasks) == ["one", "two", "three"]
    assert steps[2:] == ["one ends", "three ends", "two begins", "two ends"]


async def test_others_have_their_turn_while_one_pauses() -> None:
    paused, may_go_on = asyncio.Event(), asyncio.Event()

    async def sleep(_: float) -> None:
        paused.set()
        await may_go_on.wait()

    async def nothing() -> str:
        return "other"

    outcomes = iter([None, "lost once"])

    async def attempt() -> str | None:
        return next(outcomes)

    attempts = Attempts(sleep=sleep)
    loser = asyncio.create_task(attempts.run("p", attempt))
    await paused.wait()
    assert await attempts.run("p", nothing) == "other"
    may_go_on.set()
    assert await loser == "lost once"
