"""An order with nothing in it, for tests of what happens to orders."""

from uuid import UUID

from tests.restaurant import CODE

from muneris.orders.model import Fulfilment, HistoryEntry, Order, Payment, PricedLine, Status, Totals

ORDER_ID = UUID("01bb56c7-1600-7000-8000-000000000001")
PLACED_AT = "2030-05-04T12:00:00.000000Z"


def plain_order(
    order_id: UUID = ORDER_ID,
    status: Status = Status.RECEIVED,
    *,
    lines: tuple[dict[str, object], ...] = (),
    priced_lines: tuple[PricedLine, ...] = (),
) -> Order:
    """An order of guest ann's, just placed."""
    nothing = "0.00"
    return Order(
        order_id=order_id,
        property_code=CODE,
        region="api1",
        status=status,
        channel="online",
        fulfilment=Fulfilment(type="pickup"),
        lines=lines,
        priced_lines=priced_lines,
        totals=Totals(
            subtotal=nothing,
            discount=nothing,
            tax=nothing,
            service_charge=nothing,
            tip=nothing,
            total=nothing,
            currency="EUR",
        ),
        payment=Payment(method="none", status="none"),
        history=(HistoryEntry(at=PLACED_AT, status=status, by="ann"),),
        placed_by="ann",
        created_at=PLACED_AT,
        updated_at=PLACED_AT,
    )
