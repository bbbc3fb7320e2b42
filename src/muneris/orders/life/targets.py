"""Who orders ask: inventory, and each property's Simphony. A silent one is only probed."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from muneris.cloud.tables import Table, Transaction, rows_between
from muneris.core.clock import Clock, from_rfc3339, to_rfc3339
from muneris.orders.model import Ask, Step

SILENT_AFTER = timedelta(seconds=30)
"""An ask unanswered for this long, with no other answer meanwhile, means its target is silent."""

_PARTITION = "target"
_FRESH_SECONDS = 5.0
_TOUCH_EVERY = timedelta(seconds=10)
_NEVER = "0"
_INVENTORY = "inventory"


def target_of(ask: Ask) -> str | None:
    """Whom a step asks; None: it is only told."""
    if ask.step.is_tell:
        return None
    return f"simphony|{ask.property_code}" if ask.step in {Step.POST, Step.VOID} else _INVENTORY


@dataclass(frozen=True)
class TargetState:
    """When a target last answered, and since when it has been silent (RFC 3339; "0": never)."""

    answered_at: str = _NEVER
    silent_since: str = _NEVER
    asked_at: str = ""
    """When it was asked what it then answered; empty: that is not known."""

    def lag(self, now: datetime) -> timedelta:
        """How long its answers now take; nothing once it has not answered for a while."""
        if not self.asked_at or self.answered_at < to_rfc3339(now - 2 * _TOUCH_EVERY):
            return timedelta()
        return max(timedelta(), from_rfc3339(self.answered_at) - from_rfc3339(self.asked_at))

    @property
    def is_silent(self) -> bool:
        """Its silence was noticed after its last answer."""
        return self.silent_since > self.answered_at


class Targets:
    """What is known of the region's targets, shared by all processes through table `Agenda`.

    A process reads it at most every 5 s; answers are written at most every 10 s a target and process,
    and at once from a target that was thought silent.
    """

    def __init__(self, agenda: Table, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._agenda = agenda
        self._clock = clock
        self._monotonic = monotonic
        self._states: Mapping[str, TargetState] = {}
        self._read_at = float("-inf")
        self._touched_at: dict[str, datetime] = {}

    async def states(self, *, fresh: bool = False) -> Mapping[str, TargetState]:
        """Every target's state, at most 5 s old; read now if `fresh`."""
        if fresh or self._monotonic() - self._read_at >= _FRESH_SECONDS:
            self._read_at = self._monotonic()
            self._states = {name: state async for name, state in self._read()}
        return self._states

    async def is_silent(self, target: str) -> bool:
        """Whether a target is known to be silent."""
        return (await self.states()).get(target, TargetState()).is_silent

    async def lag(self, target: str) -> timedelta:
        """How long a target's answers now take: what it was asked so lately may still wait in its queue."""
        return (await self.states()).get(target, TargetState()).lag(self._clock.now())

    async def answered(self, target: str, asked_at: datetime | None = None) -> None:
        """It answered, whatever it said, what it was asked at `asked_at` (None: that is not known)."""
        now = self._clock.now()
        touched = self._touched_at.get(target)
        was_silent = await self.is_silent(target)
        if touched and now - touched < _TOUCH_EVERY and not was_silent:
            return
        # What waited while it was silent tells nothing of how long an answer takes now.
        asked = to_rfc3339(asked_at) if asked_at and not was_silent else ""
        self._touched_at[target] = now
        await self._write(target, AnsweredAt=to_rfc3339(now), AskedAt=asked)
        known = self._states.get(target, TargetState())
        self._states = {**self._states, target: TargetState(to_rfc3339(now), known.silent_since, asked)}

    async def notice_silence(self, target: str, oldest_unanswered: datetime) -> bool:
        """Whether a target is silent, given the birth of the oldest ask that was sent again in vain."""
        state = (await self.states()).get(target, TargetState())
        if state.is_silent:
            return True
        limit = self._clock.now() - SILENT_AFTER
        if oldest_unanswered > limit or state.answered_at > to_rfc3339(limit):
            return False
        now = self._clock.now()
        await self._write(target, SilentSince=to_rfc3339(now))
        self._states = {**self._states, target: TargetState(state.answered_at, to_rfc3339(now))}
        return True

    async def _write(self, target: str, **values: str) -> None:
        await self._agenda.transact(Transaction(_PARTITION).upsert(target, values))

    async def _read(self) -> AsyncIterator[tuple[str, TargetState]]:
        async for row in rows_between(self._agenda, _PARTITION, ""):
            answered_at, silent_since = (row.text(name) or _NEVER for name in ("AnsweredAt", "SilentSince"))
            state = TargetState(answered_at, silent_since, row.text("AskedAt"))
            yield row.key, state
