"""How many open orders a guest may have."""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from uuid import UUID

from muneris.core.identity import Caller
from muneris.core.problems import ProblemType
from muneris.core.turns import Turns
from muneris.orders.store import OrderStore
from muneris.orders.stored import GuestOrders

TOO_MANY_OPEN_ORDERS = ProblemType("too_many_open_orders", 429, "Too many open orders")
TURN_WITHIN_SECONDS = 5.0
"""How long an order waits for those before it of its guest or slot: its caller gives up not much later."""
_RETRY_AFTER_SECONDS = "30"


class GuestLimit:
    """Admits a guest's order if fewer than `limit` of its orders are open. Staff have no limit."""

    def __init__(self, store: OrderStore, limit: int) -> None:
        self._store = store
        self._limit = limit
        self._turns = Turns[tuple[str, str]](patience_seconds=TURN_WITHIN_SECONDS)

    def turn(self, caller: Caller, property_code: str) -> AbstractAsyncContextManager[None]:
        """A guest's orders take turns in this process: they would spoil each other's write of its row."""
        return nullcontext() if caller.is_staff else self._turns.of((property_code, caller.subject))

    async def admit(self, caller: Caller, property_code: str, order_id: UUID) -> GuestOrders | None:
        """A guest's open orders with this one among them; None for staff.

        The row lists what was open when last looked at. Only once it is full are its orders looked up, so
        that an order at rest need not be taken off it.

        Raises:
            ProblemError: `too_many_open_orders`.
        """
        if caller.is_staff:
            return None
        guest = await self._store.find_guest(property_code, caller.subject)
        still_open = list(guest.order_ids)
        if len(still_open) >= self._limit:
            are_open = await asyncio.gather(
                *(self._store.is_open(property_code, each) for each in still_open)
            )
            still_open = [each for each, is_open in zip(still_open, are_open, strict=True) if is_open]
        if len(still_open) >= self._limit:
            raise TOO_MANY_OPEN_ORDERS(
                f"At most {self._limit} open orders a guest: wait until one is done.",
                headers={"Retry-After": _RETRY_AFTER_SECONDS},
            )
        return GuestOrders((*still_open, order_id), guest.etag)
