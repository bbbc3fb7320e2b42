"""What concerns one key is done one after the other."""

import asyncio

import pytest

from muneris.core.operational import OperationalError
from muneris.core.turns import Turns


async def test_what_concerns_one_key_takes_turns_in_the_order_of_asking() -> None:
    turns, steps = Turns[str](), list[str]()

    async def act(name: str) -> None:
        async with turns.of("a"):
            steps.append(f"{name} begins")
            await asyncio.sleep(0)
            steps.append(f"{name} ends")

    await asyncio.gather(*(act(name) for name in ("one", "two", "three")))
    assert steps == ["one begins", "one ends", "two begins", "two ends", "three begins", "three ends"]


async def test_another_key_does_not_wait() -> None:
    turns = Turns[str](patience_seconds=0)
    async with turns.of("a"), turns.of("b"):
        assert len(turns) == 2


async def test_a_turn_ends_with_an_error_too() -> None:
    turns = Turns[str]()

    async def fail() -> None:
        async with turns.of("a"):
            raise LookupError

    async def take() -> bool:
        async with turns.of("a"):
            return True

    failed, turn = await asyncio.gather(fail(), take(), return_exceptions=True)
    assert (type(failed), turn) == (LookupError, True)


async def test_who_waits_too_long_is_told_and_the_others_go_on() -> None:
    turns = Turns[str](patience_seconds=0)
    async with turns.of("a"):
        with pytest.raises(OperationalError, match="turn of a"):
            async with turns.of("a"):
                raise AssertionError
    async with turns.of("a"):
        assert len(turns) == 1


async def test_a_key_is_forgotten_once_nobody_holds_it_or_waits_for_it() -> None:
    turns = Turns[str]()
    first, second = asyncio.Event(), asyncio.Event()

    async def act(may_end: asyncio.Event) -> None:
        async with turns.of("a"):
            await may_end.wait()

    holding, waiting = asyncio.create_task(act(first)), asyncio.create_task(act(second))
    await asyncio.sleep(0)
    first.set()
    await holding
    assert len(turns) == 1
    second.set()
    await waiting
    assert len(turns) == 0
