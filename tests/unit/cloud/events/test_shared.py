"""What is said while a request is under way shares the next one."""

import asyncio
from collections.abc import Sequence

import pytest
from tests.loop_time import LoopTime
from tests.polling import until

from muneris.cloud.events import Event, EventsUnavailableError
from muneris.cloud.events.event import MAX_DATA, MAX_EVENTS
from muneris.cloud.events.shared import PACE_SECONDS, REQUESTS_AT_ONCE, SharedPublisher
from muneris.cloud.wire.refusal import RequestRefusedError


def event(number: int) -> Event:
    return Event("muneris.orders.submitted", f"NOR-CPH01/{number}", str(number), {})


class HeldPublisher:
    """Keeps each request until it is answered."""

    def __init__(self) -> None:
        self.requests: list[list[str]] = []
        self._answers: list[asyncio.Future[None]] = []

    async def publish(self, events: Sequence[Event]) -> None:
        self.requests.append([event.id for event in events])
        self._answers.append(asyncio.get_running_loop().create_future())
        await self._answers[-1]

    def take(self, number: int) -> None:
        self._answers[number].set_result(None)

    def refuse(self, number: int) -> None:
        self._answers[number].set_exception(EventsUnavailableError("down"))


@pytest.fixture
async def time(monkeypatch: pytest.MonkeyPatch) -> LoopTime:
    return LoopTime(monkeypatch)


@pytest.fixture
async def grid() -> HeldPublisher:
    return HeldPublisher()


async def say(publisher: SharedPublisher, *numbers: int) -> asyncio.Task[None]:
    saying = asyncio.create_task(publisher.publish([event(number) for number in numbers]))
    await asyncio.sleep(0)
    return saying


async def test_what_is_said_meanwhile_shares_the_next_request(time: LoopTime, grid: HeldPublisher) -> None:
    publisher = SharedPublisher(grid, pace_seconds=0)
    said = [await say(publisher, 1), await say(publisher, 2, 3), await say(publisher, 4)]
    await time.skip(0)
    assert grid.requests == [["1"]]
    grid.take(0)
    await said[0]
    assert grid.requests == [["1"], ["2", "3", "4"]]
    assert not said[1].done()
    grid.take(1)
    await asyncio.gather(*said)


async def test_however_fast_they_are_answered_what_comes_within_the_pace_shares_a_request(
    time: LoopTime, grid: HeldPublisher
) -> None:
    publisher = SharedPublisher(grid)
    first = await say(publisher, 1)
    await time.skip(0)
    grid.take(0)
    await first
    said = [await say(publisher, 2), await say(publisher, 3)]
    await time.skip(PACE_SECONDS / 2)
    assert grid.requests == [["1"]]
    await time.skip(PACE_SECONDS)
    assert grid.requests == [["1"], ["2", "3"]]
    grid.take(1)
    await asyncio.gather(*said)


async def test_a_request_holds_so_many_events_and_no_publish_is_torn_apart(
    time: LoopTime, grid: HeldPublisher
) -> None:
    publisher = SharedPublisher(grid, pace_seconds=0)
    sizes = [1, MAX_EVENTS - 2, 2, 1, MAX_EVENTS - 3, MAX_EVENTS + 6, 1]
    said = [await say(publisher, *range(size)) for size in sizes]
    for number in range(5):
        await time.skip(0)
        grid.take(number)
    await asyncio.gather(*said)
    sizes_sent = [len(request) for request in grid.requests]
    assert sizes_sent == [1, MAX_EVENTS, MAX_EVENTS - 2, MAX_EVENTS + 6, 1]


