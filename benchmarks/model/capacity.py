"""What a load asks of every limit, and the smallest layout that bears it."""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from benchmarks.instance import BUSY, CORES, PLACES
from benchmarks.model import limits
from benchmarks.model.bins import fullest
from benchmarks.model.limits import CHANGES, Lever, Limit
from benchmarks.model.order_cost import QUEUE_OPERATIONS, Function, OrderCost, Table
from muneris.cloud.documents.read_model import FRESH_SECONDS

FILL = 0.8
"""How much of a limit a plan uses: bursts and repeats need the rest."""
SWEEP_SECONDS = 5.0
"""How often the sweep reads what every property owes."""
_ENDLESS = 1e9
_MOST = 1_000_000
_BY_LOAD = "properties placed by their load: by hash, one for each store would leave the fullest too full"
_CLOSE = 1e-6


@dataclass(frozen=True)
class Load:
    """Orders a second of all stores, and the regions that carry them: `busy_share` falls on `busy_stores`.

    Stores are spread evenly over the regions that carry, and by their codes' hashes over what a region has.
    """

    orders_per_second: float
    carrying: int = 3
    stores: int = 2_000
    busy_stores: int = 400
    busy_share: float = 0.8

    @property
    def region_rate(self) -> float:
        """Orders a second of one region."""
        return self.orders_per_second / self.carrying

    @property
    def region_stores(self) -> float:
        """Stores of one region."""
        return self.stores / self.carrying

    @property
    def busy_rate(self) -> float:
        """Orders a second of a busy store."""
        return self.orders_per_second * self.busy_share / self.busy_stores

    @property
    def quiet_rate(self) -> float:
        """Orders a second of any other store."""
        return self.orders_per_second * (1 - self.busy_share) / (self.stores - self.busy_stores)

    def fullest_stores(self, bins: int) -> tuple[float, float]:
        """Busy and other stores of a region in the fullest of its units or accounts, for each by itself."""
        busy = self.busy_stores / self.carrying
        return fullest(busy, bins), fullest(self.region_stores - busy, bins)

    def fullest_rate(self, bins: int) -> float:
        """Orders a second of the fullest unit or account of a region."""
        if bins == 1:
            return self.region_rate
        busy, quiet = self.fullest_stores(bins)
        return busy * self.busy_rate + quiet * self.quiet_rate


@dataclass(frozen=True)
class Layout:
    """How much a region has of what, and a busy property of partitions.

    The smallest has one of each; of `calls` that is `CALLS_AT_ONCE`. Every scale unit has an account of its
    own; further ones hold rows alone.

    Raises:
        ValueError: there are more units than accounts.
    """

    calls: int = 1
    partitions: int = 1
    units: int = 1
    accounts: int = 1
    subscriptions: int = 1

    def __post_init__(self) -> None:
        if self.accounts < self.units:
            raise ValueError(f"{self.units} scale units need as many accounts, not {self.accounts}")

    def count(self, lever: Lever) -> int:
        """How much it has of one thing."""
        count: int = asdict(self)[lever]
        return count

    def with_count(self, lever: Lever, count: int) -> "Layout":
        """The same with so much of one thing, and an account for each unit."""
        counts: dict[str, int] = asdict(self) | {lever: count}
        counts["accounts"] = max(counts["accounts"], counts["units"])
        return Layout(**counts)

    @property
    def levers(self) -> Sequence[Lever]:
        """What it has more than one of."""
        return [lever for lever in Lever if self.count(lever) > 1]


@dataclass(frozen=True)
class Usage:
    """How much of a limit is used where it is used most."""

    limit: Limit
    used: float

    @property
    def share(self) -> float:
        """1 is all of it."""
        return self.used / self.limit.most


class LimitExceededError(Exception):
    """Limits forbid it; the message says which, and what would have to change."""

    def __init__(self, exceeded: Sequence[Usage], needed: Sequence[str] = ()) -> None:
        levers = dict.fromkeys(usage.limit.lever for usage in exceeded)
        changes = needed or [CHANGES[lever] if lever else "another design" for lever in levers]
        super().__init__(f"Too much for {', '.join(map(_excess, exceeded))}. It takes {'; '.join(changes)}.")
        self.exceeded = tuple(exceeded)


