import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest

from muneris.cloud.retry import RetryPolicy
from muneris.core.operational import OperationalError


@dataclass
class Timeline:
    """Time that passes only where the policy sleeps or an attempt takes it."""

    now: float = 0.0
    pauses: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def policy(self, *, chance: float = 1.0, **limits: float) -> RetryPolicy:
        attempts = int(limits.pop("attempts", 5))
        return RetryPolicy(
            attempts=attempts,
            sleep=self.sleep,
            chance=lambda: chance,
            monotonic=lambda: self.now,
            **limits,
        )


@dataclass
class Attempts:
    """An operation that takes its time and then raises or answers what it is told to."""

    timeline: Timeline
    outcomes: Iterable[BaseException | str]
    seconds: float = 0.0
    count: int = 0

    def __post_init__(self) -> None:
        self._left = iter(self.outcomes)

    async def __call__(self) -> str:
        self.count += 1
        self.timeline.now += self.seconds
        outcome = next(self._left)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def faults(count: int) -> list[OperationalError]:
    return [OperationalError(f"fault {number}") for number in range(1, count + 1)]


@pytest.fixture
def timeline() -> Timeline:
    return Timeline()


async def test_the_first_answer_ends_it(timeline: Timeline) -> None:
    attempts = Attempts(timeline, ["first", "second"])
    assert await timeline.policy().run(attempts) == "first"
    assert (attempts.count, timeline.pauses) == (1, [])


async def test_faults_are_tried_again_until_an_answer(timeline: Timeline) -> None:
    attempts = Attempts(timeline, [*faults(2), "answer"])
    assert await timeline.policy(first_pause=1, longest_pause=10).run(attempts) == "answer"
    assert (attempts.count, timeline.pauses) == (3, [1, 2])


async def test_pauses_double_up_to_the_longest(timeline: Timeline) -> None:
    attempts = Attempts(timeline, faults(7))
    policy = timeline.policy(attempts=7, first_pause=0.5, longest_pause=4, deadline_seconds=100)
    with pytest.raises(OperationalError, match=r"^fault 7$"):
        await policy.run(attempts)
    assert timeline.pauses == [0.5, 1, 2, 4, 4, 4]


async def test_chance_shortens_every_pause(timeline: Timeline) -> None:
    with pytest.raises(OperationalError):
        await timeline.policy(chance=0.25, attempts=4, first_pause=1, longest_pause=2).run(
            Attempts(timeline, faults(4))
        )
    assert timeline.pauses == [0.25, 0.5, 0.5]


@pytest.mark.parametrize("count", [1, 2, 5])
async def test_the_last_fault_is_raised_after_so_many_attempts(timeline: Timeline, count: int) -> None:
    attempts = Attempts(timeline, faults(9))
    with pytest.raises(OperationalError, match=f"^fault {count}$"):
        await timeline.policy(attempts=count).run(attempts)
    assert attempts.count == count
    assert len(timeline.pauses) == count - 1


async def test_once_is_one_attempt(timeline: Timeline) -> None:
    attempts = Attempts(timeline, faults(2))
    with pytest.raises(OperationalError, match=r"^fault 1$"):
        await timeline.policy(attempts=1).run(attempts)
    assert attempts.count == 1


@pytest.mark.parametrize(("deadline", "count"), [(3.0, 1), (3.5, 2), (6.0, 2), (7.0, 3)])
async def test_nobody_waits_for_an_attempt_after_the_deadline(
    timeline: Timeline, deadline: float, count: int
) -> None:
    attempts = Attempts(timeline, faults(9), seconds=2)
    with pytest.raises(OperationalError, match=f"^fault {count}$"):
        await timeline.policy(deadline_seconds=deadline, first_pause=1, longest_pause=1).run(attempts)
    assert attempts.count == count


@pytest.mark.parametrize("error", [ValueError("bug"), KeyError("bug"), asyncio.CancelledError()])
async def test_anything_else_passes_at_once(timeline: Timeline, error: BaseException) -> None:
    attempts = Attempts(timeline, [error, "answer"])
    with pytest.raises(type(error)):
        await timeline.policy().run(attempts)
    assert (attempts.count, timeline.pauses) == (1, [])


async def never() -> str:
    await asyncio.get_running_loop().create_future()
    raise AssertionError


async def test_a_silent_attempt_is_an_operational_fault(timeline: Timeline) -> None:
    with pytest.raises(OperationalError, match=r"^no answer within 0.0 s$"):
        await timeline.policy(attempts=1, attempt_seconds=0.001).run(never)


async def test_a_silent_attempt_is_tried_again(timeline: Timeline) -> None:
    first: Callable[[], bool] = iter([True, False]).__next__

    async def attempt() -> str:
        return await never() if first() else "answer"

    assert await timeline.policy(attempt_seconds=0.001).run(attempt) == "answer"
    assert len(timeline.pauses) == 1


async def test_an_attempt_has_no_longer_than_what_is_left(timeline: Timeline) -> None:
    with pytest.raises(OperationalError, match=r"^no answer within 0.0 s$"):
        await timeline.policy(attempts=1, attempt_seconds=3600, deadline_seconds=0.001).run(never)


async def test_a_caller_who_leaves_is_no_time_out() -> None:
    task = asyncio.create_task(RetryPolicy().run(never))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
