"""Orders and claims as rows. An order is packed, in columns of at most 60 KB."""

import zlib
from uuid import UUID

from muneris.cloud.tables import Row, Values
from muneris.core.ids import newest_first
from muneris.orders.model import Order
from muneris.orders.stored import Claim, StoredOrder

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


def order_key(order_id: UUID) -> str:
    """The key of an order's row: the newest first."""
    return f"order|{newest_first(order_id)}"


def open_key(order_id: UUID) -> str:
    """The key of the row that an order has while it is not at rest."""
    return f"open|{newest_first(order_id)}"


def round_key(order_id: UUID, round_id: UUID) -> str:
    """The key of a round's claim."""
    return f"round|{order_id}|{newest_first(round_id)}"


def claim_values(claim: Claim) -> Values:
    """A claim's columns."""
    return {"Fingerprint": claim.fingerprint, "PlacedBy": claim.placed_by, "Receipt": claim.receipt}


def claim_of(row: Row) -> Claim:
    """The claim that a row holds."""
    return Claim(row.text("Fingerprint"), row.text("PlacedBy"), row.binary("Receipt"))


def stored_order(row: Row) -> StoredOrder:
    """The order that a row `order|…` holds."""
    return StoredOrder(order_of(row), claim_of(row), row.etag)


def _chunks_of(order: Order) -> list[bytes]:
    packer = zlib.compressobj(1, zlib.DEFLATED, 12, 5)  # a small state: an order is short
    body = packer.compress(order.model_dump_json().encode()) + packer.flush()
    return [body[at : at + _CHUNK] for at in range(0, len(body), _CHUNK)]
