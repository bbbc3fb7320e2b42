"""What one order costs over its life, as it was counted and measured."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

COSTS = Path(__file__).with_name("costs.json")
"""The one place where counts and estimates are put; measured CPU comes from the committed figures."""
QUEUE_OPERATIONS = 3
"""A message is put, received and deleted; a receive of several at once makes it less."""

_EXACTLY = ConfigDict(extra="forbid")

Table = Literal["Orders", "Inventory"]
Function = Literal["http", "orders-inbox", "orders-post", "inventory-inbox"]
"""Who does a step: each scales by itself. All but `http` are named for the queue whose message begins it."""


@dataclass(frozen=True, config=_EXACTLY)
class Step:
    """One execution of a function for one order; all its rows are in the property's partition of `table`.

    `takes_ms` is how long it lasts, waiting included.
    """

    name: str
    function: Function
    table: Table
    transactions: int
    rows: int
    point_reads: int
    events: int
    cpu_ms: float
    takes_ms: float

    @property
    def app(self) -> str:
        """The app that has the function."""
        return "inventory" if self.function == "inventory-inbox" else "orders"


@dataclass(frozen=True, config=_EXACTLY)
class OrderCost:
    """One order from its request to its rest, without payment.

    `documents` are the read models that its acceptance looks at, `event_bytes` an event on its way,
    `kept_bytes` what stays stored; `owed_seconds` is how long the rows of its work exist, added up. The
    sweep's times are CPU.
    """

    as_of: str
    counts: str
    times: str
    steps: tuple[Step, ...]
    documents: int
    event_bytes: int
    kept_bytes: int
    owed_seconds: float
    sweep_ms_a_property: float
    sweep_ms_a_row: float

    @property
    def transactions(self) -> int:
        """Entity-group transactions, ungrouped."""
        return sum(step.transactions for step in self.steps)

    @property
    def rows(self) -> int:
        """Rows written."""
        return sum(step.rows for step in self.steps)

    @property
    def point_reads(self) -> int:
        """Rows read by their keys."""
        return sum(step.point_reads for step in self.steps)

    @property
    def events(self) -> int:
        """Events published."""
        return sum(step.events for step in self.steps)

    def deliveries(self, function: Function | None = None) -> int:
        """Messages that Event Grid puts on queues: all, or those of one function's queue."""
        return sum(step.function != "http" and function in {None, step.function} for step in self.steps)

    @property
    def queue_operations(self) -> int:
        """Puts, receives and deletes of messages."""
        return QUEUE_OPERATIONS * self.deliveries()

    @property
    def functions(self) -> tuple[Function, ...]:
        """The functions it passes, each once."""
        return tuple(dict.fromkeys(step.function for step in self.steps))

    def cpu_ms(self, function: Function) -> float:
        """CPU of the Python worker in one function."""
        return sum(step.cpu_ms for step in self.steps if step.function == function)

    def takes_ms(self, function: Function) -> float:
        """How long it occupies one of a function's places."""
        return sum(step.takes_ms for step in self.steps if step.function == function)

    def entities(self, table: Table) -> int:
        """Rows of a table that are written or read by their keys."""
        return sum(step.rows + step.point_reads for step in self.steps if step.table == table)

    def with_cpu(self, cpu_ms: Mapping[str, float]) -> "OrderCost":
        """The same with each app's CPU as it was measured, parted among its steps as before."""
        estimated = {
            app: sum(step.cpu_ms for step in self.steps if step.app == app)
            for app in {step.app for step in self.steps}
        }
        steps = tuple(
            replace(step, cpu_ms=round(step.cpu_ms * cpu_ms[step.app] / estimated[step.app], 2))
            for step in self.steps
        )
        return replace(self, steps=steps)

    def table_requests(self, orders_a_transaction: int = 1) -> float:
        """Transactions and point reads, where so many orders share each transaction on `Orders`."""
        shared = sum(step.transactions for step in self.steps if step.table == "Orders")
        return self.transactions - shared + shared / orders_a_transaction + self.point_reads


def read_costs(path: Path = COSTS) -> OrderCost:
    """The committed costs.

    Raises:
        ValueError: the file does not hold them.
    """
    return TypeAdapter(OrderCost).validate_json(path.read_bytes())
