"""The network between processes and what they call: slow, lossy and cut now and then, as a seed says."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Context
from dataclasses import dataclass, field
from typing import Protocol

from tests.faults import Faults
from tests.simulation.seeded.history import Journal

from muneris.cloud.documents import Document, Documents, DocumentsUnavailableError
from muneris.cloud.tables import Page, Row, RowConflictError, Table, Transaction
from muneris.cloud.tables.table import PAGE


class Caller(Protocol):
    """A process that calls; once it is dead nothing of it reaches anybody."""

    name: str
    is_dead: bool


@dataclass(frozen=True)
class Climate:
    """How calls go, in shares of all calls and in seconds: a leg is there or back."""

    leg: tuple[float, float] = (0.001, 0.008)
    slow_leg: tuple[float, float] = (0.2, 6.0)
    slow: float = 0.003
    fails: float = 0.006
    loses_answer: float = 0.006
    silent: float = 0.001
    silence: float = 60.0
    late: float = 0.5
    """Of the requests whose caller gives up while they are on their way, those that arrive all the same."""
    lateness: float = 6.0
    """How much later, at most."""


@dataclass
class Net:
    """Every link of a run. What is cut is a pair of a process and a target.

    Once it `is_calm` all faults are over, except that what is `dark` stays so.
    """

    chance: random.Random
    journal: Journal
    is_calm: bool = False
    cut: set[tuple[str, str]] = field(default_factory=set)
    down: set[str] = field(default_factory=set)
    dark: set[str] = field(default_factory=set)
    _late: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def is_dark(self) -> bool:
        """Whether nothing goes on but that something is away."""
        return self.is_calm and bool(self.dark)

    def reaches(self, caller: str, target: str) -> bool:
        """Whether a call of one gets to the other at all."""
        if target in self.dark:
            return False
        return self.is_calm or not (target in self.down or (caller, target) in self.cut)

    def arrive_late(self, seconds: float, call: Callable[[], Awaitable[object]]) -> None:
        """A request arrives after its caller gave it up; nobody hears the answer."""
        task = asyncio.get_running_loop().create_task(_late(seconds, call), context=Context())
        self._late.add(task)
        task.add_done_callback(self._late.discard)


async def _late(seconds: float, call: Callable[[], Awaitable[object]]) -> None:
    await asyncio.sleep(seconds)
    try:
        await call()
    except Exception:  # noqa: BLE001 - a refusal that nobody hears
        return


class Link(Faults):
    """The way from a process to a target, as `Faults` for the fakes of `tests`: its climate spoils calls."""

    def __init__(self, caller: Caller, target: str, net: Net, climate: Climate) -> None:
        super().__init__()
        self._caller = caller
        self._target = target
        self._net = net
        self._climate = climate

    async def around[T](
        self,
        call: Callable[[], Awaitable[T]],
        undone: Callable[[], Exception],
        unknown: Callable[[], Exception],
    ) -> T:
        """Carry out a call, unless something happens to it, or to its caller."""
        self._require_life()
        climate, chance = self._climate, self._net.chance
        if not self._is_open():
            await asyncio.sleep(climate.silence if chance.random() < 0.3 else self._leg())
            raise undone()
        fate = 1.0 if self._net.is_calm else chance.random()
        there, back = self._leg(), self._leg()
        if fate < climate.silent:
            there = climate.silence
        try:
            await asyncio.sleep(there)
            self._require_life()
        except asyncio.CancelledError:
            if not self._net.is_calm and chance.random() < climate.late:
                self._net.arrive_late(min(there, climate.lateness), call)
            raise
        fate -= climate.silent
        if 0 <= fate < climate.fails:
            raise undone()
        lost = 0 <= fate - climate.fails < climate.loses_answer
        try:
            return await call()
        finally:
            await asyncio.sleep(back)
            self._require_life()
            if lost or not self._is_open():
                raise unknown()

    def _is_open(self) -> bool:
        return self._net.reaches(self._caller.name, self._target)

    def _require_life(self) -> None:
        if self._caller.is_dead:
            raise asyncio.CancelledError

    def _leg(self) -> float:
        climate, chance = self._climate, self._net.chance
        slow = not self._net.is_calm and chance.random() < climate.slow
        return chance.uniform(*(climate.slow_leg if slow else climate.leg))


@dataclass(frozen=True)
class NotedTable:
    """A table as one process uses it: what it writes is in the journal."""

    table: Table
    name: str
    who: str
    journal: Journal

    async def find(self, partition: str, key: str) -> Row | None:
        return await self.table.find(partition, key)

    async def page(
        self,
        partition: str,
        *,
        start: str = "",
        end: str = "\uffff",
        limit: int = PAGE,
        continuation: str | None = None,
    ) -> Page:
        return await self.table.page(partition, start=start, end=end, limit=limit, continuation=continuation)

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        rows = " ".join(f"{each.kind}:{each.key}" for each in transaction)
        try:
            etags = await self.table.transact(transaction)
        except RowConflictError as conflict:
            self.journal.note(self.who, f"lost to a change of {conflict.key} in {self.name}", rows)
            raise
        self.journal.note(self.who, f"wrote {self.name}", rows)
        return etags


@dataclass(frozen=True)
class LinkedDocuments:
    """Documents behind a link."""

    documents: Documents
    link: Link

    async def put(self, name: str, body: bytes) -> str:
        return await self.link.around(lambda: self.documents.put(name, body), _no_document, _no_document)

    async def find(self, name: str, *, unless: str | None = None) -> Document | None:
        return await self.link.around(
            lambda: self.documents.find(name, unless=unless), _no_document, _no_document
        )


def _no_document() -> Exception:
    return DocumentsUnavailableError("lost")
