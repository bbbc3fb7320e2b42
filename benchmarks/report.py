"""What was measured: the records of one run or of several, as they are kept in JSON."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict

DIRECT, HOST, GROUPED = "direct / floor", "host / floor", "group commit on / off"
WRITES = "grouped writes / single writes"
KEPT, HOT = f"{DIRECT}, events kept", f"{GROUPED}, two instances, events kept"
"""Ratios. With events kept, Event Grid delivers none while orders come."""
A_LIFE = "a whole life"
"""What grows, or not, with the orders there are."""
TOGETHER = "one of 32 orders at once"
"""What the bill counts: orders as they come when there are many."""
SATURATED = "32 customers without a pause"
"""The load whose CPU the bill and the model take."""
EVERYTHING = "everything"
"""All of a start: until the app is ready, from the start of the interpreter."""


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
    full_speed_cpu_ms: Mapping[str, float] = {}
    """The same as it would be at the machine's full speed (`yardstick`); older figures lack it."""
    slowdown: float | None = None
    """How many times longer the yardstick's work took than at full speed: the mean of the slices."""
    published: float
    """The share of its events that had arrived when the slices ended, void ones too: in their queue, or
    with Event Grid where that keeps them."""
    repeated: float
    """How often an operation was refused for the moment and done again, per operation."""


def ratio_key(name: str, callers: int, properties: int) -> str:
    """A ratio's key."""
    return f"{name}, {callers} callers, {properties} properties"


class Ratio(Record):
    """Two sides whose slices ran back to back: quartiles of the ratios of their rates.

    `pairs` are those whose events all arrived; `void` is how many others were measured and not counted.
    """

    callers: int
    properties: int
    pairs: int
    void: int = 0
    process: str = "orders"
    """The one that is measured: whose CPU an operation takes."""
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
        return ratio_key(self.name, self.callers, self.properties)


class Life(Record):
    """Orders from acceptance to their check in Simphony, everything running.

    `unfinished` orders were under way at the end: they are not among `orders`, though their CPU is counted.
    """

    orders: int
    unfinished: int = 0
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
    """How many orders were owed to Simphony when it was up again, and how long until it had them all."""

    orders: int
    seconds: float


class Replication(Record):
    """What becomes of so many accounts' tokens: seconds for all of them, the rest an account.

    Calls to tables are those to the caller's own region and to the other two; CPU is the caller's.
    """

    accounts: int
    seconds: float
    own_calls: float
    other_calls: float
    cpu_ms: float


class Startup(Record):
    """What importing a package takes when the orders app starts: wall time, but CPU for `EVERYTHING`."""

    ms: float


class Report(BaseModel):
    """All that was measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    measured_on: date
    """The first day of its measurements."""
    machine: str
    ratios: tuple[Ratio, ...] = ()
    lives: tuple[Life, ...] = ()
    wires: tuple[Wire, ...] = ()
    growths: tuple[Growth, ...] = ()
    memories: tuple[Memory, ...] = ()
    phases: tuple[Phase, ...] = ()
    recoveries: tuple[Recovery, ...] = ()
    replications: tuple[Replication, ...] = ()
    startups: tuple[Startup, ...] = ()

    def find_life(self, name: str) -> Life | None:
        """The orders' lives under a load, or None: that was not measured."""
        return next((each for each in self.lives if each.name == name), None)

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
    Replication: "replications",
    Startup: "startups",
}


def _merged(known: Sequence[Record], field: str, records: Sequence[Record]) -> tuple[Record, ...]:
    new = {each.key: each for each in records if _FIELD_OF[type(each)] == field}
    return tuple(({each.key: each for each in known} | new).values())
