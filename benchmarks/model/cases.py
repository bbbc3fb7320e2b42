"""The loads of `docs/scale.md`, each with the layout that is planned for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from benchmarks.model.bill import MILLION, bill
from benchmarks.model.capacity import (
    Layout,
    LimitExceededError,
    Load,
    instances,
    plan,
    region_instances,
)
from benchmarks.model.order_cost import Function, OrderCost

WRITES = (22_222, 222_222)
"""Online writes a second: what the requirement's arithmetic gives, and what it states."""
REGIONS = 3
CARRYING = 2
"""Regions that carry everything once one is down and its properties have moved."""
_HOUR = 3600


@dataclass(frozen=True)
class Case:
    """One reading of the requirement. Its layout is planned for the day that a region is down."""

    name: str
    cost: OrderCost
    orders_per_second: float

    @cached_property
    def up(self) -> Load:
        """All regions carry their own."""
        return Load(self.orders_per_second, REGIONS)

    @cached_property
    def moved(self) -> Load:
        """One is down, the others carry all."""
        return Load(self.orders_per_second, CARRYING)

    @cached_property
    def layout(self) -> Layout:
        """What each region has; LimitExceededError: nothing would do."""
        return plan(self.cost, self.moved)

    def find_refusal(self) -> LimitExceededError | None:
        """Why there is no layout, or None."""
        try:
            _ = self.layout
        except LimitExceededError as refusal:
            return refusal
        return None

    def instances(self, function: Function) -> int:
        """A function's instances in a region that carries most, all units together."""
        running = instances(self.cost, self.moved, self.layout)[function]
        return running if function == "http" else running * self.layout.units

    def region_instances(self, load: Load) -> int:
        """All instances of a region."""
        return region_instances(instances(self.cost, load, self.layout), self.layout)

    @cached_property
    def bill(self) -> Mapping[str, float]:
        """US dollars for a million orders, all regions up."""
        return bill(self.cost, self.up, self.layout)

    @property
    def hourly(self) -> float:
        """US dollars an hour."""
        return sum(self.bill.values()) / MILLION * self.orders_per_second * _HOUR


def cases(cost: OrderCost) -> Sequence[Case]:
    """Both numbers of writes, read as rows and as orders."""
    as_rows = [Case(f"{writes:,} rows/s", cost, writes / cost.rows) for writes in WRITES]
    return [*as_rows, *(Case(f"{writes:,} orders/s", cost, writes) for writes in WRITES)]
