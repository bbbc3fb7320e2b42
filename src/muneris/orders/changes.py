"""Waiting for an order to change: told at once by this process, seen soon when another one changed it.

Every transaction that moves an order on writes one value of its property's row `changed`. A process with
waiters at a property reads that row once a second, however many they are, and wakes those whose value is no
longer what it was a second ago.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

from muneris.cloud.tables import Table, Values
from muneris.orders.model import Order

_log = logging.getLogger(__name__)

CHANGED = "changed"
"""The key of a property's row that says which of its orders moved on."""
LOOK_EVERY_SECONDS = 1.0
"""How soon a change made by another process is seen."""
_VALUES = 64
"""More of them wake fewer waiters in vain, and make the row longer that every look reads."""


def changed_values(order: Order) -> Values:
    """What the row `changed` is to say of an order that moved on.

    It is written without a condition, so writers neither read it nor get in each other's way: it costs one
    row more in three transactions of an order's life, and no call.
    """
    return {_name_of(order.order_id): _said_of(order.order_id, order.sequence)}


@dataclass(eq=False)
class Watch:
    """Somebody's attention to an order: it begins before the order is read, so that no change is missed.

    `known` is the order's sequence when it was read last; `news`, that it may have moved on since.
    """

    property_code: str
    order_id: UUID
    known: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Changes:
    """Wakes whoever watches an order that changed; now and then in vain, for an order with the same value.

    While anybody waits at a property one task looks at its row in `table`, the orders' own. An outage
    delays what others changed until it is over; waiting ends by time all the same.
    """

    def __init__(self, table: Table, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._table = table
        self._sleep = sleep
        self._watches: dict[str, dict[UUID, set[Watch]]] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._unseen: set[str] = set()

    def tell(self, order: Order) -> None:
        """Wake everyone who waits for this order, which this process moved on."""
        for watch in self._watches.get(order.property_code, {}).get(order.order_id, ()):
            if order.sequence > watch.known:
                watch.news.set()

    @contextmanager
    def watch(self, property_code: str, order_id: UUID) -> Iterator[Watch]:
        """Notice an order's changes from now on: read it within, then `wait`."""
        watch = Watch(property_code, order_id)
        orders = self._watches.setdefault(property_code, {})
        watches = orders.setdefault(order_id, set())
        watches.add(watch)
        try:
            yield watch
        finally:
            watches.discard(watch)
            if not watches:
                del orders[order_id]
            if not orders:
                del self._watches[property_code]

    async def wait(self, watch: Watch, known: int, seconds: float) -> bool:
        """Return as soon as the order may have moved on from sequence `known`; False: `seconds` are over."""
        watch.known = known
        if watch.property_code not in self._looking:
            looking = self._look_out(watch.property_code)
            self._looking[watch.property_code] = asyncio.create_task(looking)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await watch.news.wait()
        has_news = watch.news.is_set()
        watch.news.clear()
        return has_news

    async def _look_out(self, property_code: str) -> None:
        """Look until nobody watches. To the first look everything is new: nothing is known of before."""
        seen: Values = {}
        try:
            while property_code in self._watches:
                said = await self._find_said(property_code)
                if said is not None:
                    self._wake(property_code, {name for name in said if said[name] != seen.get(name)}, said)
                    seen = said
                await self._sleep(LOOK_EVERY_SECONDS)
        finally:
            self._unseen.discard(property_code)
            del self._looking[property_code]

    async def _find_said(self, property_code: str) -> Values | None:
        """What the property's row says; None: it cannot be read now."""
        try:
            row = await self._table.find(property_code, CHANGED)
        except Exception as error:  # noqa: BLE001 - an entry point: whatever it is, those who wait go on waiting
            if property_code not in self._unseen:
                _log.warning("changes at %s are not seen until it can be read: %r", property_code, error)
            self._unseen.add(property_code)
            return None
        self._unseen.discard(property_code)
        return {} if row is None else row.values

    def _wake(self, property_code: str, changed: set[str], said: Values) -> None:
        """Wake who watches an order of these values, unless what is said is what it knows."""
        if not changed:
            return
        for order_id, watches in self._watches.get(property_code, {}).items():
            name = _name_of(order_id)
            if name in changed:
                for watch in watches:
                    if said[name] != _said_of(order_id, watch.known):
                        watch.news.set()


def _name_of(order_id: UUID) -> str:
    return f"C{order_id.int % _VALUES:02}"


def _said_of(order_id: UUID, sequence: int) -> str:
    return f"{order_id} {sequence}"
