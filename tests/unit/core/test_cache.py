import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from muneris.core.cache import EARLY, Cache
from muneris.core.operational import OperationalError

FRESH = 20.0
STALE = 200.0


@dataclass
class Source:
    """A value that is read, its readings counted; it can be held up, be down, or have a bug."""

    now: float = 1000.0
    value: str | None = "one"
    readings: list[str | None] = field(default_factory=list)
    error: Exception | None = None

    def __post_init__(self) -> None:
        self.lets_pass = asyncio.Event()
        self.lets_pass.set()
        self.cache = Cache[str, str | None](
            self._read,
            fresh_seconds=lambda value: FRESH if value else FRESH / 10,
            stale_seconds=STALE,
            monotonic=lambda: self.now,
        )

    async def _read(self, _key: str, held: str | None) -> str | None:
        self.readings.append(held)
        value, error = self.value, self.error
        await self.lets_pass.wait()
        if error is not None:
            raise error
        return value

    async def get(self) -> str | None:
        return await self.cache.get("key")

    async def while_held_up(self, readers: int) -> list[asyncio.Task[str | None]]:
        """Readers who all ask while no reading gets through, and have gone as far as they can."""
        self.lets_pass.clear()
        tasks = [asyncio.create_task(self.get()) for _ in range(readers)]
        await settled()
        return tasks


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
async def source() -> Source:
    return Source()


def records(caplog: pytest.LogCaptureFixture) -> Sequence[tuple[int, str]]:
    return [(record.levelno, record.message) for record in caplog.records]


async def test_the_first_use_reads_and_the_others_of_its_time_wait_for_that(source: Source) -> None:
    tasks = await source.while_held_up(50)
    assert not any(task.done() for task in tasks)
    source.lets_pass.set()
    assert await asyncio.gather(*tasks) == ["one"] * 50
    assert source.readings == [None]


async def test_for_most_of_its_freshness_nothing_is_read(source: Source) -> None:
    await source.get()
    source.value, source.now = "two", source.now + EARLY * FRESH - 0.001
    assert await source.get() == "one"
    await settled()
    assert source.readings == [None]


async def test_towards_its_end_nobody_waits_and_one_reading_is_under_way(source: Source) -> None:
    await source.get()
    source.value, source.now = "two", source.now + EARLY * FRESH
    tasks = await source.while_held_up(50)
    assert [task.result() for task in tasks] == ["one"] * 50
    assert source.readings == [None, "one"]
    source.lets_pass.set()
    await settled()
    assert await source.get() == "two"
    assert source.readings == [None, "one"]


async def test_used_all_the_time_it_is_read_before_its_freshness_ends_and_never_too_old(
    source: Source,
) -> None:
    for _ in range(1000):
        source.value = str(source.now)
        age = source.now - float(await source.get() or 0)
        assert age < FRESH
        await settled()
        source.now += 0.1
    assert len(source.readings) == 7


async def test_after_its_freshness_everybody_waits_for_one_reading(source: Source) -> None:
    await source.get()
    source.value, source.now = "two", source.now + FRESH
    tasks = await source.while_held_up(50)
    assert not any(task.done() for task in tasks)
    source.lets_pass.set()
    assert await asyncio.gather(*tasks) == ["two"] * 50
    assert source.readings == [None, "one"]


async def test_who_comes_too_late_waits_for_the_reading_that_is_under_way(source: Source) -> None:
    await source.get()
    source.value, source.now = "two", source.now + EARLY * FRESH
    (early,) = await source.while_held_up(1)
    assert early.result() == "one"
    source.now += FRESH / 2
    (late,) = await source.while_held_up(1)
    assert not late.done()
    source.lets_pass.set()
    assert await late == "two"
    assert source.readings == [None, "one"]


async def test_a_value_is_as_old_as_its_question(source: Source) -> None:
    tasks = await source.while_held_up(1)
    source.now += EARLY * FRESH
    source.lets_pass.set()
    await asyncio.gather(*tasks)
    source.value = "two"
    assert await source.get() == "one"
    await settled()
    assert await source.get() == "two"


async def test_in_an_outage_too_a_value_is_as_old_as_its_question(source: Source) -> None:
    tasks = await source.while_held_up(1)
    source.now += STALE / 2
    source.lets_pass.set()
    await asyncio.gather(*tasks)
    source.error, source.now = OperationalError("down"), source.now + STALE / 2
    with pytest.raises(OperationalError, match="down"):
        await source.get()


async def test_how_long_it_is_fresh_may_depend_on_the_value(source: Source) -> None:
    source.value = None
    assert await source.get() is None
    source.value, source.now = "one", source.now + FRESH / 10
    assert await source.get() == "one"


async def test_who_leaves_leaves_the_reading_to_the_others(source: Source) -> None:
    first, second = await source.while_held_up(2)
    first.cancel()
    source.lets_pass.set()
    assert await second == "one"
    assert first.cancelled()
    assert source.readings == [None]


