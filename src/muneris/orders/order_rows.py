"""Orders as rows: packed, in columns of at most 60 KB."""

import zlib

from muneris.cloud.tables import Row, Values
from muneris.orders.model import Order

MOST_CHUNKS = 8
"""Half of what a row can hold: an order takes no more rounds then, and still has room to move on."""
_CHUNK = 60 * 1024


def order_values(order: Order) -> Values:
    """An order's columns."""
    chunks = _chunks_of(order)
    return {
        "Status": order.status,
        "Sequence": order.sequence,
        "CreatedAt": order.created_at,
        "Chunks": len(chunks),
        **{f"Body{number}": chunk for number, chunk in enumerate(chunks)},
    }


def order_of(row: Row) -> Order:
    """The order that a row holds."""
    body = b"".join(row.binary(f"Body{number}") for number in range(row.number("Chunks")))
    return Order.model_validate_json(zlib.decompress(body))


def has_room(order: Order) -> bool:
    """Whether an order with a new round is short enough."""
    return len(_chunks_of(order)) <= MOST_CHUNKS


def _chunks_of(order: Order) -> list[bytes]:
    packer = zlib.compressobj(1, zlib.DEFLATED, 12, 5)  # a small state: an order is short
    body = packer.compress(order.model_dump_json().encode()) + packer.flush()
    return [body[at : at + _CHUNK] for at in range(0, len(body), _CHUNK)]
