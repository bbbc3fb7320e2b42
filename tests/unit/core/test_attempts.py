"""Who lost a race tries again, later and later; in one process nobody needs to race."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from itertools import chain, repeat

import pytest

from muneris.core.attempts import MOST_ATTEMPTS, Attempts
from muneris.core.operational import OperationalError
from muneris.core.turns import Turns


class Pauses(list[float]):
    """A sleep that takes no time, and how long it would have been."""

    async def sleep(self, seconds: float) -> None:
        self.append(seconds)


def outcomes[T](each: Iterable[T | None]) -> Callable[[], Awaitable[T | None]]:
    """An attempt that comes to one of these after the other."""
    left = iter(each)

    async def attempt() -> T | None:
        return next(left)

    return attempt


async def test_what_succeeds_at_once_is_done_once_and_without_a_pause() -> None:
    pauses = Pauses()
    attempts = Attempts("row", sleep=pauses.sleep)
    assert await attempts.run("p", outcomes(["done"])) == "done"
    assert pauses == []


@pytest.mark.parametrize("done", [0, False, "", ()])
async def test_all_but_none_is_an_outcome(done: object) -> None:
    assert await Attempts("row").run("p", outcomes([done])) is done


async def test_pauses_grow_up_to_a_second() -> None:
    pauses = Pauses()
    attempts = Attempts("row", sleep=pauses.sleep, chance=lambda: 0.5)
    assert await attempts.run("p", outcomes(chain(repeat(None, 8), ["done"]))) == "done"
    assert pauses == [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.5, 0.5]


async def test_pauses_are_jittered_in_full() -> None:
    pauses, chances = Pauses(), iter([0.0, 0.25, 1.0])
    attempts = Attempts("row", sleep=pauses.sleep, chance=lambda: next(chances))
    assert await attempts.run("p", outcomes([None, None, None, "done"])) == "done"
    assert pauses == [0.0, 0.01, 0.08]


async def test_each_run_begins_with_the_shortest_pause() -> None:
    pauses = Pauses()
    attempts = Attempts("row", sleep=pauses.sleep, chance=lambda: 1.0)
    for _ in range(2):
        assert await attempts.run("p", outcomes([None, None, "done"])) == "done"
    assert pauses == [0.02, 0.04] * 2


async def test_trying_ends_when_others_are_first_every_time() -> None:
    pauses, tried = Pauses(), 0

    async def attempt() -> None:
        nonlocal tried
        tried += 1

    attempts = Attempts("the stock of", sleep=pauses.sleep, chance=lambda: 0.5)
    with pytest.raises(OperationalError, match=r"^others change the stock of NOR-CPH01 all the time$"):
        await attempts.run("NOR-CPH01", attempt)
    assert tried == MOST_ATTEMPTS == 30
    assert len(pauses) == 29  # nobody waits for what does not come
    assert 10 < sum(pauses) < 15


async def test_what_an_attempt_raises_ends_it() -> None:
    pauses = Pauses()

    async def attempt() -> str | None:
        raise LookupError

    with pytest.raises(LookupError):
        await Attempts("row", sleep=pauses.sleep).run("p", attempt)
    assert pauses == []


class Steps(list[str]):
    """What several attempts do, in order; none ends before it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_end = asyncio.Event()

    async def act(self, name: str) -> str:
        self.append(f"{name} begins")
        await self.may_end.wait()
        self.append(f"{name} ends")
        return name


@asynccontextmanager
async def under_way(steps: Steps, attempts: Attempts) -> AsyncIterator[None]:
    """Two attempts at one thing and one at another, as far as they come; in the end all are done."""
    named = {"one": "p", "two": "p", "three": "q"}
    tasks = [
        asyncio.create_task(attempts.run(thing, partial(steps.act, name))) for name, thing in named.items()
    ]
    await asyncio.sleep(0)
    yield
    steps.may_end.set()
    assert await asyncio.gather(*tasks) == list(named)


async def test_attempts_at_one_thing_take_turns() -> None:
    steps = Steps()
    async with under_way(steps, Attempts("row", turns=Turns())):
        assert steps == ["one begins", "three begins"]
    assert steps[2:] == ["one ends", "three ends", "two begins", "two ends"]


async def test_without_turns_all_are_made_at_once() -> None:
    steps = Steps()
    async with under_way(steps, Attempts("row")):
        assert steps == ["one begins", "two begins", "three begins"]


async def test_others_have_their_turn_while_one_pauses() -> None:
    paused, may_go_on = asyncio.Event(), asyncio.Event()

    async def sleep(_: float) -> None:
        paused.set()
        await may_go_on.wait()

    attempts = Attempts("row", turns=Turns(), sleep=sleep)
    loser = asyncio.create_task(attempts.run("p", outcomes([None, "lost once"])))
    await paused.wait()
    assert await attempts.run("p", outcomes(["other"])) == "other"
    may_go_on.set()
    assert await loser == "lost once"
