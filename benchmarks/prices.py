"""What Azure charges: list prices in US dollars, without free grants and agreements.

Each price says where it was read, and of which day that is. They are of the eastern United States: European
regions charge up to a half more for Functions. Read them again before a decision depends on them.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Price:
    """A meter: `usd` for every `per` units of what `name` says, as `source` had it on a day."""

    name: str
    usd: float
    per: int
    source: str
    as_of: date

    def of(self, units: float) -> float:
        """What so many units cost, in US dollars."""
        return units / self.per * self.usd


_COPIES = "public copies of Azure's pricing page: "
_API = "Azure Retail Prices API, as published by its readers: "

TABLE_OPERATIONS = Price(
    "table operations", 0.00036, 10_000, _COPIES + "Table Storage, LRS", date(2026, 9, 22)
)
"""Every request is one operation; so is an entity-group transaction, whatever its number of rows
(Azure: "Performance and scalability checklist for Table storage", batching)."""
TABLE_GB_MONTHS = Price(
    "GB of table rows for a month", 0.045, 1, _COPIES + "Table Storage, LRS", date(2026, 9, 22)
)
QUEUE_OPERATIONS = Price(
    "queue operations", 0.004, 10_000, _COPIES + "Queue Storage, classes 1 and 2, LRS", date(2026, 11, 22)
)
"""Every request is one operation, also a receive that finds nothing. The copy bears no date."""
BLOB_READS = Price("blob reads", 0.004, 10_000, _API + "General Block Blob v2, Hot LRS", date(2026, 10, 3))
"""Also one that is answered 304."""
BLOB_WRITES = Price("blob writes", 0.05, 10_000, _API + "General Block Blob v2, Hot LRS", date(2026, 10, 3))
EVENT_GRID_OPERATIONS = Price(
    "Event Grid operations", 0.60, 1_000_000, _COPIES + "Event Grid, basic tier", date(2026, 11, 22)
)
"""An event that is published is one operation, each attempt to deliver it another. No date on the copies."""
FUNCTION_EXECUTIONS = Price(
    "function executions", 0.40, 1_000_000, _API + "Functions, Flex Consumption", date(2026, 10, 5)
)
ON_DEMAND_GB_SECONDS = Price(
    "GB-seconds on demand", 0.000026, 1, _API + "Functions, Flex Consumption", date(2026, 10, 5)
)
"""Of an instance's memory while it executes anything: what it does at once shares them."""
ALWAYS_READY_GB_SECONDS = Price(
    "GB-seconds always ready", 0.000004, 1, _API + "Functions, Flex Consumption", date(2026, 10, 5)
)
ALWAYS_READY_BUSY_GB_SECONDS = Price(
    "GB-seconds always ready, busy", 0.000016, 1, _API + "Functions, Flex Consumption", date(2026, 10, 5)
)

PRICES = (
    TABLE_OPERATIONS,
    TABLE_GB_MONTHS,
    QUEUE_OPERATIONS,
    BLOB_READS,
    BLOB_WRITES,
    EVENT_GRID_OPERATIONS,
    FUNCTION_EXECUTIONS,
    ON_DEMAND_GB_SECONDS,
    ALWAYS_READY_GB_SECONDS,
    ALWAYS_READY_BUSY_GB_SECONDS,
)
"""All of them."""
