"""Answering for orders: who may see which, and waiting for a change."""

import time
from collections.abc import Callable

from muneris.core.identity import Caller
from muneris.core.ids import parse_uuid7
from muneris.core.problems import ProblemType
from muneris.orders.changes import Changes
from muneris.orders.model import Order
from muneris.orders.read_models import Homes
from muneris.orders.store import OrderStore, StoredOrder

ORDER_NOT_FOUND = ProblemType("order_not_found", 404, "Order not found")
LONGEST_WAIT = 20.0
_LOOK_EVERY_SECONDS = 1.0
"""How soon a change made by another process is seen."""


class OrderQueries:
    """Reads orders in one region."""

    def __init__(
        self,
        store: OrderStore,
        homes: Homes,
        changes: Changes,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._homes = homes
        self._changes = changes
        self._monotonic = monotonic

    async def get(self, caller: Caller, property_code: str, order_id: str) -> StoredOrder:
        """An order, if it is the caller's business.

        Raises:
            ProblemError: `order_not_found`, also for another's order; or the property is not here.
        """
        await self._homes.require_here(property_code)
        stored = await self._find(property_code, order_id) if caller.may_order_at(property_code) else None
        if stored is None or not (caller.is_staff or stored.claim.placed_by == caller.subject):
            raise ORDER_NOT_FOUND("There is no such order.")
        return stored

    async def get_change(
        self,
        caller: Caller,
        property_code: str,
        order_id: str,
        is_known: Callable[[Order], bool],
        seconds: float,
    ) -> StoredOrder:
        """The order once it is no longer known, or as it still is after `seconds` (20 at most).

        Raises:
            ProblemError: as `get`.
        """
        ends_at = self._monotonic() + min(seconds, LONGEST_WAIT)
        stored = await self.get(caller, property_code, order_id)
        while is_known(stored.order) and (left := ends_at - self._monotonic()) > 0:
            await self._changes.wait(stored.order.order_id, min(left, _LOOK_EVERY_SECONDS))
            stored = await self.get(caller, property_code, order_id)
        return stored

    async def _find(self, property_code: str, order_id: str) -> StoredOrder | None:
        key = parse_uuid7(order_id)
        return None if key is None or '"' in order_id else await self._store.find(property_code, key)