def _excess(usage: Usage) -> str:
    limit = usage.limit
    return f"{limit.name}: {usage.used:,.0f} {limit.unit} of {limit.most:,.0f}"


def usages(cost: OrderCost, load: Load, layout: Layout) -> tuple[Usage, ...]:
    """How much of every limit a load uses in one region of a layout, those first that a property meets.

    Of what the region has several of, the fullest is meant.
    """
    unit_rate, account_rate = load.fullest_rate(layout.units), load.fullest_rate(layout.accounts)
    rows_swept = cost.owed_seconds / SWEEP_SECONDS
    entities = cost.entities("Orders") + cost.entities("Inventory") + rows_swept
    running = instances(cost, load, layout)
    messages = QUEUE_OPERATIONS * max(cost.deliveries(each) for each in cost.functions)
    return (
        Usage(limits.CALLS, calls_at_once(cost, load, layout) / layout.calls),
        Usage(limits.ORDERS_PARTITION, load.busy_rate * _entities(cost, "Orders") / layout.partitions),
        Usage(limits.STOCK_PARTITION, load.busy_rate * _entities(cost, "Inventory") / layout.partitions),
        Usage(limits.PROPERTY_TABLES, load.busy_rate * entities),
        Usage(limits.PROPERTY_QUEUE, load.busy_rate * messages),
        Usage(limits.PROPERTY_QUEUE_ACCOUNT, load.busy_rate * cost.queue_operations),
        Usage(limits.PROPERTY_TOPIC, load.busy_rate * cost.events),
        Usage(limits.TABLE_ACCOUNT, account_rate * entities),
        Usage(limits.QUEUE, unit_rate * messages),
        Usage(limits.QUEUE_ACCOUNT, unit_rate * cost.queue_operations),
        Usage(limits.TOPIC_EVENTS, unit_rate * cost.events),
        Usage(limits.TOPIC_BYTES, unit_rate * cost.events * cost.event_bytes),
        Usage(limits.SWEEP, _sweep_ms(cost, load, layout)),
        Usage(limits.ACCOUNT, _requests(cost, load, layout)),
        Usage(limits.INSTANCES, max(_instances(cost, each, unit_rate) for each in running if each != "http")),
        Usage(limits.HTTP_INSTANCES, running["http"]),
        Usage(limits.ACCOUNTS, layout.accounts / layout.subscriptions),
        Usage(limits.TOPICS, layout.units / layout.subscriptions),
        Usage(limits.CORES, CORES * region_instances(running, layout) / layout.subscriptions),
        Usage(limits.ENDPOINTS, load.carrying),
    )


def require_possible(cost: OrderCost, load: Load, layout: Layout) -> None:
    """Refuse a load that a layout's limits forbid.

    Raises:
        LimitExceededError: naming each limit that is exceeded.
    """
    exceeded = [usage for usage in usages(cost, load, layout) if usage.share > 1]
    if exceeded:
        raise LimitExceededError(exceeded)


def plan(cost: OrderCost, load: Load) -> Layout:
    """The smallest layout of a region that bears a load with `FILL` of each limit.

    Raises:
        LimitExceededError: no layout does, or none with at most a unit, and an account, a store.
    """
    layout = Layout()
    while tight := [usage for usage in usages(cost, load, layout) if usage.share > FILL]:
        hopeless, lever = [usage for usage in tight if usage.limit.lever is None], tight[0].limit.lever
        if hopeless or lever is None:
            raise LimitExceededError(hopeless)
        layout = _raised(cost, load, layout, tight[0], lever)
    return layout


