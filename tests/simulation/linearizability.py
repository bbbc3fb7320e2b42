"""Whether a history of concurrent calls is explained by some order of them, one after the other.

As Wing and Gong's search with Lowe's memory of what was tried: a call may take effect at any moment between
its beginning and its end; one whose answer nobody heard, at any moment later, or never.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class Call[A, R]:
    """What was asked, and what was answered; it `ended` at infinity if nobody heard an answer.

    It surely happened if it ended, with whatever answer if that is None.
    """

    asked: A
    began: float
    ended: float
    answer: R | None


def find_inexplicable[S: Hashable, A, R](
    calls: Sequence[Call[A, R]], initial: S, apply: Callable[[S, A], tuple[S, R]]
) -> Call[A, R] | None:
    """The answer that nothing explains: of those left when most are explained, the first that ended.

    None: `apply`, which says what a call makes of a state and answers, explains them all.
    """
    ordered = sorted(calls, key=lambda call: call.began)
    heard = sum(1 << place for place, call in enumerate(ordered) if call.ended != inf)
    tried: set[tuple[int, S]] = set()
    most, stuck = -1, None
    paths: list[tuple[int, S]] = [(0, initial)]
    while paths:
        path = done, state = paths.pop()
        if path in tried:
            continue
        tried.add(path)
        left = [(place, call) for place, call in enumerate(ordered) if not done >> place & 1]
        first = min((call for _, call in left), key=lambda call: call.ended, default=None)
        if done & heard == heard or first is None:
            return None
        if (done & heard).bit_count() > most:
            most, stuck = (done & heard).bit_count(), first
        for place, call in left:
            if call.began > first.ended:
                break
            after, answer = apply(state, call.asked)
            if call.ended == inf or call.answer in {None, answer}:
                paths.append((done | 1 << place, after))
    return stuck
