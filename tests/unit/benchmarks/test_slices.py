import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence

import pytest
from benchmarks.slices import Ending, Once, Slice, compare, measure, percentile


class Recorder:
    """A side that does nothing, and writes down when it is asked to."""

    def __init__(self, name: str, log: list[str]) -> None:
        self._name = name
        self._log = log
        self.operations: list[int] = []

    async def begin(self, callers: int) -> Sequence[Once]:
        self._log.append(f"{self._name} begins with {callers}")
        return [self._once] * callers

    async def end(self, operations: int) -> Ending:
        self.operations.append(operations)
        return Ending(time.perf_counter(), 1.0)

    async def clear(self) -> None:
        self._log.append(f"{self._name} is cleared")

    async def _once(self) -> None:
        await asyncio.sleep(0)


def a_slice(rate: int, *, seconds: float = 1.0, slowest: float = 0.02, cpu: float = 0.5) -> Slice:
    latencies = [0.01] * (int(rate * seconds) - 4) + [slowest] * 4
    return Slice(seconds, latencies, {"orders": cpu}, Ending(seconds, 1.0, repeats=rate // 100))


async def test_both_sides_take_turns_in_pairs_after_a_slice_that_does_not_count() -> None:
    log: list[str] = []
    ours, other = Recorder("ours", log), Recorder("other", log)
    pairs = await measure(ours, other, callers=2, pairs=3, seconds=0.001, cpu=dict)
    assert len(pairs) == 3
    turns = [line.split()[0] for line in log]
    assert [set(pair) for pair in itertools.batched(turns[::2], 2, strict=True)] == [{"ours", "other"}] * 4
    assert turns[::2] == turns[1::2]
    assert [len(mine.latencies) for mine, _ in pairs] == ours.operations[1:]
    assert [len(theirs.latencies) for _, theirs in pairs] == other.operations[1:]


async def test_a_slice_counts_the_cpu_of_its_own_time_alone() -> None:
    readings = itertools.count()

    def cpu() -> Mapping[str, float]:
        return {"orders": float(next(readings))}

    log: list[str] = []
    pairs = await measure(Recorder("a", log), Recorder("b", log), callers=1, pairs=2, seconds=0.001, cpu=cpu)
    assert [each.cpu for pair in pairs for each in pair] == [{"orders": 1.0}] * 4


def test_a_ratio_is_the_median_of_the_pairs_not_the_ratio_of_medians() -> None:
    pairs = [(a_slice(100), a_slice(200)), (a_slice(300), a_slice(300)), (a_slice(900), a_slice(1000))]
    ratio = compare("ours / theirs", 8, 32, pairs)
    assert (ratio.low, ratio.median, ratio.high) == (0.5, 0.9, 1.0)
    assert (ratio.ours.rate, ratio.other.rate) == (300, 300)
    assert ratio.key == "ours / theirs, 8 callers, 32 properties"


def test_latencies_and_cpu_are_those_of_all_slices_together() -> None:
    pairs = [(a_slice(100, slowest=0.05), a_slice(100)), (a_slice(300, slowest=0.04), a_slice(100))]
    figures = compare("", 1, 1, pairs).ours
    assert (figures.p50_ms, figures.p99_ms) == (10, 40)
    assert figures.cpu_ms == {"orders": pytest.approx(1000 * 1.0 / 400)}
    assert (figures.published, figures.repeated) == (1, 4 / 400)
    assert compare("", 1, 1, pairs).p99 == pytest.approx(2.25)


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (99, 99), (100, 100), (0, 1)])
def test_a_percentile_is_a_value_that_was_measured(percent: int, value: int) -> None:
    assert percentile(list(range(100, 0, -1)), percent) == value


def test_of_few_values_the_99th_percentile_is_the_largest() -> None:
    assert percentile([3.0, 1.0, 2.0], 99) == 3.0
