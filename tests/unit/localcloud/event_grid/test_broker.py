import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from localcloud.event_grid.broker import Broker, Counts
from localcloud.event_grid.cloud_event import CloudEvent
from localcloud.event_grid.delivery import Delivery, Outcome
from localcloud.event_grid.journal import Journal
from localcloud.resources import Subscription, Topic

TOPIC = Topic(
    name="topic",
    subscriptions=(
        Subscription(
            name="inbox",
            queue_name="inbox",
            included_event_types=("a.b",),
            dead_letter_container="dead-letter",
            max_delivery_attempts=4,
            event_time_to_live_in_minutes=5,
        ),
    ),
)


def event(number: int = 1) -> CloudEvent:
    return CloudEvent(specversion="1.0", id=str(number), source="/orders", type="a.b")


class World:
    """Queue, container and time, all in memory; sleeping moves the clock on."""

    def __init__(self, journal: Path) -> None:
        self.now = datetime(2030, 5, 4, 10, 30, tzinfo=UTC)
        self.outcomes: Iterable[Outcome] = iter(())
        self.container_up = True
        self.messages: list[bytes] = []
        self.dead: list[Delivery] = []
        self.running = 0
        self.most_running = 0
        self.journal = Journal(journal)
        self.broker = self.new_broker()

    def new_broker(self) -> Broker:
        return Broker(
            [TOPIC],
            self.journal,
            put=self.put,
            write_dead_letter=self.write_dead_letter,
            concurrency=3,
            clock=lambda: self.now,
            sleep=self.sleep,
        )

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    async def put(self, queue: str, content: bytes) -> Outcome:
        assert queue == "inbox"
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        await asyncio.sleep(0)
        self.running -= 1
        outcome = next(iter(self.outcomes), Outcome.SUCCESS)
        if outcome is Outcome.SUCCESS:
            self.messages.append(content)
        return outcome

    async def write_dead_letter(self, container: str, delivery: Delivery, now: datetime) -> bool:
        assert (container, now) == ("dead-letter", self.now)
        if self.container_up:
            self.dead.append(delivery)
        return self.container_up

    async def settled(self) -> Counts:
        """The counts once nothing waits any more."""
        async with asyncio.timeout(10):
            while self.journal.waiting:  # noqa: ASYNC110 - the journal sets no event
                await asyncio.sleep(0)
        return self.broker.counts("topic")["inbox"]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path / "journal")
    yield world
    await world.broker.close()
    world.journal.close()


async def test_delivers_at_once(world: World) -> None:
    await world.broker.publish("topic", [event()])
    assert world.messages == [b'{"specversion":"1.0","id":"1","source":"/orders","type":"a.b"}']
    assert world.broker.counts("topic")["inbox"] == Counts(accepted=1, delivered=1)


async def test_what_fails_is_in_the_journal_before_the_publisher_is_answered(world: World) -> None:
    world.outcomes = iter([Outcome.SOCKET_ERROR])
    await world.broker.publish("topic", [event()])
    (waiting,) = world.journal.waiting
    assert (waiting.attempts, waiting.last_outcome) == (1, Outcome.SOCKET_ERROR)
    assert await world.settled() == Counts(accepted=1, delivered=1)


async def test_dead_letters_after_the_last_attempt(world: World) -> None:
    world.outcomes = iter([Outcome.TIMED_OUT] * 4)
    await world.broker.publish("topic", [event()])
    assert await world.settled() == Counts(accepted=1, dead_lettered=1)
    assert (world.dead[0].attempts, world.dead[0].dead_letter_reason) == (4, "MaxDeliveryAttemptsExceeded")


async def test_dead_letters_when_the_time_to_live_has_passed(world: World) -> None:
    world.outcomes = iter([Outcome.NOT_FOUND, Outcome.NOT_FOUND])  # each waits about five minutes
    await world.broker.publish("topic", [event()])
    assert await world.settled() == Counts(accepted=1, dead_lettered=1)
    assert world.dead[0].dead_letter_reason == "TimeToLiveExceeded"


@pytest.mark.parametrize("outcome", [Outcome.FORBIDDEN, Outcome.BAD_REQUEST, Outcome.PAYLOAD_TOO_LARGE])
async def test_does_not_retry_what_would_fail_again(world: World, outcome: Outcome) -> None:
    world.outcomes = iter([outcome])
    await world.broker.publish("topic", [event()])
    assert [(each.attempts, each.dead_letter_reason) for each in world.dead] == [(1, outcome)]


async def test_drops_what_no_container_takes_for_four_hours(world: World) -> None:
    world.container_up = False
    world.outcomes = iter([Outcome.FORBIDDEN])
    started = world.now
    await world.broker.publish("topic", [event()])
    assert await world.settled() == Counts(accepted=1, dropped=1)
    assert world.now - started >= timedelta(hours=4)


async def test_resumes_what_waited(world: World) -> None:
    world.outcomes = iter([Outcome.SOCKET_ERROR])
    await world.broker.publish("topic", [event()])
    await world.broker.close()
    assert len(world.journal.waiting) == 1
    world.broker = world.new_broker()
    world.broker.resume()
    assert await world.settled() == Counts(delivered=1)


async def test_drops_what_waited_for_a_subscription_that_is_gone(world: World) -> None:
    gone = Delivery(
        id="1",
        topic="topic",
        subscription="gone",
        event=event(),
        publish_time=world.now,
        next_attempt_at=world.now,
    )
    world.journal.put(gone)
    world.broker.resume()
    assert world.journal.waiting == ()


async def test_bounds_how_many_attempts_run_at_once(world: World) -> None:
    await world.broker.publish("topic", [event(number) for number in range(20)])
    assert (len(world.messages), world.most_running) == (20, 3)
