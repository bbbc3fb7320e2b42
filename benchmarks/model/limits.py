"""What Azure documents as the most that one thing takes, and what raises it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from muneris.orders.life.calls import CALLS_AT_ONCE


class Lever(StrEnum):
    """What a plan may have more of."""

    CALLS = "calls"
    PARTITIONS = "partitions"
    UNITS = "units"
    ACCOUNTS = "accounts"
    SUBSCRIPTIONS = "subscriptions"


CHANGES: Mapping[Lever, str] = {
    Lever.CALLS: "so many times `CALLS_AT_ONCE`, if a restaurant's Simphony bears that (one constant)",
    Lever.PARTITIONS: "several partitions for each busy property (designed in docs/adr/0017, not built)",
    Lever.UNITS: "several scale units in a region (described in docs/scale.md, not built)",
    Lever.ACCOUNTS: "properties spread over several storage accounts by the directory (docs/adr/0016, built)",
    Lever.SUBSCRIPTIONS: "several subscriptions for a region, or a raised quota (by request to Azure)",
}
"""What changes once a region has more of each than the smallest one."""


@dataclass(frozen=True)
class Limit:
    """The most that one of something takes, in `unit`s, as `source` says; `lever` makes more of it.

    None: nothing does.
    """

    name: str
    most: float
    unit: str
    source: str
    lever: Lever | None


_TABLES = "Scalability and performance targets for Table storage"
_QUEUES = "Scalability and performance targets for Queue Storage"
_ACCOUNTS = "Scalability and performance targets for standard storage accounts"
_EVENT_GRID = "Azure Event Grid quotas and limits, custom topics"

ORDERS_PARTITION = Limit(
    "a property's orders in one partition", 2_000, "entities/s", _TABLES, Lever.PARTITIONS
)
STOCK_PARTITION = Limit("a property's stock in one partition", 2_000, "entities/s", _TABLES, Lever.PARTITIONS)
CALLS = Limit(
    "a property's calls to its Simphony, an instance",
    CALLS_AT_ONCE,
    "calls at once",
    "`CALLS_AT_ONCE` in src/muneris/orders/life/calls.py, a property and process",
    Lever.CALLS,
)
QUEUE = Limit(
    "a queue",
    2_000,
    "messages/s",
    _QUEUES + "; its put, its receive and its delete count (performance checklist for Queue storage, 2019)",
    Lever.UNITS,
)
QUEUE_ACCOUNT = Limit("an account's queues", 20_000, "messages/s", _QUEUES, Lever.UNITS)
TOPIC_EVENTS = Limit("a topic's events", 5_000, "events/s", _EVENT_GRID, Lever.UNITS)
TOPIC_BYTES = Limit("a topic's bytes", 5_000_000, "bytes/s", _EVENT_GRID, Lever.UNITS)
SWEEP = Limit(
    "a sweep", 5_000, "ms of CPU", "the timer of function_apps/orders; its runs never overlap", Lever.UNITS
)
ACCOUNT = Limit(
    "a unit's account, all services",
    40_000,
    "requests/s",
    _ACCOUNTS + " (France Central, Germany West Central, North Europe; 20,000 in smaller regions)",
    Lever.UNITS,
)
TABLE_ACCOUNT = Limit("an account's tables", 20_000, "entities/s", _TABLES, Lever.ACCOUNTS)

_ALONE = "by one property"
"""It lies in one unit and one account: more of them are no help to a property that fills its own."""
PROPERTY_QUEUE = replace(QUEUE, name=f"{QUEUE.name}, {_ALONE}", lever=None)
PROPERTY_QUEUE_ACCOUNT = replace(QUEUE_ACCOUNT, name=f"{QUEUE_ACCOUNT.name}, {_ALONE}", lever=None)
PROPERTY_TOPIC = replace(TOPIC_EVENTS, name=f"{TOPIC_EVENTS.name}, {_ALONE}", lever=None)
PROPERTY_TABLES = replace(TABLE_ACCOUNT, name=f"{TABLE_ACCOUNT.name}, {_ALONE}", lever=None)

_SCALING = "Event-driven scaling in Azure Functions, 2026-08"
INSTANCES = Limit("a queue function's instances", 1_000, "instances", _SCALING, Lever.UNITS)
HTTP_INSTANCES = Limit("an app's HTTP instances", 1_000, "instances", _SCALING, None)
ACCOUNTS = Limit(
    "a subscription's storage accounts",
    250,
    "accounts",
    _ACCOUNTS + " (500 by request)",
    Lever.SUBSCRIPTIONS,
)
TOPICS = Limit("a subscription's topics", 100, "topics", _EVENT_GRID, Lever.SUBSCRIPTIONS)
CORES = Limit(
    "a subscription's cores for Flex Consumption",
    250,
    "cores",
    "Azure Functions Flex Consumption plan hosting, regional quota (more by request)",
    Lever.SUBSCRIPTIONS,
)
ENDPOINTS = Limit("a Traffic Manager profile", 200, "endpoints", "Traffic Manager limits, 2025-05", None)
