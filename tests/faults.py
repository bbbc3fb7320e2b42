"""Faults at a chosen call to the outside: an error, silence, or the death of the caller."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from muneris.cloud.tables import (
    OutcomeUnknownError,
    Page,
    Row,
    Table,
    TableUnavailableError,
    Transaction,
    rows_between,
)
from muneris.cloud.tables.memory import MemoryTable
from muneris.cloud.wire.requests import Answer, AnswerLostError, Method, NotSentError, Requests

type Kind = Literal["before", "silent before", "after", "silent after", "slow", "death"]
"""Before or after a call is carried out: an error, or no answer ever.

`slow`: others have their turn before the call is carried out. `death`: it is carried out, and its process
dies before it hears of that: none of its tasks reaches anybody any more.
"""


async def _silence() -> None:
    await asyncio.get_running_loop().create_future()


async def _nothing() -> None:
    """Nobody else is there."""


@dataclass
class Faults:
    """Counts every call to the outside and spoils those that `plan` names by their number.

    `silence` is how long a caller waits for an answer that never comes: for ever, or until it gives up.
    `meanwhile` is what others do during a slow call. `is_dead`: the process that called died.
    """

    plan: Callable[[int], Kind | None] = lambda _: None
    silence: Callable[[], Awaitable[None]] = _silence
    meanwhile: Callable[[], Awaitable[None]] = _nothing
    calls: int = 0
    struck: int = 0
    is_dead: bool = False

    async def around[T](
        self,
        call: Callable[[], Awaitable[T]],
        undone: Callable[[], Exception],
        unknown: Callable[[], Exception],
    ) -> T:
        """Carry out a call, unless a fault is planned for it."""
        await asyncio.sleep(0)  # as a real call does, it lets others run
        if self.is_dead:
            raise asyncio.CancelledError
        kind = self.plan(self.calls)
        self.calls += 1
        self.struck += kind is not None
        if kind == "before":
            raise undone()
        if kind == "silent before":
            await self.silence()
            raise unknown()
        if kind == "slow":
            await self.meanwhile()
        answer = await call()
        if kind == "after":
            raise unknown()
        if kind == "silent after":
            await self.silence()
            raise unknown()
        if kind == "death":
            self.is_dead = True
        if self.is_dead:
            raise asyncio.CancelledError
        return answer

    def revive(self) -> None:
        """A new process calls from now on."""
        self.is_dead = False

    def fail(self, kind: Kind, numbers: AbstractSet[int]) -> None:
        """Count anew, and spoil these calls."""
        self.calls = self.struck = 0
        self.plan = lambda number: kind if number in numbers else None

    def down(self) -> None:
        """From now on every call fails before it is carried out."""
        self.plan = lambda _: "before"

    def calm(self) -> None:
        """No more faults."""
        self.plan = lambda _: None


def in_turn(kinds: Sequence[Kind | None]) -> Faults:
    """The first calls meet these faults, the later ones none."""
    return Faults(lambda number: kinds[number] if number < len(kinds) else None)


class FaultyTable:
    """A table, in memory if no other is given, whose calls can fail.

    Reads have the faults of writes, unless they are given their own. A transaction that it `refuses`
    fails before it is carried out.
    """

    def __init__(
        self, table: Table | None = None, faults: Faults | None = None, *, reads: Faults | None = None
    ) -> None:
        self.table: Table = MemoryTable() if table is None else table
        self.faults = Faults() if faults is None else faults
        self.reads = self.faults if reads is None else reads
        self.refuses: Callable[[Transaction], bool] = lambda _: False

    async def find(self, partition: str, key: str) -> Row | None:
        return await self.reads.around(lambda: self.table.find(partition, key), _down, _down)

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        if self.refuses(transaction):
            raise _down()
        return await self.faults.around(lambda: self.table.transact(transaction), _down, _unknown)

    async def page(
        self,
        partition: str,
        *,
        start: str = "",
        end: str = "\uffff",
        limit: int = 1000,
        continuation: str | None = None,
    ) -> Page:
        return await self.reads.around(
            lambda: self.table.page(partition, start=start, end=end, limit=limit, continuation=continuation),
            _down,
            _down,
        )

    async def keys(self, partition: str) -> list[str]:
        """What is stored in a partition, faults or not."""
        return [row.key async for row in rows_between(self.table, partition, "")]


class FaultyRequests(Requests):
    """Requests to storage that can fail at the wire, below every retry.

    If it `is_busy`, the service says so in the place of an answer that would be lost.
    """

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self.faults = faults
        self.is_busy = False

    async def send(
        self, method: Method, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        send = super().send
        try:
            return await self.faults.around(
                lambda: send(method, url, headers, body),
                lambda: NotSentError("no connection"),
                lambda: AnswerLostError("the answer was lost"),
            )
        except AnswerLostError:
            if self.is_busy:
                return _BUSY
            raise


_BUSY = Answer(503, {}, b'{"odata.error":{"code":"ServerBusy"}}')


def _down() -> Exception:
    return TableUnavailableError("down")


def _unknown() -> Exception:
    return OutcomeUnknownError("the answer was lost")
