from benchmarks.growth_in_memory import measure_growth_in_memory, measure_sweeps
from benchmarks.targets import measured
from tests.unit.benchmarks.records import EMPTY


async def test_an_order_costs_the_same_after_many_others() -> None:
    growths = await measure_growth_in_memory((10, 5_000), lives=20)
    assert [each.orders for each in growths] == [10, 5_000]
    assert growths[0].calls > 0
    targets = list(measured(EMPTY.updated(growths)))
    assert len(targets) == 2
    assert all(target.is_met(value) for target, value in targets)


async def test_a_sweep_asks_once_for_each_property_that_may_owe_something() -> None:
    at_rest, settled = await measure_sweeps(20)
    assert 20 <= at_rest.calls <= 25
    assert settled.calls <= 5