def _raised(cost: OrderCost, load: Load, layout: Layout, tight: Usage, lever: Lever) -> Layout:
    """A layout with as much more of something as a limit needs."""
    spread = lever in {Lever.UNITS, Lever.ACCOUNTS}
    counts = range(layout.count(lever) + 1, math.ceil(load.region_stores) + 1 if spread else _MOST)

    def is_borne(count: int) -> bool:
        return _share(tight.limit, cost, load, layout.with_count(lever, count)) <= FILL

    at = bisect_left(counts, 1, key=is_borne)
    if at == len(counts):
        raise LimitExceededError([tight], [_BY_LOAD])
    return layout.with_count(lever, counts[at])


def _share(limit: Limit, cost: OrderCost, load: Load, layout: Layout) -> float:
    return next(usage.share for usage in usages(cost, load, layout) if usage.limit is limit)


def instances(cost: OrderCost, load: Load, layout: Layout) -> Mapping[Function, int]:
    """Instances of each function: of `http` in a region, of the others in a scale unit of middling load."""
    return {
        each: _instances(cost, each, load.region_rate / (1 if each == "http" else layout.units))
        for each in cost.functions
    }


def region_instances(running: Mapping[Function, int], layout: Layout) -> int:
    """All instances of a region, with the one of each unit that sweeps."""
    in_a_unit = 1 + sum(count for function, count in running.items() if function != "http")
    return running["http"] + layout.units * in_a_unit


def blob_reads(cost: OrderCost, load: Load, layout: Layout) -> float:
    """Reads of read models a second in a region: each instance looks again once one is no longer fresh."""
    http = instances(cost, load, layout)["http"]
    busy = load.busy_stores * _looks(http, load.busy_rate)
    quiet = (load.stores - load.busy_stores) * _looks(http, load.quiet_rate)
    return cost.documents * (busy + quiet) / load.carrying


def most_borne(cost: OrderCost, limit: Limit, load: Load, layout: Layout) -> float | None:
    """Orders a second of all stores at which a layout reaches one limit, if `load` grows or shrinks.

    None: orders do not count for that limit.
    """

    def share(orders_per_second: float) -> float:
        return _share(limit, cost, replace(load, orders_per_second=orders_per_second), layout)

    low, high = 0.0, _ENDLESS
    if share(high) <= 1:
        return None
    while high - low > high * _CLOSE:
        middle = (low + high) / 2
        low, high = (middle, high) if share(middle) <= 1 else (low, middle)
    return low


def _instances(cost: OrderCost, function: Function, rate: float) -> int:
    """As many as its CPU needs, and as its executions need places."""
    cores = rate * cost.cpu_ms(function) / 1000 / BUSY / CORES
    places = rate * cost.takes_ms(function) / 1000 / PLACES
    return max(1, math.ceil(max(cores, places)))


def calls_at_once(cost: OrderCost, load: Load, layout: Layout) -> float:
    """Calls to a busy store's Simphony that are under way at once in an instance of `orders-post`."""
    running = _instances(cost, "orders-post", max(load.busy_rate, load.region_rate / layout.units))
    return load.busy_rate * cost.takes_ms("orders-post") / 1000 / running


def _entities(cost: OrderCost, table: Table) -> float:
    """Entities of an order in one table; the sweep reads its work."""
    swept = cost.owed_seconds / SWEEP_SECONDS if table == "Orders" else 0.0
    return cost.entities(table) + swept


def _sweep_ms(cost: OrderCost, load: Load, layout: Layout) -> float:
    """CPU of one sweep of a unit."""
    stores = sum(load.fullest_stores(layout.units))
    rows = load.fullest_rate(layout.units) * cost.owed_seconds
    return stores * cost.sweep_ms_a_property + rows * cost.sweep_ms_a_row


def _requests(cost: OrderCost, load: Load, layout: Layout) -> float:
    """Requests a second to a unit's account: its queues, its read models, its share of the tables."""
    rate = load.fullest_rate(layout.units)
    blobs = blob_reads(cost, load, layout) * rate / load.region_rate
    tables = load.fullest_rate(layout.accounts) * cost.table_requests()
    return rate * cost.queue_operations + blobs + tables


def _looks(instances: int, rate: float) -> float:
    """How often a second some instances look at one document that `rate` orders a second need."""
    return instances / (FRESH_SECONDS + instances / rate)
