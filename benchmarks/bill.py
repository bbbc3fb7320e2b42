"""What a million orders cost on Azure, from what was counted of one. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from benchmarks import instance
from benchmarks.operations import Kind, total
from benchmarks.prices import (
    BLOB_READS,
    BLOB_WRITES,
    EVENT_GRID_OPERATIONS,
    FUNCTION_EXECUTIONS,
    ON_DEMAND_GB_SECONDS,
    QUEUE_OPERATIONS,
    TABLE_OPERATIONS,
    Price,
)

_QUEUE_KINDS = (Kind.PUTS, Kind.RECEIVES, Kind.EMPTY_RECEIVES, Kind.DELETES)


class Line(NamedTuple):
    """A meter, the units of it that an order takes, and what a million orders cost, in US dollars."""

    price: Price
    units: float
    usd: float


def bill(counts: Mapping[str, float], cpu_seconds: float) -> list[Line]:
    """The bill of a million orders.

    Args:
        counts: Operations an order, as the wire counted them.
        cpu_seconds: Of the function apps, an order.
    """
    deliveries = total(counts, Kind.PUTS)
    units = {
        TABLE_OPERATIONS: total(counts, Kind.TRANSACTIONS, Kind.POINT_READS, Kind.QUERIES),
        QUEUE_OPERATIONS: total(counts, *_QUEUE_KINDS),
        BLOB_READS: total(counts, Kind.BLOB_READS),
        BLOB_WRITES: total(counts, Kind.BLOB_WRITES),
        EVENT_GRID_OPERATIONS: total(counts, Kind.EVENTS) + deliveries,
        FUNCTION_EXECUTIONS: 1 + total(counts, Kind.DELETES),
        ON_DEMAND_GB_SECONDS: cpu_seconds / instance.CORES / instance.BUSY * instance.GB,
    }
    return [Line(price, each, price.of(1_000_000 * each)) for price, each in units.items()]