async def test_a_reading_in_the_background_that_fails_is_tried_again_after_a_pause(
    source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    await source.get()
    source.error, source.now = OperationalError("down"), source.now + EARLY * FRESH
    for seconds in (0, 1, 1.4):
        source.now += seconds
        assert await source.get() == "one"
        await settled()
    assert len(source.readings) == 2
    source.now += 0.1
    assert await source.get() == "one"
    await settled()
    assert len(source.readings) == 3
    assert records(caplog) == [(logging.WARNING, "key: what is held goes on serving: down")] * 2


async def test_in_an_outage_nobody_waits_but_who_comes_after_a_silence(source: Source) -> None:
    await source.get()
    source.error, source.now = OperationalError("down"), source.now + FRESH
    assert await source.get() == "one"
    for _ in range(5):
        source.now += FRESH - 0.001
        (task,) = await source.while_held_up(1)
        assert task.result() == "one"
        source.lets_pass.set()
        await settled()
    source.now += FRESH
    (task,) = await source.while_held_up(1)
    assert not task.done()
    source.lets_pass.set()
    assert await task == "one"


async def test_what_is_too_old_is_not_served_and_the_end_of_the_outage_is_seen_at_once(
    source: Source,
) -> None:
    await source.get()
    source.error, source.now = OperationalError("down"), source.now + STALE - 0.001
    assert await source.get() == "one"
    source.now += 0.001
    with pytest.raises(OperationalError, match="down"):
        await source.get()
    source.error, source.value = None, "two"
    assert await source.get() == "two"


async def test_with_nothing_held_an_outage_is_told_to_all_who_wait_and_not_remembered(
    source: Source,
) -> None:
    source.error = OperationalError("down")
    tasks = await source.while_held_up(50)
    source.lets_pass.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(answer) for answer in answers] == ["down"] * 50
    assert source.readings == [None]
    source.error = None
    assert await source.get() == "one"


async def test_a_bug_in_the_background_is_logged_and_paced(
    source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    await source.get()
    source.error, source.now = KeyError("bug"), source.now + EARLY * FRESH
    for _ in range(3):
        assert await source.get() == "one"
        await settled()
    assert len(source.readings) == 2
    assert records(caplog) == [(logging.ERROR, "a reading failed")]
    assert caplog.records[0].exc_info is not None
    source.now += FRESH / 2
    with pytest.raises(KeyError, match="bug"):
        await source.get()


async def test_a_fresh_value_is_read_whatever_is_held_and_remembered(source: Source) -> None:
    await source.get()
    source.value = "two"
    assert await source.cache.get("key", fresh=True) == "two"
    assert await source.get() == "two"
    assert source.readings == [None, "one"]


async def test_a_fresh_value_is_not_replaced_by_an_older_reading_that_took_longer(source: Source) -> None:
    (slow,) = await source.while_held_up(1)
    slow_passes, source.lets_pass = source.lets_pass, asyncio.Event()
    source.lets_pass.set()
    source.value, source.now = "two", source.now + 1
    assert await source.cache.get("key", fresh=True) == "two"
    slow_passes.set()
    assert await slow == "two"
    assert await source.get() == "two"


async def test_a_fresh_value_that_cannot_be_read_is_an_outage(source: Source) -> None:
    await source.get()
    source.error = OperationalError("down")
    with pytest.raises(OperationalError, match="down"):
        await source.cache.get("key", fresh=True)
    assert await source.get() == "one"


async def test_values_are_kept_apart_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muneris.core.cache._MOST_HELD", 2)
    read: list[str] = []

    async def echo(key: str, _held: str | None) -> str:
        read.append(key)
        return key.upper()

    cache = Cache(echo, fresh_seconds=lambda _: FRESH, stale_seconds=STALE, monotonic=lambda: 0.0)
    assert [await cache.get(key) for key in "abacba"] == list("ABACBA")
    assert read == ["a", "b", "c", "b", "a"]


async def test_what_is_expected_is_read_while_nobody_waits(source: Source) -> None:
    source.lets_pass.clear()
    source.cache.expect("key")
    source.cache.expect("key")
    (task,) = await source.while_held_up(1)
    assert not task.done()
    source.lets_pass.set()
    assert await task == "one"
    assert source.readings == [None]


async def test_what_is_held_is_not_read_because_it_is_expected(source: Source) -> None:
    await source.get()
    source.now += FRESH - 0.001
    source.cache.expect("key")
    await settled()
    assert source.readings == [None]
    source.now += 0.001
    source.cache.expect("key")
    await settled()
    assert source.readings == [None, "one"]


async def test_what_cannot_be_read_ahead_is_told_to_who_needs_it(
    source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    source.error = OperationalError("down")
    source.cache.expect("key")
    await settled()
    assert records(caplog) == []
    with pytest.raises(OperationalError, match="down"):
        await source.get()
