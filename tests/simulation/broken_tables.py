"""Tables with one guard missing each: what a checker is worth is seen when it is given one."""

import asyncio
from collections.abc import Mapping

from muneris.cloud.tables import ANY, Row, Transaction
from muneris.cloud.tables.memory import MemoryTable
from muneris.cloud.tables.transaction import Operation

LIES_FOR = 1800.0
"""Seconds: the truth is known in the end."""


class _Rewriting(MemoryTable):
    """Carries out something else than it is asked to."""

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        rewritten = Transaction(transaction.partition)
        for each in transaction:
            rewritten.add(self.rewritten(each))
        return await super().transact(rewritten)

    def rewritten(self, operation: Operation) -> Operation:
        raise NotImplementedError


class IgnoresVersions(_Rewriting):
    """Whoever writes last wins."""

    def rewritten(self, operation: Operation) -> Operation:
        etag = None if operation.etag is None else ANY
        return Operation(operation.kind, operation.key, operation.values, etag, operation.payload)


class InsertsTwice(_Rewriting):
    """A row that is there is no reason not to insert it."""

    def rewritten(self, operation: Operation) -> Operation:
        kind = "upsert" if operation.kind == "insert" else operation.kind
        return Operation(kind, operation.key, operation.values, operation.etag, operation.payload)


class ForgetsTombstones(MemoryTable):
    """What was released before it was held is not kept."""

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        etags = await super().transact(transaction)
        for each in transaction:
            if each.kind == "insert" and each.values.get("Status") == "released":
                await super().transact(Transaction(transaction.partition).delete(each.key, etag=ANY))
        return etags


class ReadsThePast(MemoryTable):
    """Now and then, at first, it answers with an order as it was first read."""

    def __init__(self) -> None:
        super().__init__()
        self._first: dict[tuple[str, str], Row | None] = {}

    async def find(self, partition: str, key: str) -> Row | None:
        present = await super().find(partition, key)
        if not key.startswith("order|"):
            return present
        first, now = self._first.setdefault((partition, key), present), asyncio.get_running_loop().time()
        return first if now < LIES_FOR and int(now) % 3 == 0 else present
