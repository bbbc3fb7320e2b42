"""Whose business an order is."""

from uuid import UUID

from muneris.core.identity import Caller
from muneris.core.ids import parse_uuid7
from muneris.core.problems import ProblemError, ProblemType
from muneris.orders.read_models import Homes
from muneris.orders.stored import StoredOrder

ORDER_NOT_FOUND = ProblemType("order_not_found", 404, "Order not found")


async def get_key(homes: Homes, caller: Caller, property_code: str, order_id: str) -> UUID:
    """The order id that a caller named, at a property of this region that may be its business.

    Raises:
        ProblemError: `order_not_found`; or the property is not here.
    """
    await homes.require_here(property_code)
    key = parse_uuid7(order_id) if caller.may_order_at(property_code) else None
    if key is None or '"' in order_id:
        raise _not_found()
    return key


def shown(stored: StoredOrder | None, caller: Caller) -> StoredOrder:
    """The order, if it is there and the caller's business.

    Raises:
        ProblemError: `order_not_found`.
    """
    if stored is None or not (caller.is_staff or stored.claim.placed_by == caller.subject):
        raise _not_found()
    return stored


def _not_found() -> ProblemError:
    return ORDER_NOT_FOUND("There is no such order.")
