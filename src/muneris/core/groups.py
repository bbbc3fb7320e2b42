"""Groups: what concerns one key and arrives while a carrying-out is under way shares the next one."""

import asyncio
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import NamedTuple

_NOT_HELD = float("-inf")


class _Waiting[M, R](NamedTuple):
    member: M
    outcome: asyncio.Future[R]


@dataclass(slots=True)
class _Line[M, R]:
    """One key: who waits, what is under way by its number, and until when the newest holds up the next.

    `paced_until`: until when it does so though it has ended.
    """

    waiting: deque[_Waiting[M, R]] = field(default_factory=deque)
    under_way: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    begun: int = 0
    held_until: float = _NOT_HELD
    paced_until: float = _NOT_HELD
    timer: asyncio.TimerHandle | None = None


class Groups[K: Hashable, M, R]:
    """Carries out members of one key together, if others of that key are already being carried out.

    A member that finds nothing under way is carried out at once and alone. The others wait for that to end
    and then go together, in the order they came, as many as fit. Nobody waits behind a carrying-out that
    takes longer than `patience_seconds`: the next begins beside it, unless `at_once` of them are under way.
    Whatever has ended, from one's beginning to the next's there are at least `pace_seconds`.

    `carry_out` answers with one outcome a member, an exception being that member's alone; what it raises is
    every member's. `fits` says whether one more member may join those already taken; it must not raise.
    """

    def __init__(
        self,
        carry_out: Callable[[K, Sequence[M]], Awaitable[Sequence[R | BaseException]]],
        fits: Callable[[Sequence[M], M], bool],
        *,
        patience_seconds: float = 0.1,
        pace_seconds: float = 0,
        at_once: int = sys.maxsize,
    ) -> None:
        self._carry_out = carry_out
        self._fits = fits
        self._patience_seconds = patience_seconds
        self._pace_seconds = pace_seconds
        self._at_once = at_once
        self._lines: dict[K, _Line[M, R]] = {}

    async def join(self, key: K, member: M) -> R:
        """The member's outcome, once it was carried out.

        A caller that is cancelled takes its member back while that waits. Once under way, a member stays
        so: it may still be done.
        """
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = _Line()
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[R] = loop.create_future()
        line.waiting.append(_Waiting(member, outcome))
        if line.timer is None:
            self._go_on(key, line, loop)
        return await outcome

    def _go_on(self, key: K, line: _Line[M, R], loop: asyncio.AbstractEventLoop) -> None:
        """Begin the next carrying-out, or see to it that it begins in time."""
        if line.timer is not None:
            line.timer.cancel()
            line.timer = None
        if len(line.under_way) >= self._at_once:
            return
        is_held = loop.time() < line.held_until
        if not is_held:
            self._begin(key, line, loop)
        if (line.waiting and len(line.under_way) < self._at_once) or (is_held and not line.under_way):
            line.timer = loop.call_at(line.held_until, self._go_on, key, line, loop)

    def _begin(self, key: K, line: _Line[M, R], loop: asyncio.AbstractEventLoop) -> None:
        taken = self._take(line.waiting)
        if taken:
            line.begun += 1
            carry = self._carry(key, line, line.begun, taken)
            line.under_way[line.begun] = loop.create_task(carry, context=Context())  # nobody's in particular
            line.held_until = loop.time() + max(self._patience_seconds, self._pace_seconds)
            line.paced_until = loop.time() + self._pace_seconds
        elif not line.under_way:
            del self._lines[key]

    def _take(self, waiting: deque[_Waiting[M, R]]) -> list[_Waiting[M, R]]:
        """The first of those who wait, and who may join it before one that may not."""
        taken: list[_Waiting[M, R]] = []
        members: list[M] = []
        while waiting:
            first = waiting[0]
            if not first.outcome.done():  # else its caller has left
                if members and not self._fits(members, first.member):
                    break
                taken.append(first)
                members.append(first.member)
            waiting.popleft()
        return taken

    async def _carry(self, key: K, line: _Line[M, R], number: int, taken: Sequence[_Waiting[M, R]]) -> None:
        settled: list[tuple[_Waiting[M, R], R | BaseException]]
        try:
            outcomes = await self._carry_out(key, [each.member for each in taken])
            settled = list(zip(taken, outcomes, strict=True))
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - every member raises it
            settled = [(each, error) for each in taken]
        self._end(key, line, number)
        for each, outcome in settled:
            _settle(each.outcome, outcome)

    def _end(self, key: K, line: _Line[M, R], number: int) -> None:
        """The next is on its way before the members of this one hear of it."""
        del line.under_way[number]
        if number == line.begun:
            line.held_until = line.paced_until
        self._go_on(key, line, asyncio.get_running_loop())


def _settle[R](future: asyncio.Future[R], outcome: R | BaseException) -> None:
    if future.done():
        return  # its caller has left
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
