"""What concerns one key and arrives meanwhile shares the next carrying-out."""

import asyncio
import gc
import itertools
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.loop_time import LoopTime
from tests.polling import until

from muneris.core.groups import Groups

type Outcome = str | BaseException
ROOM = 3


def three_fit(taken: Sequence[str], _member: str) -> bool:
    return len(taken) < ROOM


@dataclass
class Errands:
    """Carries out members when it is told to, and keeps who went with whom."""

    groups: list[list[str]] = field(default_factory=list)
    answers: list[asyncio.Future[Sequence[Outcome]]] = field(default_factory=list)

    async def carry_out(self, _key: str, members: Sequence[str]) -> Sequence[Outcome]:
        self.groups.append(list(members))
        self.answers.append(asyncio.get_running_loop().create_future())
        return await self.answers[-1]

    def end(self, number: int, outcomes: Sequence[Outcome] | None = None) -> None:
        """A carrying-out ends; each member hears its own name if nothing else."""
        self.answers[number].set_result(self.groups[number] if outcomes is None else outcomes)

    def fail(self, number: int, error: Exception) -> None:
        self.answers[number].set_exception(error)


@pytest.fixture
def errands() -> Errands:
    return Errands()


@pytest.fixture
def groups(errands: Errands) -> Groups[str, str, str]:
    return Groups(errands.carry_out, three_fit, patience_seconds=60)


