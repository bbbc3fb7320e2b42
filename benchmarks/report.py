"""What was measured: the records of one run or of several, as they are kept in JSON."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict

TOGETHER = "one of 32 orders at once"
"""What the bill counts: orders as they come when there are many."""


class Record(BaseModel):
    """One thing that was measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str

    @property
    def key(self) -> str:
        """What it is the measurement of: of two with the same key the later one counts."""
        return self.name


class Figures(BaseModel):
    """One side of a ratio, over all its slices."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate: float
    """Operations a second: the median of the slices."""
    p50_ms: float
    p99_ms: float
    cpu_ms: Mapping[str, float]
    """Of each process, per operation."""
    published: float
    """The share of its events that had reached their queue when the slices ended."""
    repeated: float
    """How often an operation was refused for the moment and done again, per operation."""


class Ratio(Record):
    """Two sides whose slices ran back to back: quartiles of the ratios of their rates."""

    callers: int
    properties: int
    pairs: int
    ours: Figures
    other: Figures
    low: float
    median: float
    high: float
    p99: float
    """The median of the ratios of their 99th percentiles."""

    @property
    def key(self) -> str:
        """Its name, how many call, and at how many properties."""
        return f"{self.name}, {self.callers} callers, {self.properties} properties"


class Life(Record):
    """Orders from acceptance to their check in Simphony, everything running."""

    orders: int
    rate: float
    """Orders confirmed a second."""
    p50_s: float
    p99_s: float
    cpu_ms: Mapping[str, float]
    """Of each process, per order."""


class Wire(Record):
    """What was counted between the processes and their storage, per order or per second."""

    units: float
    """How many orders, or seconds."""
    counts: Mapping[str, float]
    """Of each kind of operation (see `operations`), per unit."""


class Growth(Record):
    """What an order costs over its whole life once there are so many: calls to tables, and rows."""

    orders: int
    calls: float
    rows: float

    @property
    def key(self) -> str:
        """Its name and the size."""
        return f"{self.name}, {self.orders} orders"


class Memory(Record):
    """A process's memory in MiB, at rest and after load: resident, and with its share of what is shared."""

    idle_rss: float
    idle_pss: float
    loaded_rss: float
    loaded_pss: float


class Phase(Record):
    """Intake before, during or after an outage of Simphony: every order that was offered is accepted."""

    seconds: float
    accepted: int
    p50_ms: float
    p99_ms: float


class Recovery(Record):
    """How long it took to bring so many orders to rest once Simphony was up again."""

    orders: int
    seconds: float


class Startup(Record):
    """The CPU that importing a package costs when the orders app starts."""

    cpu_ms: float


class Report(BaseModel):
    """All that was measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    measured_on: date
    machine: str
    ratios: tuple[Ratio, ...] = ()
    lives: tuple[Life, ...] = ()
    wires: tuple[Wire, ...] = ()
    growths: tuple[Growth, ...] = ()
    memories: tuple[Memory, ...] = ()
    phases: tuple[Phase, ...] = ()
    recoveries: tuple[Recovery, ...] = ()
    startups: tuple[Startup, ...] = ()

    def updated(self, records: Sequence[Record]) -> Self:
        """The same with these records, each in the place of the one with its key."""
        fields = {_FIELD_OF[type(each)] for each in records}
        return self.model_copy(
            update={field: _merged(getattr(self, field), field, records) for field in fields}
        )


_FIELD_OF: Mapping[type[Record], str] = {
    Ratio: "ratios",
    Life: "lives",
    Wire: "wires",
    Growth: "growths",
    Memory: "memories",
    Phase: "phases",
    Recovery: "recoveries",
    Startup: "startups",
}


def _merged(known: Sequence[Record], field: str, records: Sequence[Record]) -> tuple[Record, ...]:
    new = {each.key: each for each in records if _FIELD_OF[type(each)] == field}
    return tuple(({each.key: each for each in known} | new).values())