async def test_a_failure_reaches_all_that_shared_it_and_nobody_else(
    time: LoopTime, grid: HeldPublisher
) -> None:
    publisher = SharedPublisher(grid, pace_seconds=0)
    said = [await say(publisher, number) for number in (1, 2, 3)]
    grid.take(0)
    await said[0]
    said.append(await say(publisher, 4))
    grid.refuse(1)
    await time.skip(0)
    grid.take(2)
    assert [
        type(outcome) for outcome in await asyncio.gather(*said, return_exceptions=True)
    ] == [type(None), EventsUnavailableError, EventsUnavailableError, type(None)]  # fmt: skip
    assert grid.requests == [["1"], ["2", "3"], ["4"]]


async def test_a_request_that_hangs_holds_up_the_others_no_longer_than_their_patience(
    time: LoopTime, grid: HeldPublisher
) -> None:
    publisher = SharedPublisher(grid, patience_seconds=2, pace_seconds=0)
    hung = await say(publisher, 1)
    said = await say(publisher, 2)
    await time.skip(1.9)
    assert grid.requests == [["1"]]
    await time.skip(0.1)
    assert grid.requests == [["1"], ["2"]]
    grid.take(1)
    await said
    assert not hung.done()


async def test_an_event_grid_that_hangs_gets_few_requests_and_then_all_that_waited(
    time: LoopTime, grid: HeldPublisher
) -> None:
    publisher = SharedPublisher(grid, patience_seconds=1, pace_seconds=0)
    said = []
    for number in range(10):
        said.append(await say(publisher, number))
        await time.skip(1)
    assert grid.requests == [[str(number)] for number in range(REQUESTS_AT_ONCE)]
    for number in range(REQUESTS_AT_ONCE + 1):
        grid.take(number)
        await time.skip(0)
    assert grid.requests[REQUESTS_AT_ONCE:] == [[str(number) for number in range(REQUESTS_AT_ONCE, 10)]]
    await asyncio.gather(*said)


async def test_an_event_too_large_is_its_publishers_fault_alone(time: LoopTime, grid: HeldPublisher) -> None:
    publisher = SharedPublisher(grid, pace_seconds=0)
    said = [await say(publisher, 1), await say(publisher, 2)]
    large = Event("muneris.orders.submitted", "NOR-CPH01/3", "3", {"a": "x" * MAX_DATA})
    with pytest.raises(ValueError, match=f"over {MAX_DATA} bytes"):
        await publisher.publish([event(4), large])
    for number in range(2):
        await time.skip(0)
        grid.take(number)
    await asyncio.gather(*said)
    assert grid.requests == [["1"], ["2"]]


async def test_a_publisher_that_leaves_spoils_nothing_of_what_is_under_way(
    time: LoopTime, grid: HeldPublisher
) -> None:
    publisher = SharedPublisher(grid, pace_seconds=0)
    said = [await say(publisher, number) for number in (1, 2, 3)]
    grid.take(0)
    await said[0]
    said[1].cancel()
    await time.skip(0)
    grid.take(1)
    await said[2]
    assert grid.requests == [["1"], ["2", "3"]]


class Particular:
    """Refuses a whole request for one event that it holds."""

    def __init__(self, grid: HeldPublisher, refused: str) -> None:
        self._grid = grid
        self._refused = refused

    async def publish(self, events: Sequence[Event]) -> None:
        if self._refused in {event.id for event in events}:
            raise RequestRefusedError("400 BadRequest")
        await self._grid.publish(events)


async def test_an_event_that_is_refused_is_nobody_elses_trouble(time: LoopTime, grid: HeldPublisher) -> None:
    publisher = SharedPublisher(Particular(grid, "3"), pace_seconds=0)
    said = [
        await say(publisher, 1),
        await say(publisher, 2),
        await say(publisher, 3),
        await say(publisher, 4),
    ]
    await time.skip(0)
    grid.take(0)
    await until(lambda: len(grid.requests) == 3)
    assert grid.requests == [["1"], ["2"], ["4"]]
    grid.take(1)
    grid.take(2)
    outcomes = await asyncio.gather(*said, return_exceptions=True)
    assert [type(each) for each in outcomes] == [type(None), type(None), RequestRefusedError, type(None)]
