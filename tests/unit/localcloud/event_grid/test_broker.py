import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.polling import until

from localcloud.event_grid.broker import Broker, ThrottledError
from localcloud.event_grid.cloud_event import CloudEvent
from localcloud.event_grid.delivery import Delivery, Outcome
from localcloud.event_grid.dispatcher import Counts, Means
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
        Subscription(
            name="other",
            queue_name="other",
            included_event_types=("a.c",),
            dead_letter_container="dead-letter",
        ),
    ),
)
CONCURRENCY, MOST_WAITING = 3, 5


def event(number: int = 1, event_type: str = "a.b") -> CloudEvent:
    return CloudEvent(specversion="1.0", id=str(number), source="/orders", type=event_type)


class World:
    """Queue, container and time, all in memory; sleeping moves the clock on."""

    def __init__(self, journal: Path) -> None:
        self.now = datetime(2030, 5, 4, 10, 30, tzinfo=UTC)
        self.time_passes = asyncio.Event()
        self.time_passes.set()
        self.outcomes: Iterable[Outcome] = iter(())
        self.queue_answers = asyncio.Event()
        self.queue_answers.set()
        self.container_up = True
        self.messages: list[str] = []
        self.dead: list[Delivery] = []
        self.running = 0
        self.most_running = 0
        self.path = journal
        self.journal = Journal(journal)

    def broker(self) -> Broker:
        means = Means(
            self.put,
            self.write_dead_letter,
            concurrency=CONCURRENCY,
            clock=lambda: self.now,
            sleep=self.sleep,
        )
        return Broker([TOPIC], self.journal, means, most_waiting=MOST_WAITING)

    def reopen_journal(self) -> None:
        self.journal.close()
        self.journal = Journal(self.path)

    async def sleep(self, seconds: float) -> None:
        await self.time_passes.wait()
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    async def put(self, queue: str, content: bytes) -> Outcome:
        if queue == "other":
            return Outcome.SUCCESS
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        await asyncio.sleep(0)
        await self.queue_answers.wait()
        self.running -= 1
        outcome = next(iter(self.outcomes), Outcome.SUCCESS)
        if outcome is Outcome.SUCCESS:
            self.messages.append(json.loads(content)["id"])
        return outcome

    async def write_dead_letter(self, container: str, delivery: Delivery, now: datetime) -> bool:
        assert (container, now) == ("dead-letter", self.now)
        if self.container_up:
            self.dead.append(delivery)
        return self.container_up

    async def settled(self, broker: Broker) -> Counts:
        """The counts once nothing waits any more."""
        await until(lambda: not self.journal.waiting)
        return broker.counts("topic")["inbox"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "journal")
    yield world
    world.journal.close()


@pytest.fixture
async def broker(world: World) -> AsyncIterator[Broker]:
    async with world.broker() as broker:
        yield broker


async def test_delivers_what_it_has_accepted(world: World, broker: Broker) -> None:
    broker.publish("topic", [event()])
    assert await world.settled(broker) == Counts(accepted=1, delivered=1)
    assert world.messages == ["1"]


async def test_what_is_accepted_is_delivered_by_the_next_process_if_this_one_dies(world: World) -> None:
    world.queue_answers.clear()
    async with world.broker() as broker:
        broker.publish("topic", [event(1), event(2)])
    assert world.messages == []
    world.reopen_journal()
    world.queue_answers.set()
    async with world.broker() as broker:
        assert await world.settled(broker) == Counts(delivered=2)
    assert world.messages == ["1", "2"]


async def test_what_fails_is_in_the_journal_as_it_waits(world: World, broker: Broker) -> None:
    world.time_passes.clear()
    world.outcomes = iter([Outcome.SOCKET_ERROR])
    broker.publish("topic", [event()])
    await until(lambda: broker.counts("topic")["inbox"].retrying == 1)
    world.reopen_journal()
    (waiting,) = world.journal.waiting
    assert (waiting.attempts, waiting.last_outcome) == (1, Outcome.SOCKET_ERROR)
    assert broker.counts("topic")["inbox"] == Counts(accepted=1, retrying=1)


async def test_tries_again_what_failed(world: World, broker: Broker) -> None:
    world.outcomes = iter([Outcome.SOCKET_ERROR])
    started = world.now
    broker.publish("topic", [event()])
    assert await world.settled(broker) == Counts(accepted=1, delivered=1)
    assert timedelta(seconds=9) <= world.now - started <= timedelta(seconds=11)


async def test_dead_letters_after_the_last_attempt(world: World, broker: Broker) -> None:
    world.outcomes = iter([Outcome.TIMED_OUT] * 4)
    broker.publish("topic", [event()])
    assert await world.settled(broker) == Counts(accepted=1, dead_lettered=1)
    assert (world.dead[0].attempts, world.dead[0].dead_letter_reason) == (4, "MaxDeliveryAttemptsExceeded")


async def test_dead_letters_when_the_time_to_live_has_passed(world: World, broker: Broker) -> None:
    world.outcomes = iter([Outcome.NOT_FOUND, Outcome.NOT_FOUND])  # each waits about five minutes
    broker.publish("topic", [event()])
    assert await world.settled(broker) == Counts(accepted=1, dead_lettered=1)
    assert world.dead[0].dead_letter_reason == "TimeToLiveExceeded"


@pytest.mark.parametrize("outcome", [Outcome.FORBIDDEN, Outcome.BAD_REQUEST, Outcome.PAYLOAD_TOO_LARGE])
async def test_does_not_retry_what_would_fail_again(world: World, broker: Broker, outcome: Outcome) -> None:
    world.outcomes = iter([outcome])
    broker.publish("topic", [event()])
    await world.settled(broker)
    assert [(each.attempts, each.dead_letter_reason) for each in world.dead] == [(1, outcome)]


async def test_drops_what_no_container_takes_for_four_hours(world: World, broker: Broker) -> None:
    world.container_up = False
    world.outcomes = iter([Outcome.FORBIDDEN])
    started = world.now
    broker.publish("topic", [event()])
    assert await world.settled(broker) == Counts(accepted=1, dropped=1)
    assert world.now - started >= timedelta(hours=4)


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
    async with world.broker():
        assert world.journal.waiting == ()
    assert world.messages == []


async def test_delivers_in_the_order_accepted_and_few_at_once(world: World, broker: Broker) -> None:
    broker.publish("topic", [event(number) for number in range(20)])
    await world.settled(broker)
    assert world.messages == [str(number) for number in range(20)]
    assert world.most_running == CONCURRENCY


async def test_accepts_nothing_for_whom_too_much_waits(world: World, broker: Broker) -> None:
    world.queue_answers.clear()
    broker.publish("topic", [event(number) for number in range(MOST_WAITING)])
    with pytest.raises(ThrottledError):
        broker.publish("topic", [event(98, "a.c"), event(99)])
    assert broker.counts("topic")["other"] == Counts()
    broker.publish("topic", [event(98, "a.c")])
    await until(lambda: broker.counts("topic")["other"] == Counts(accepted=1, delivered=1))
    world.queue_answers.set()
    assert await world.settled(broker) == Counts(accepted=MOST_WAITING, delivered=MOST_WAITING)
    broker.publish("topic", [event(99)])
    assert (await world.settled(broker)).delivered == MOST_WAITING + 1
    assert world.messages == [*map(str, range(MOST_WAITING)), "99"]
