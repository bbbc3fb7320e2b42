"""A region on the storage emulator, any one of whose calls to the outside can be spoiled."""

import asyncio
import logging
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from tests.faults import Faults, FaultyRequests, FaultyTable, Kind
from tests.ordering import OrderingRegion
from tests.restaurant import CODE, ORDER, ROUND
from tests.simulation.invariants import OrderKey
from tests.simulation.processes import beside
from tests.simulation.promises import broken_promises, stored_in
from tests.tables import create_table, open_requests

from localcloud.azurite import StorageAddress
from muneris.cloud.events import Event
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables import Table
from muneris.cloud.tables.azure import AzureTable
from muneris.cloud.tables.retried import RetriedTable
from muneris.cloud.wire.account import storage_account
from muneris.core.operational import OperationalError
from muneris.orders.model import Work

_log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 35
"""How long a caller waits for an answer that never comes: longer than a claimed call may be put off."""
SLOW_SECONDS = 20
"""How long a slow call takes: what is asked is due again meanwhile."""
RECOVERY_SECONDS = 60
"""Between two sweeps once all is well again."""


@dataclass(frozen=True)
class Fault:
    """What happens to one call; `is_busy`: storage says so in the place of an answer that was lost."""

    kind: Kind
    is_busy: bool = False


type Disorder = Literal["twice", "late"]
"""What happens to one delivery: it comes twice at once and again at the end, or at the end alone."""


class SweptRegion(OrderingRegion):
    """A region whose storage fails at the wire, and whose events and Simphony fail at their ports.

    `faults` counts the calls of all of them. `others` are the same tables, which do not fail.
    """

    def __init__(self, tables: Sequence[Table], others: Sequence[Table], requests: FaultyRequests) -> None:
        super().__init__(*tables)
        self.orders, self.agenda_table, self.stock = (FaultyTable(each) for each in tables)
        self.restart()
        self._other = beside(self, *others)
        self._requests = requests
        requests.faults = self.faults
        self.faults.silence = self._give_up
        self.faults.meanwhile = self._others_turn
        self.deliveries = 0
        self._disorder: tuple[int, Disorder] | None = None
        self._put_off: list[Event] = []
        self._receipts: dict[OrderKey, set[bytes]] = defaultdict(set)
        self._asked: set[OrderKey] = set()

    def spoil(self, fault: Fault, number: int) -> None:
        """Count anew, and spoil this call."""
        self.faults.fail(fault.kind, {number})
        self._requests.is_busy = fault.is_busy

    def disturb(self, disorder: Disorder, number: int) -> None:
        """Have this delivery come out of order."""
        self._disorder = number, disorder

    async def ordered(self, order: object = ORDER) -> UUID:
        """An order, asked for until there is an answer."""
        key = self.key()
        self._asked.add((CODE, UUID(key)))
        placed = await self.until_answered(lambda: self.submit(key, order=order))
        self._receipts[CODE, placed.order_id].add(placed.receipt)
        return placed.order_id

    async def round_added(self, order_id: UUID, added: object = ROUND) -> None:
        """More for an order, asked for until there is an answer."""
        key = self.key()
        await self.until_answered(lambda: self.submit_round(order_id, key, added))

    async def until_answered[T](self, command: Callable[[], Awaitable[T]]) -> T:
        """As an app does: the same command again until there is an answer."""
        while True:
            try:
                return await command()
            except OperationalError as error:
                _log.info("not answered: %s", error)
            except asyncio.CancelledError:
                await self._die()
            self.clock.advance(seconds=1)

    async def works(self, code: str = CODE) -> list[Work]:
        """What is owed, as a test sees it: that is no call of the region's."""
        return await self._other.works(code)

    async def deliver(self, event: Event) -> None:
        number, self.deliveries = self.deliveries, self.deliveries + 1
        if self._disorder == (number, "late"):
            self._put_off.append(event)
        elif self._disorder == (number, "twice"):
            self._put_off.append(event)
            await asyncio.gather(super().deliver(event), super().deliver(event))
        else:
            await super().deliver(event)

    async def recover(self) -> None:
        """No more faults: what is owed is done, and what was put off arrives."""
        self.faults.calm()
        if self.faults.is_dead:
            await self._die()
        await self.sweep_until_quiet(RECOVERY_SECONDS)
        while self._put_off:
            await super().deliver(self._put_off.pop())
            await self.pump()
        await self.sweep_until_quiet(RECOVERY_SECONDS)

    async def ends(self) -> list[str]:
        """The status of each order, the oldest first, and those of its rounds."""
        orders = (await stored_in(self)).orders
        found = [orders[key].order for key in sorted(orders)]
        return [" ".join([order.status, *(each.status for each in order.rounds)]) for order in found]

    async def broken_promises(self) -> list[str]:
        """Those that were not kept to whoever asked and heard."""
        return await broken_promises(self, receipts=self._receipts, asked=self._asked)

    async def _give_up(self) -> None:
        """Who waits for an answer gives up at its time limit."""
        self.clock.advance(seconds=TIMEOUT_SECONDS)

    async def _others_turn(self) -> None:
        """Another process sweeps and does all that comes of it."""
        self.clock.advance(seconds=SLOW_SECONDS)
        await self._other.sweep(0)


@asynccontextmanager
async def open_region(azurite: StorageAddress, unique: Callable[[str], str]) -> AsyncIterator[SweptRegion]:
    """A region on new tables, whose property takes orders."""
    account = storage_account(azurite.connection_string)
    names = [unique(each) for each in ("Orders", "Agenda", "Inventory")]
    requests = FaultyRequests(Faults())
    async with open_requests() as calm:
        others = [_retried(await create_table(azurite, name, calm)) for name in names]
        tables = [_retried(AzureTable(account, name, requests)) for name in names]
        try:
            region = SweptRegion(tables, others, requests)
            await region.open()
            yield region
        finally:
            await requests.close()


def _retried(table: Table) -> Table:
    return RetriedTable(table, RetryPolicy(chance=lambda: 0.0), lambda: secrets.token_hex(6))
