import asyncio

import pytest
from benchmarks.yardstick import Yardstick, full_speed, running_yardstick, slowdown


def test_full_speed_is_what_the_fastest_tenth_does() -> None:
    assert full_speed(range(100, 0, -1)) == 10
    assert full_speed([5.0, 3.0]) == 3.0


def test_slow_is_what_takes_longer_than_at_full_speed() -> None:
    assert slowdown([1.0, 2.0, 3.0], 1.0) == 2.0
    assert slowdown([], 1.0) == 1.0


async def some(yardstick: Yardstick) -> list[float]:
    while not (timed := yardstick.take()):  # noqa: ASYNC110 - another process sets no event of ours
        await asyncio.sleep(0.01)
    return list(timed)


@pytest.mark.usefixtures("socket_enabled")
async def test_a_process_times_the_work_until_it_is_no_longer_asked() -> None:
    async with asyncio.timeout(20), running_yardstick() as yardstick:
        first, second = await some(yardstick), await some(yardstick)
    assert all(0 < each < 1 for each in (*first, *second))
