"""One ratio, too short to mean anything: real processes, real sockets, a real storage emulator."""

from pathlib import Path

import aiohttp
import pytest
from benchmarks.bench import running_bench
from benchmarks.intake import Row, measure_row
from benchmarks.load import Connection
from benchmarks.region import running_region
from benchmarks.report import DIRECT, HOT


async def test_orders_by_http_are_compared_with_the_floor() -> None:
    ratio = await measure_row(Row(DIRECT, callers=2, properties=2), pairs=2, seconds=0.1)
    assert (ratio.key, ratio.pairs) == ("direct / floor, 2 callers, 2 properties", 2)
    assert 0 < ratio.low <= ratio.median <= ratio.high
    assert (ratio.ours.published, ratio.other.published) == (1, 1)
    assert ratio.ours.cpu_ms.keys() == {"storage", "event-grid", "orders", "load"}
    assert 0 < ratio.ours.full_speed_cpu_ms["orders"] <= ratio.ours.cpu_ms["orders"] * 1.01


async def test_two_instances_of_each_side_count_as_one_process() -> None:
    ratio = await measure_row(Row(HOT, callers=4, properties=1), pairs=2, seconds=0.1)
    assert (ratio.pairs, ratio.ours.published, ratio.other.published) == (2, 1, 1)
    assert ratio.ours.cpu_ms.keys() == {"storage", "event-grid", "orders", "orders ungrouped", "load"}
    assert ratio.ours.cpu_ms["orders"] > 0


async def test_callers_are_parted_among_the_instances(monkeypatch: pytest.MonkeyPatch) -> None:
    opened, connect = list[int](), Connection.open

    async def noted(port: int) -> Connection:
        opened.append(port)
        return await connect(port)

    monkeypatch.setattr(Connection, "open", noted)
    async with running_bench() as bench:
        first, second = await bench.region.start_instances("orders", 2)
        intake = bench.intake([first, second], bench.properties(1))
        callers = [len(await intake.begin(count)) for count in (1, 3)]
    assert callers == [1, 3]
    assert opened == [first, second, first]


async def test_events_that_are_kept_are_taken_and_not_delivered() -> None:
    async with running_bench() as bench, aiohttp.ClientSession() as session:
        port = await bench.region.start_direct("orders")
        await bench.order(port)
        await bench.keep_events()
        await bench.order(port)
        async with session.get(bench.region.topic) as answer:
            counts = (await answer.json())["subscriptions"]["inventory-inbox"]
    assert (counts["accepted"], counts["delivered"]) == (1, 0)


async def fail(pids: list[int]) -> None:
    """A measurement that ends early; the processes that ran by then."""
    async with running_region() as region:
        await region.start_storage()
        await region.start("event-grid")
        await region.start_direct("orders")
        pids += region.pids().values()
        raise RuntimeError("it failed")


def still_running(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


async def test_nothing_runs_on_when_a_measurement_fails() -> None:
    pids: list[int] = []
    with pytest.raises(RuntimeError, match="it failed") as failure:
        await fail(pids)
    assert len(pids) == 3
    assert still_running(pids) == []
    assert any(note.startswith("orders.log: ") for note in failure.value.__notes__)
