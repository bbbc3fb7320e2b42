"""The checker explains what can be explained, and nothing else."""

import random
from collections.abc import Sequence
from itertools import combinations, permutations
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.simulation.linearizability import Call, find_inexplicable

type Asked = tuple[str, int]


def register(value: int, asked: Asked) -> tuple[int, int]:
    """A variable: `write` sets it, `read` answers it, `add` does both."""
    name, number = asked
    if name == "write":
        return number, number
    if name == "add":
        return value + number, value + number
    return value, value


def call(asked: Asked, began: float, ended: float, answer: int) -> Call[Asked, int]:
    return Call(asked, began, ended, answer)


def test_calls_one_after_the_other_are_explained() -> None:
    calls = [call(("write", 1), 0, 1, 1), call(("read", 0), 2, 3, 1)]
    assert find_inexplicable(calls, 0, register) is None


def test_calls_at_once_may_take_effect_in_any_order() -> None:
    for seen in (0, 1):
        calls = [call(("write", 1), 0, 5, 1), call(("read", 0), 1, 2, seen)]
        assert find_inexplicable(calls, 0, register) is None


def test_a_stale_answer_is_not_explained() -> None:
    stale = call(("read", 0), 2, 3, 0)
    assert find_inexplicable([call(("write", 1), 0, 1, 1), stale], 0, register) is stale


def test_two_who_each_add_to_the_same_value_are_not_explained() -> None:
    calls = [call(("add", 1), 0, 5, 1), call(("add", 1), 1, 6, 1)]
    assert find_inexplicable(calls, 0, register) is not None


def test_nobody_sees_a_value_before_and_after_another_in_turns() -> None:
    calls = [
        call(("write", 1), 0, 9, 1),
        call(("read", 0), 1, 2, 1),
        call(("read", 0), 3, 4, 0),
    ]
    assert find_inexplicable(calls, 0, register) is calls[2]


@pytest.mark.parametrize("seen", [0, 1])
def test_what_nobody_heard_of_may_have_happened_or_not(seen: int) -> None:
    calls = [call(("write", 1), 0, inf, -1), call(("read", 0), 5, 6, seen)]
    assert find_inexplicable(calls, 0, register) is None


def test_what_nobody_heard_of_does_not_happen_before_it_began() -> None:
    calls = [call(("read", 0), 0, 1, 1), call(("write", 1), 5, inf, -1)]
    assert find_inexplicable(calls, 0, register) is calls[0]


def test_what_happened_with_whatever_answer_happened() -> None:
    written = Call[Asked, int](("write", 1), 0, 1, None)
    assert find_inexplicable([written, call(("read", 0), 2, 3, 1)], 0, register) is None
    assert find_inexplicable([written, call(("read", 0), 2, 3, 0)], 0, register) is not None


moments = st.integers(0, 6)
lengths = st.one_of(st.just(inf), st.integers(0, 6).map(lambda length: length + 0.5))
asked = st.tuples(st.sampled_from(["write", "read", "add"]), st.integers(1, 2))


@st.composite
def histories(draw: st.DrawFn) -> list[Call[Asked, int]]:
    calls = []
    for _ in range(draw(st.integers(1, 5))):
        began = draw(moments)
        calls.append(call(draw(asked), began, began + draw(lengths), draw(st.integers(0, 4))))
    return calls


@given(histories())
def test_it_agrees_with_trying_every_order(calls: list[Call[Asked, int]]) -> None:
    assert (find_inexplicable(calls, 0, register) is None) is _is_explained_by_some_order(calls)


def _is_explained_by_some_order(calls: Sequence[Call[Asked, int]]) -> bool:
    heard = [each for each in calls if each.ended != inf]
    unheard = [each for each in calls if each.ended == inf]
    return any(
        _explains(order)
        for count in range(len(unheard) + 1)
        for happened in combinations(unheard, count)
        for order in permutations([*heard, *happened])
    )


def _explains(order: Sequence[Call[Asked, int]]) -> bool:
    value = 0
    for place, each in enumerate(order):
        if any(later.ended < each.began for later in order[place + 1 :]):
            return False
        value, answer = register(value, each.asked)
        if each.ended != inf and answer != each.answer:
            return False
    return True


def test_a_long_history_of_many_at_once_takes_no_time() -> None:
    chance, value, calls = random.Random(1), 0, []  # noqa: S311 - the same each time
    for moment in range(300):
        what: Asked = ("add", chance.randint(1, 3))
        value, answer = register(value, what)
        calls.append(call(what, moment - chance.uniform(0, 4), moment + chance.uniform(0, 4), answer))
    assert find_inexplicable(calls, 0, register) is None
