"""A table between the product and a real one that loses answers and requests."""

import asyncio
from collections.abc import Mapping
from typing import Literal

from muneris.cloud.tables import OutcomeUnknownError, Page, Row, Table, TableUnavailableError, Transaction

type Fault = Literal["answer lost", "request lost", "silent", "request silent", "none"]


class FaultyTable:
    """Every write meets the next of its faults, then none; `reads_fail` reads are refused before."""

    def __init__(self, table: Table, *faults: Fault, reads_fail: int = 0) -> None:
        self._table = table
        self._faults = list(faults)
        self._reads_fail = reads_fail
        self.writes = 0

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        self.writes += 1
        fault = self._faults.pop(0) if self._faults else "none"
        if fault == "request lost":
            raise TableUnavailableError(fault)
        if fault == "request silent":
            await _silence()
        etags = await self._table.transact(transaction)
        if fault == "answer lost":
            raise OutcomeUnknownError(fault)
        if fault == "silent":
            await _silence()
        return etags

    async def find(self, partition: str, key: str) -> Row | None:
        if self._reads_fail:
            self._reads_fail -= 1
            raise TableUnavailableError("read refused")
        return await self._table.find(partition, key)

    async def page(
        self,
        partition: str,
        *,
        start: str = "",
        end: str = "\uffff",
        limit: int = 1000,
        continuation: str | None = None,
    ) -> Page:
        return await self._table.page(partition, start=start, end=end, limit=limit, continuation=continuation)


async def _silence() -> None:
    await asyncio.get_running_loop().create_future()
