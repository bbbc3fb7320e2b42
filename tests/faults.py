"""Faults at a chosen call to the outside: before it is carried out, after it, or the death of the caller."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from muneris.cloud.tables import OutcomeUnknownError, Page, Row, Table, TableUnavailableError, Transaction

type Kind = Literal["before", "after", "death"]
"""`death`: the call is carried out, and the caller is cancelled before it hears of it."""


@dataclass
class Faults:
    """Counts every call to the outside and spoils those that `plan` names by their number."""

    plan: Callable[[int], Kind | None] = lambda _: None
    calls: int = 0
    struck: int = 0

    async def around[T](
        self,
        call: Callable[[], Awaitable[T]],
        undone: Callable[[], Exception],
        unknown: Callable[[], Exception],
    ) -> T:
        """Carry out a call, unless a fault is planned for it."""
        await asyncio.sleep(0)  # as a real call does, it lets others run
        kind = self.plan(self.calls)
        self.calls += 1
        self.struck += kind is not None
        if kind == "before":
            raise undone()
        answer = await call()
        if kind == "after":
            raise unknown()
        if kind == "death":
            raise asyncio.CancelledError
        return answer

    def fail(self, kind: Kind, numbers: AbstractSet[int]) -> None:
        """Count anew, and spoil these calls."""
        self.calls = self.struck = 0
        self.plan = lambda number: kind if number in numbers else None

    def calm(self) -> None:
        """No more faults."""
        self.plan = lambda _: None


class FaultyTable:
    """A table whose calls can fail."""

    def __init__(self, table: Table, faults: Faults) -> None:
        self._table = table
        self._faults = faults

    async def find(self, partition: str, key: str) -> Row | None:
        return await self._faults.around(lambda: self._table.find(partition, key), _down, _down)

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        return await self._faults.around(lambda: self._table.transact(transaction), _down, _unknown)

    async def page(
        self,
        partition: str,
        *,
        start: str = "",
        end: str = "\uffff",
        limit: int = 1000,
        continuation: str | None = None,
    ) -> Page:
        return await self._faults.around(
            lambda: self._table.page(partition, start=start, end=end, limit=limit, continuation=continuation),
            _down,
            _down,
        )


def _down() -> Exception:
    return TableUnavailableError("down")


def _unknown() -> Exception:
    return OutcomeUnknownError("the answer was lost")
