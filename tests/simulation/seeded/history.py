"""What callers did and heard, in order; and what no history of theirs may show."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from math import inf
from typing import Literal
from uuid import UUID

from tests.simulation.invariants import OrderKey, Stored, Violation
from tests.simulation.linearizability import Call, find_inexplicable

from muneris.core.ids import newest_first

UNKNOWN = "unknown"
"""The outcome of a call that nobody heard of: it may have happened."""

UNREACHABLE = "unreachable"
"""The outcome of a call that reached nobody."""


@dataclass(frozen=True)
class Placing:
    """One request to place an order, and what came of it: `accepted`, a problem's code, or `unknown`."""

    key: OrderKey
    caller: str
    body: bytes
    began: float
    ended: float
    outcome: str
    receipt: bytes = b""


@dataclass(frozen=True)
class Reading:
    """One look at an order; sequence 0: there was none for this caller."""

    key: OrderKey
    caller: str
    began: float
    ended: float
    sequence: int
    status: str


@dataclass
class History:
    """Everything that callers did."""

    placings: list[Placing] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    cancellings: list[tuple[OrderKey, str]] = field(default_factory=list)
    """What each cancel was answered: the order's status then, or a code."""
    rounds: list[tuple[OrderKey, str]] = field(default_factory=list)
    """The ids of the rounds that were accepted."""

    @property
    def receipts(self) -> Mapping[OrderKey, AbstractSet[bytes]]:
        """Every receipt that was heard, by order."""
        heard: dict[OrderKey, set[bytes]] = defaultdict(set)
        for each in self.placings:
            if each.outcome == "accepted":
                heard[each.key].add(each.receipt)
        return heard

    @property
    def asked(self) -> AbstractSet[OrderKey]:
        """Orders that may have been accepted, heard or not."""
        return {each.key for each in self.placings if each.outcome in {"accepted", UNKNOWN}}


def find_contradictions(history: History, stored: Stored) -> list[Violation]:
    """What callers saw that no order of single steps explains."""
    claims, reads = _claims(history.placings), _reads(history, stored)
    return [*claims, *reads, *_cancels(history, stored), *_rounds(history, stored)]


type _Asked = tuple[str, bytes]
type _Answer = Literal["accepted", "idempotency_key_reused"]


def claim(state: _Asked | None, asked: _Asked) -> tuple[_Asked, _Answer]:
    """What a key is: the first who uses it has it, with what it sent."""
    state = state or asked
    return state, "accepted" if state == asked else "idempotency_key_reused"


def _claims(placings: Iterable[Placing]) -> Iterator[Violation]:
    """Each key is claimed once, and then answers for good: no history of its placings says otherwise."""
    by_key: dict[OrderKey, list[Call[_Asked, str]]] = defaultdict(list)
    for each in placings:
        ended = inf if each.outcome == UNKNOWN else each.ended
        by_key[each.key].append(Call((each.caller, each.body), each.began, ended, each.outcome))
    for key, calls in by_key.items():
        claims = [call for call in calls if call.answer in {"accepted", "idempotency_key_reused", UNKNOWN}]
        stuck = find_inexplicable(claims, None, claim) or _refused_late(calls)
        if stuck is not None:
            yield Violation("claims are linearizable", f"answered {stuck.answer} at {stuck.ended:.3f}", key)


def _refused_late(calls: Sequence[Call[_Asked, str]]) -> Call[_Asked, str] | None:
    """A refusal of what was accepted before: on its retry an accepted order is never refused."""
    accepted_at = {call.asked: call.ended for call in reversed(calls) if call.answer == "accepted"}
    known = {"accepted", UNKNOWN, UNREACHABLE, "property_in_another_region"}
    late = (
        call for call in calls if call.answer not in known and call.began > accepted_at.get(call.asked, inf)
    )
    return next(late, None)


def _reads(history: History, stored: Stored) -> Iterator[Violation]:
    """Nobody sees less than was seen or said before the look began, nor what never was."""
    known: dict[OrderKey, list[tuple[float, int]]] = defaultdict(list)
    for each in history.placings:
        if each.outcome == "accepted":
            known[each.key].append((each.ended, 1))
    for look in sorted(history.readings, key=lambda look: look.ended):
        before = max((sequence for ended, sequence in known[look.key] if ended < look.began), default=0)
        if look.sequence < before:
            yield Violation("no look is stale", f"{look.sequence} was seen after {before}", look.key)
        known[look.key].append((look.ended, look.sequence))
        order = stored.orders.get(look.key)
        if look.sequence and (order is None or look.sequence > order.order.sequence):
            yield Violation("what was seen is kept", f"{look.sequence} {look.status} is gone", look.key)


def _rounds(history: History, stored: Stored) -> Iterator[Violation]:
    """A round that was accepted is the order's, once."""
    for key, round_id in history.rounds:
        kept = stored.orders.get(key)
        count = 0 if kept is None else [each.id for each in kept.order.rounds].count(round_id)
        if count != 1:
            yield Violation("an accepted round is kept", f"has round {round_id} {count} times", key)


def _cancels(history: History, stored: Stored) -> Iterator[Violation]:
    """A cancel that was accepted is carried out, unless Simphony or a person refused; and refused if late."""
    for key, answer in history.cancellings:
        if (kept := stored.orders.get(key)) is None:
            continue
        order = kept.order
        been = {entry.status for entry in order.history}
        excuses = {entry.reason for entry in order.history} & {"cancel_refused", "resolved"}
        if answer in {"cancelling", "cancelled"} and order.status != "cancelled" and not excuses:
            yield Violation("a cancel is carried out", f"was {answer}, and is {order.status}", key)
        if answer == "too_late_to_cancel" and not been & {"rejected", "completed"}:
            yield Violation("a cancel is refused for a reason", f"was never over: {sorted(been)}", key)


@dataclass(frozen=True)
class Entry:
    """Something that happened: when, to whom, and which orders it names."""

    at: float
    who: str
    what: str
    names: str = ""


@dataclass
class Journal:
    """Everything that happened in a run, for its stories."""

    entries: list[Entry] = field(default_factory=list)

    def note(self, who: str, what: str, names: str = "") -> None:
        """Keep what happened just now; without names it is about everybody."""
        self.entries.append(Entry(asyncio.get_running_loop().time(), who, what, names))

    def story_of(self, order_id: UUID) -> list[Entry]:
        """What concerned an order, from the first that did to the last."""
        spelled = str(order_id), newest_first(order_id)
        own = [
            place for place, each in enumerate(self.entries) if any(name in each.names for name in spelled)
        ]
        if not own:
            return []
        lifetime = self.entries[own[0] : own[-1] + 1]
        kept = set(own)
        return [each for place, each in enumerate(lifetime, own[0]) if place in kept or not each.names]
