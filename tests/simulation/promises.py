"""Which promises a region of tests did not keep."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from uuid import UUID

from tests.ordering import OrderingRegion
from tests.restaurant import CODE
from tests.simulation.invariants import (
    OrderKey,
    Outside,
    SeenCheck,
    Stored,
    find_violations,
    read_stored,
)

STOCKED: Mapping[str, Decimal] = {"bun": Decimal(100), "beef": Decimal(100)}
"""What a region is opened with."""


async def stored_in(region: OrderingRegion) -> Stored:
    """What its tables hold, whatever fails."""
    return await read_stored([CODE], region.orders.table, region.stock.table)


async def broken_promises(
    region: OrderingRegion,
    *,
    delivered: Mapping[str, Decimal] = STOCKED,
    receipts: Mapping[OrderKey, AbstractSet[bytes]] | None = None,
    asked: AbstractSet[OrderKey] | None = None,
) -> list[str]:
    """All of them, given the stock that was `delivered` by SKU, and what callers asked and heard."""
    checks = [
        SeenCheck(
            CODE,
            UUID(each.new.order_id),
            each.check.check_ref,
            is_open=each.state != "voided",
            rounds=tuple(added.reference for added in each.rounds),
            total=each.due,
        )
        for each in region.pos.opened
    ]
    stock = {(CODE, sku): quantity for sku, quantity in delivered.items()}
    outside = Outside(
        receipts or {},
        checks,
        stock,
        said=region.bus.published,
        asked=asked,
        limited=[region.properties.values[CODE]],
    )
    return [str(each) for each in find_violations(await stored_in(region), outside)]
