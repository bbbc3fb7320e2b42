"""What Azure charges for orders at a load."""

from collections.abc import Mapping

from benchmarks import instance, prices
from benchmarks.model.capacity import (
    SWEEP_SECONDS,
    Layout,
    Load,
    blob_reads,
    instances,
    region_instances,
)
from benchmarks.model.order_cost import OrderCost

MILLION = 1_000_000
_GB = 1e9


def bill(cost: OrderCost, load: Load, layout: Layout) -> Mapping[str, float]:
    """US dollars for a million orders, by item, while `load` lasts and all its regions are up.

    Instances are charged whole: those that are little used make small loads dearer. Rows are charged for the
    first month that they are kept.
    """
    seconds = MILLION / load.orders_per_second
    table_queries = load.stores / SWEEP_SECONDS * seconds
    running = load.carrying * region_instances(instances(cost, load, layout), layout)
    return {
        "tables": prices.TABLE_OPERATIONS.of(MILLION * cost.table_requests() + table_queries),
        "queues": prices.QUEUE_OPERATIONS.of(MILLION * cost.queue_operations),
        "Event Grid": prices.EVENT_GRID_OPERATIONS.of(MILLION * (cost.events + cost.deliveries())),
        "blobs": prices.BLOB_READS.of(load.carrying * blob_reads(cost, load, layout) * seconds),
        "executions": prices.FUNCTION_EXECUTIONS.of(MILLION * len(cost.steps)),
        "instances": prices.ON_DEMAND_GB_SECONDS.of(running * instance.GB * seconds),
        "rows kept": prices.TABLE_GB_MONTHS.of(MILLION * cost.kept_bytes / _GB),
    }
