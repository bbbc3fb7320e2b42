import asyncio
import itertools
import time
from collections.abc import Iterable, Mapping, Sequence

import pytest
from benchmarks.slices import Ending, Once, Slice, compare, is_complete, measure, percentile


class Recorder:
    """A side that does nothing, and writes down when it is asked to."""

    def __init__(self, name: str, log: list[str], published: Iterable[float] = ()) -> None:
        self._name = name
        self._log = log
        self._published = itertools.chain(published, itertools.repeat(1.0))
        self.operations: list[int] = []

    async def begin(self, callers: int) -> Sequence[Once]:
        self._log.append(f"{self._name} begins with {callers}")
        return [self._once] * callers

    async def end(self, operations: int) -> Ending:
        self.operations.append(operations)
        return Ending(time.perf_counter(), next(self._published))

    async def clear(self) -> None:
        self._log.append(f"{self._name} is cleared")

    async def _once(self) -> None:
        await asyncio.sleep(0)


class Readings:
    """Gauges that go on by one, and by a sample more, each time they are read."""

    def __init__(self) -> None:
        self._readings = itertools.count()

    def cpu(self) -> Mapping[str, float]:
        return {"orders": float(next(self._readings))}

    def take_yardstick(self) -> Sequence[float]:
        return [float(next(self._readings))]


def a_slice(
    rate: int,
    *,
    seconds: float = 1.0,
    slowest: float = 0.02,
    cpu: float = 0.5,
    yardstick: Sequence[float] = (0.001,),
    published: float = 1.0,
) -> Slice:
    latencies = [0.01] * (int(rate * seconds) - 4) + [slowest] * 4
    ending = Ending(seconds, published, repeats=rate // 100)
    return Slice(seconds, latencies, {"orders": cpu}, yardstick, ending)


async def test_both_sides_take_turns_in_pairs_after_a_slice_that_does_not_count() -> None:
    log: list[str] = []
    ours, other = Recorder("ours", log), Recorder("other", log)
    pairs = await measure(ours, other, callers=2, pairs=3, seconds=0.001, gauges=Readings())
    assert len(pairs) == 3
    turns = [line.split()[0] for line in log]
    assert [set(pair) for pair in itertools.batched(turns[::2], 2, strict=True)] == [{"ours", "other"}] * 4
    assert turns[::2] == turns[1::2]
    assert [len(mine.latencies) for mine, _ in pairs] == ours.operations[1:]
    assert [len(theirs.latencies) for _, theirs in pairs] == other.operations[1:]


async def test_a_slice_counts_the_cpu_of_its_own_time_alone() -> None:
    ours, other = Recorder("a", []), Recorder("b", [])
    pairs = await measure(ours, other, callers=1, pairs=2, seconds=0.001, gauges=Readings())
    slices = [each for pair in pairs for each in pair]
    assert [each.cpu for each in slices] == [{"orders": 1.0}] * 4
    assert sorted(next(iter(each.yardstick)) for each in slices) == [11, 15, 19, 23]


async def test_a_pair_that_misses_events_is_measured_again() -> None:
    ours = Recorder("ours", [], published=[1.0, 1.0, 0.9])
    pairs = await measure(ours, Recorder("other", []), callers=1, pairs=3, seconds=0.001, gauges=Readings())
    assert [is_complete(pair) for pair in pairs] == [True, False, True, True]


async def test_who_always_misses_events_is_measured_twice_as_often_and_no_more() -> None:
    other = Recorder("other", [], published=[0.9] * 99)
    pairs = await measure(Recorder("ours", []), other, callers=1, pairs=3, seconds=0.001, gauges=Readings())
    assert [is_complete(pair) for pair in pairs] == [False] * 6


def test_a_pair_that_misses_events_does_not_count_but_is_said() -> None:
    void = (a_slice(900, published=0.5), a_slice(100))
    ratio = compare("", 1, 1, [(a_slice(100), a_slice(200)), void, (a_slice(300), a_slice(600))], "load")
    assert (ratio.pairs, ratio.void, ratio.median, ratio.process) == (2, 1, 0.5, "load")
    assert ratio.ours.rate == 200
    assert ratio.ours.published == pytest.approx(2.5 / 3)
    assert ratio.other.published == 1


def test_where_every_pair_misses_events_they_all_count() -> None:
    ratio = compare("", 1, 1, [(a_slice(100, published=0.5), a_slice(200))] * 2)
    assert (ratio.pairs, ratio.void, ratio.median, ratio.ours.published) == (2, 0, 0.5, 0.5)


def test_a_ratio_is_the_median_of_the_pairs_not_the_ratio_of_medians() -> None:
    pairs = [(a_slice(100), a_slice(200)), (a_slice(300), a_slice(300)), (a_slice(900), a_slice(1000))]
    ratio = compare("ours / theirs", 8, 32, pairs)
    assert (ratio.low, ratio.median, ratio.high) == (0.7, 0.9, 0.95)
    assert (ratio.ours.rate, ratio.other.rate) == (300, 300)
    assert ratio.key == "ours / theirs, 8 callers, 32 properties"


def test_latencies_and_cpu_are_those_of_all_slices_together() -> None:
    pairs = [(a_slice(100, slowest=0.05), a_slice(100)), (a_slice(300, slowest=0.04), a_slice(100))]
    figures = compare("", 1, 1, pairs).ours
    assert (figures.p50_ms, figures.p99_ms) == (10, 40)
    assert figures.cpu_ms == {"orders": pytest.approx(1000 * 1.0 / 400)}
    assert (figures.published, figures.repeated) == (1, 4 / 400)
    assert compare("", 1, 1, pairs).p99 == pytest.approx(2.25)


def test_cpu_at_full_speed_is_what_it_is_when_the_machine_is_not_slow() -> None:
    slow, fast = a_slice(100, cpu=0.6, yardstick=[0.003, 0.001]), a_slice(100, cpu=0.3)
    figures = compare("", 1, 1, [(slow, fast), (fast, slow)]).ours
    assert figures.cpu_ms == {"orders": pytest.approx(4.5)}
    assert figures.full_speed_cpu_ms == {"orders": pytest.approx(3.0)}
    assert figures.slowdown == pytest.approx(1.5)


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (99, 99), (100, 100), (0, 1)])
def test_a_percentile_is_a_value_that_was_measured(percent: int, value: int) -> None:
    assert percentile(list(range(100, 0, -1)), percent) == value


def test_of_few_values_the_99th_percentile_is_the_largest() -> None:
    assert percentile([3.0, 1.0, 2.0], 99) == 3.0
