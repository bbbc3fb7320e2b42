"""What the checks are worth: over a table with one guard missing they find what is wrong."""

import pytest
from tests.simulation.broken_tables import ForgetsTombstones, IgnoresVersions, InsertsTwice, ReadsThePast
from tests.simulation.linearizability import find_inexplicable
from tests.simulation.seeded.stock_history import Held, record, stock
from tests.simulation.seeded.virtual_time import run
from tests.simulation.seeded.world import World

from muneris.cloud.tables.memory import MemoryTable
from muneris.core.ids import newest_first

HISTORIES = 20


def is_inexplicable(table: type[MemoryTable]) -> bool:
    """Whether there is a history of stock that nothing explains."""
    histories = (run(record(seed, table)) for seed in range(HISTORIES))
    nothing: frozenset[Held] = frozenset()
    return any(find_inexplicable(calls, nothing, stock) is not None for calls in histories)


def test_stock_is_linearizable() -> None:
    assert not is_inexplicable(MemoryTable)


@pytest.mark.parametrize("table", [IgnoresVersions, InsertsTwice, ForgetsTombstones])
def test_stock_without_a_guard_is_not(table: type[MemoryTable]) -> None:
    assert is_inexplicable(table)


@pytest.mark.parametrize(
    ("table", "rule"),
    [
        (IgnoresVersions, "stock is conserved"),
        (InsertsTwice, "claims are linearizable"),
        (ReadsThePast, "no look is stale"),
    ],
)
def test_a_simulation_without_a_guard_breaks_a_promise_and_tells_how(
    table: type[MemoryTable], rule: str
) -> None:
    outcome = run(World(1, table, quiet_within=300).run(60))
    assert rule in {violation.rule for violation in outcome.violations}
    for about in {violation.about for violation in outcome.violations if violation.about is not None}:
        story = outcome.journal.story_of(about[1])
        assert any("places at" in entry.what for entry in story)
        assert any(f"order|{newest_first(about[1])}" in entry.names for entry in story)
        assert [entry.at for entry in story] == sorted(entry.at for entry in story)
    is_about_orders = table is not IgnoresVersions  # what is wrong with an item is no order's
    assert any(violation.about for violation in outcome.violations) or not is_about_orders