async def begin(groups: Groups[str, str, str], *members: str, key: str = "k") -> list[asyncio.Task[str]]:
    """Members that join one after the other."""
    tasks = []
    for member in members:
        tasks.append(asyncio.create_task(groups.join(key, member)))
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_with_nothing_under_way_a_member_goes_at_once_and_alone(
    errands: Errands, groups: Groups[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "call_at", None)  # it needs no timer
    for number, member in enumerate(("a", "b")):
        (joined,) = await begin(groups, member)
        assert errands.groups[number:] == [[member]]
        errands.end(number)
        assert await joined == member


async def test_who_comes_meanwhile_shares_the_next_in_the_order_of_coming(
    errands: Errands, groups: Groups[str, str, str]
) -> None:
    joined = await begin(groups, "a", "b", "c", "d")
    assert errands.groups == [["a"]]
    errands.end(0)
    assert await joined[0] == "a"
    assert errands.groups == [["a"], ["b", "c", "d"]]
    errands.end(1)
    assert await asyncio.gather(*joined) == ["a", "b", "c", "d"]


async def test_who_does_not_fit_waits_for_the_one_after_and_nobody_overtakes(errands: Errands) -> None:
    def no_two_of_a_letter(taken: Sequence[str], member: str) -> bool:
        return member[0] not in [each[0] for each in taken]

    groups = Groups[str, str, str](errands.carry_out, no_two_of_a_letter, patience_seconds=60)
    joined = await begin(groups, "first", "a1", "b1", "a2", "c1", "b2", "a3")
    for number in range(4):
        errands.end(number)
        await until(lambda count=number + 2: len(errands.groups) >= min(count, 4))  # type: ignore[misc] # bound
    assert errands.groups == [["first"], ["a1", "b1"], ["a2", "c1", "b2"], ["a3"]]
    assert await asyncio.gather(*joined) == ["first", "a1", "b1", "a2", "c1", "b2", "a3"]


async def test_one_that_fits_nowhere_goes_alone(errands: Errands) -> None:
    groups = Groups[str, str, str](errands.carry_out, lambda _taken, _member: False, patience_seconds=60)
    joined = await begin(groups, "a", "b", "c")
    for number in range(3):
        errands.end(number)
        assert await joined[number] == "abc"[number]
    assert errands.groups == [["a"], ["b"], ["c"]]


async def test_another_key_does_not_wait(errands: Errands, groups: Groups[str, str, str]) -> None:
    await begin(groups, "a")
    (other,) = await begin(groups, "b", key="another")
    assert errands.groups == [["a"], ["b"]]
    errands.end(1)
    assert await other == "b"


async def test_the_next_begins_before_the_members_of_this_one_hear_of_it() -> None:
    events: list[str] = []

    async def carry_out(_key: str, members: Sequence[str]) -> Sequence[str]:
        events.append(f"{members} begin")
        await asyncio.sleep(0)
        return members

    together = Groups[str, str, str](carry_out, three_fit, patience_seconds=60)

    async def act(member: str) -> None:
        await together.join("k", member)
        events.append(f"{member} heard")

    await asyncio.gather(*(act(member) for member in "abc"))
    assert events == ["['a'] begin", "['b', 'c'] begin", "a heard", "b heard", "c heard"]


async def test_a_members_own_error_is_its_alone(errands: Errands, groups: Groups[str, str, str]) -> None:
    joined = await begin(groups, "a", "b", "c", "d")
    errands.end(0)
    await joined[0]
    error = LookupError("c")
    errands.end(1, ["b", error, "d"])
    assert await asyncio.gather(*joined, return_exceptions=True) == ["a", "b", error, "d"]


async def test_what_a_carrying_out_raises_is_every_members_and_not_the_nexts(
    errands: Errands, groups: Groups[str, str, str]
) -> None:
    joined = await begin(groups, "a", "b", "c", "d")
    errands.end(0)
    await joined[0]
    joined += await begin(groups, "e")
    error = LookupError("all of them")
    errands.fail(1, error)
    await until(lambda: len(errands.groups) == 3)
    errands.end(2)
    assert await asyncio.gather(*joined, return_exceptions=True) == ["a", error, error, error, "e"]


@pytest.mark.parametrize("outcomes", [[], ["b"], ["b", "c", "d"]], ids=len)
async def test_an_outcome_too_few_or_many_is_every_members_error(
    outcomes: list[Outcome], errands: Errands, groups: Groups[str, str, str]
) -> None:
    joined = await begin(groups, "a", "b", "c")
    errands.end(0)
    await joined[0]
    errands.end(1, outcomes)
    for each in joined[1:]:
        with pytest.raises(ValueError, match="zip"):
            await each


async def test_a_member_whose_caller_left_while_it_waited_is_not_carried_out(
    errands: Errands, groups: Groups[str, str, str]
) -> None:
    joined = await begin(groups, "a", "b", "c", "d", "e")
    joined[1].cancel()
    await asyncio.wait([joined[1]])
    errands.end(0)
    await joined[0]
    assert errands.groups == [["a"], ["c", "d", "e"]]
    errands.end(1)
    assert await asyncio.gather(*joined[2:]) == ["c", "d", "e"]


async def test_a_caller_that_leaves_ends_nothing_that_is_under_way(
    errands: Errands, groups: Groups[str, str, str]
) -> None:
    joined = await begin(groups, "a", "b", "c")
    joined[0].cancel()
    await asyncio.wait([joined[0]])
    assert errands.groups == [["a"]]
    errands.end(0)
    await until(lambda: len(errands.groups) == 2)
    joined[1].cancel()
    await asyncio.wait([joined[1]])
    errands.end(1)
    assert await joined[2] == "c"
    assert errands.groups == [["a"], ["b", "c"]]


async def test_an_error_that_only_a_gone_caller_would_hear_spoils_nothing(
    errands: Errands, groups: Groups[str, str, str]
) -> None:
    (gone,) = await begin(groups, "a")
    gone.cancel()
    await asyncio.wait([gone])
    errands.fail(0, LookupError("nobody listens"))
    await asyncio.sleep(0)
    (joined,) = await begin(groups, "b")
    errands.end(1)
    assert await joined == "b"


async def test_a_carrying_out_that_is_cancelled_ends_its_members_and_not_the_next(
    errands: Errands, groups: Groups[str, str, str]
) -> None:
    joined = await begin(groups, "a", "b")
    errands.answers[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await joined[0]
    await until(lambda: len(errands.groups) == 2)
    errands.end(1)
    assert await joined[1] == "b"


async def test_nobody_waits_behind_a_hung_one_beyond_its_patience(
    errands: Errands, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = LoopTime(monkeypatch)
    groups = Groups[str, str, str](errands.carry_out, three_fit, patience_seconds=2)
    await begin(groups, "hung")
    await time.skip(1)
    joined = await begin(groups, "a", "b")
    await time.skip(0.9)
    assert errands.groups == [["hung"]]
    await time.skip(0.1)
    assert errands.groups == [["hung"], ["a", "b"]]
    late = await begin(groups, "c")
    errands.end(1)
    assert await asyncio.gather(*joined) == ["a", "b"]
    assert errands.groups == [["hung"], ["a", "b"], ["c"]]
    errands.end(2)
    assert await late[0] == "c"


async def test_a_hung_one_that_ends_late_does_not_hurry_the_next(
    errands: Errands, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = LoopTime(monkeypatch)
    groups = Groups[str, str, str](errands.carry_out, three_fit, patience_seconds=2)
    (hung,) = await begin(groups, "hung")
    await time.skip(2)
    await begin(groups, "a", "b")
    assert errands.groups == [["hung"], ["a"]]
    errands.end(0)
    assert await hung == "hung"
    assert errands.groups == [["hung"], ["a"]]
    await time.skip(2)
    assert errands.groups == [["hung"], ["a"], ["b"]]


async def test_only_so_many_are_under_way_at_once(errands: Errands, monkeypatch: pytest.MonkeyPatch) -> None:
    time = LoopTime(monkeypatch)
    groups = Groups[str, str, str](errands.carry_out, three_fit, patience_seconds=1, at_once=2)
    for member in ("a", "b", "c", "d"):
        await begin(groups, member)
        await time.skip(1)
    await time.skip(100)
    assert errands.groups == [["a"], ["b"]]
    errands.end(0)
    await time.skip(0)
    assert errands.groups == [["a"], ["b"], ["c", "d"]]


async def test_between_two_beginnings_there_is_the_pace(
    errands: Errands, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = LoopTime(monkeypatch)
    groups = Groups[str, str, str](errands.carry_out, three_fit, patience_seconds=60, pace_seconds=1)
    (first,) = await begin(groups, "a")
    errands.end(0)
    assert await first == "a"  # who was carried out does not wait for it
    await time.skip(0.6)
    await begin(groups, "b", "c")
    await time.skip(0.3)
    assert errands.groups == [["a"]]
    await time.skip(0.1)
    assert errands.groups == [["a"], ["b", "c"]]
    await time.skip(2)
    errands.end(1)
    await begin(groups, "d")
    assert errands.groups == [["a"], ["b", "c"], ["d"]]


class Key:
    """A key that can be seen to be forgotten."""


@pytest.mark.parametrize("ends", ["well", "badly", "cancelled"])
@pytest.mark.parametrize("pace", [0, 1])
async def test_a_key_is_forgotten_once_nothing_of_it_is_under_way_or_waits(
    ends: str, pace: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = LoopTime(monkeypatch)
    may_end = asyncio.Event()

    async def carry_out(_key: Key, members: Sequence[int]) -> Sequence[int]:
        await may_end.wait()
        if ends == "badly":
            raise LookupError
        return members

    groups = Groups[Key, int, int](
        carry_out, lambda _taken, _member: True, patience_seconds=60, pace_seconds=pace
    )
    key = Key()
    forgotten = weakref.ref(key)
    joined = [asyncio.create_task(groups.join(key, number)) for number in range(3)]
    await asyncio.sleep(0)
    if ends == "cancelled":
        joined[2].cancel()
    may_end.set()
    await time.skip(0)
    await time.skip(pace)
    await asyncio.gather(*joined, return_exceptions=True)
    assert forgotten() is key
    del joined, key
    await time.skip(pace)
    await asyncio.sleep(0)  # the loop itself holds what it just told us
    gc.collect()
    assert forgotten() is None


type Action = tuple[str, int]
ACTIONS = st.lists(
    st.tuples(st.sampled_from(["join", "join", "join", "end", "fail", "leave", "wait"]), st.integers(0, 9)),
    max_size=60,
)


class Scenario:
    """Joins, ends, leavings and pauses in a given order. Members weigh 0 to 4, a group at most 6."""

    def __init__(self, time: LoopTime, pace: float) -> None:
        self.time = time
        self.joined: dict[tuple[str, int, int], asyncio.Task[int]] = {}
        self.carried: list[tuple[str, list[tuple[str, int, int]]]] = []
        self.under_way: list[asyncio.Future[None]] = []
        self.left_waiting: set[tuple[str, int, int]] = set()
        self.groups = Groups[str, tuple[str, int, int], int](
            self.carry_out, fits_weight, patience_seconds=1, pace_seconds=pace, at_once=2
        )
        self.numbers = itertools.count()
        self.most: dict[str, int] = {"x": 0, "y": 0}
        self.begun: dict[str, list[float]] = {"x": [], "y": []}

    async def carry_out(
        self, key: str, members: Sequence[tuple[str, int, int]]
    ) -> Sequence[int | BaseException]:
        self.carried.append((key, list(members)))
        self.begun[key].append(asyncio.get_running_loop().time())
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.under_way.append(ended)
        self.most[key] += 1
        try:
            await ended
        finally:
            self.most[key] -= 1
        return [number for _, number, _ in members]

    async def run(self, actions: Sequence[Action]) -> None:
        acts: dict[str, Callable[[int], None]] = {
            "join": self.join, "end": self.end, "fail": self.fail, "leave": self.leave, "wait": lambda _: None
        }  # fmt: skip
        for name, number in actions:
            acts[name](number)
            await self.time.skip(number / 5 if name == "wait" else 0)
            assert max(self.most.values()) <= 2
        for _ in range(4 * len(self.joined)):
            self.end(0)
            await self.time.skip(1)

    def join(self, number: int) -> None:
        member = ("xy"[number % 2], next(self.numbers), number // 2)
        self.joined[member] = asyncio.create_task(self.groups.join(member[0], member))

    def end(self, number: int) -> None:
        if self.under_way:
            self.under_way.pop(number % len(self.under_way)).set_result(None)

    def fail(self, number: int) -> None:
        if self.under_way:
            self.under_way.pop(number % len(self.under_way)).set_exception(LookupError())

    def leave(self, number: int) -> None:
        if not self.joined:
            return
        member = list(self.joined)[number % len(self.joined)]
        if not self.joined[member].done() and not any(member in group for _, group in self.carried):
            self.left_waiting.add(member)
        self.joined[member].cancel()


def fits_weight(taken: Sequence[tuple[str, int, int]], member: tuple[str, int, int]) -> bool:
    return sum(weight for _, _, weight in taken) + member[2] <= 6


@given(ACTIONS, st.sampled_from([0, 0.5, 3]))
def test_whatever_happens_nobody_is_lost_doubled_or_overtaken(actions: Sequence[Action], pace: float) -> None:
    async def play() -> Scenario:
        with pytest.MonkeyPatch.context() as patch:
            scenario = Scenario(LoopTime(patch), pace)
            await scenario.run(actions)
            assert all(task.done() for task in scenario.joined.values())
        return scenario

    scenario = asyncio.run(play())
    for key in "xy":
        joined = [each for each in scenario.joined if each[0] == key and each not in scenario.left_waiting]
        groups = [group for of, group in scenario.carried if of == key]
        assert [member for group in groups for member in group] == joined
        assert all(later - begun > pace - 0.001 for begun, later in itertools.pairwise(scenario.begun[key]))
        assert all(fits_weight(group[:-1], group[-1]) for group in groups if len(group) > 1)
    for member, task in scenario.joined.items():
        assert task.cancelled() or task.exception() is not None or task.result() == member[1]
