"""Delivers accepted events: at once, again on the schedule, or to the dead letters."""

import asyncio
import logging
import random
import uuid
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel

from localcloud.event_grid.cloud_event import CloudEvent
from localcloud.event_grid.delivery import Delivery, Outcome
from localcloud.event_grid.filters import matches
from localcloud.event_grid.journal import Journal
from localcloud.event_grid.retry_schedule import NOT_RETRIED, delay_seconds
from localcloud.resources import Subscription, Topic

_DEAD_LETTER_PATIENCE = timedelta(hours=4)
"""How long an unavailable container is tried (Azure: "Set dead-letter location")."""

Put = Callable[[str, bytes], Awaitable[Outcome]]
"""Adds a message to a queue: see `StorageQueues.put`."""
WriteDeadLetter = Callable[[str, Delivery, datetime], Awaitable[bool]]
"""Writes a dead-letter blob into a container: see `DeadLetters.write`."""

_log = logging.getLogger(__name__)


class Counts(BaseModel):
    """What became of a subscription's deliveries since the start; `retrying` is how many wait now."""

    accepted: int = 0
    delivered: int = 0
    retrying: int = 0
    dead_lettered: int = 0
    dropped: int = 0


class Broker:
    """The topics' deliveries.

    `retry_scale` multiplies the delays between attempts. At most `concurrency` attempts run at once.
    """

    def __init__(  # noqa: PLR0913 - collaborators, and what tests replace
        self,
        topics: Iterable[Topic],
        journal: Journal,
        *,
        put: Put,
        write_dead_letter: WriteDeadLetter,
        concurrency: int,
        retry_scale: float = 1,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._subscriptions = {
            (topic.name, each.name): each for topic in topics for each in topic.subscriptions
        }
        self._counts = {key: Counts() for key in self._subscriptions}
        self._put = put
        self._write_dead_letter = write_dead_letter
        self._journal = journal
        self._slots = asyncio.Semaphore(concurrency)
        self._retry_scale = retry_scale
        self._clock = clock
        self._sleep = sleep
        self._retries: set[asyncio.Task[None]] = set()

    def resume(self) -> None:
        """Take up the deliveries that waited when the process ended."""
        for delivery in self._journal.waiting:
            if (delivery.topic, delivery.subscription) in self._subscriptions:
                self._retry_later(delivery)
            else:
                _log.warning("Dropped event %s: no subscription %s", delivery.event.id, delivery.subscription)
                self._journal.settle(delivery.id)

    async def publish(self, topic: str, events: Iterable[CloudEvent]) -> None:
        """Deliver events to who subscribes; returns when each is delivered or safely waits for a retry."""
        now = self._clock()
        deliveries = [
            Delivery(
                id=uuid.uuid4().hex,
                topic=topic,
                subscription=name,
                event=event,
                publish_time=now,
                next_attempt_at=now,
            )
            for event in events
            for (of_topic, name), subscription in self._subscriptions.items()
            if of_topic == topic and matches(subscription, event)
        ]
        async with asyncio.TaskGroup() as attempts:
            for delivery in deliveries:
                attempts.create_task(self._deliver_first(delivery))

    def counts(self, topic: str) -> dict[str, Counts]:
        """A topic's counts by subscription."""
        return {name: counts for (of_topic, name), counts in self._counts.items() if of_topic == topic}

    async def close(self) -> None:
        """Stop retrying; what waits stays in the journal."""
        for task in self._retries:
            task.cancel()
        await asyncio.gather(*self._retries, return_exceptions=True)

    async def _deliver_first(self, delivery: Delivery) -> None:
        self._counts_of(delivery).accepted += 1
        remaining = await self._attempt(delivery)
        if remaining:
            self._journal.put(remaining)
            self._retry_later(remaining)

    def _retry_later(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._retry(delivery))
        self._retries.add(task)
        task.add_done_callback(self._retries.discard)

    async def _retry(self, delivery: Delivery) -> None:
        counts = self._counts_of(delivery)
        counts.retrying += 1
        remaining: Delivery | None = delivery
        while remaining:
            await self._sleep(max(0.0, (remaining.next_attempt_at - self._clock()).total_seconds()))
            remaining = await self._attempt(remaining)
            if remaining:
                self._journal.put(remaining)
        counts.retrying -= 1
        self._journal.settle(delivery.id)

    async def _attempt(self, delivery: Delivery) -> Delivery | None:
        """Do what is next; returns what then remains, None when the delivery is settled."""
        async with self._slots:
            if delivery.dead_letter_reason:
                return await self._bury(delivery)
            if self._clock() - delivery.publish_time >= self._time_to_live(delivery):
                return await self._bury(_because(delivery, "TimeToLiveExceeded"))
            return await self._send(delivery)

    async def _send(self, delivery: Delivery) -> Delivery | None:
        subscription = self._subscription(delivery)
        content = delivery.event.model_dump_json(exclude_unset=True).encode()
        started = self._clock()
        outcome = await self._put(subscription.queue_name, content)
        if outcome is Outcome.SUCCESS:
            self._counts_of(delivery).delivered += 1
            return None
        attempts = delivery.attempts + 1
        changes = {"attempts": attempts, "last_attempt_at": started, "last_outcome": outcome}
        tried = delivery.model_copy(update=changes)
        _log.info("Event %s to %s, attempt %d: %s", tried.event.id, tried.subscription, attempts, outcome)
        if outcome in NOT_RETRIED:
            return await self._bury(_because(tried, outcome))
        if attempts >= subscription.max_delivery_attempts:
            return await self._bury(_because(tried, "MaxDeliveryAttemptsExceeded"))
        return self._postponed(tried)

    async def _bury(self, delivery: Delivery) -> Delivery | None:
        container = self._subscription(delivery).dead_letter_container
        now = self._clock()
        if await self._write_dead_letter(container, delivery, now):
            self._counts_of(delivery).dead_lettered += 1
            return None
        if now - (delivery.last_attempt_at or delivery.publish_time) >= _DEAD_LETTER_PATIENCE:
            self._counts_of(delivery).dropped += 1
            _log.error("Dropped event %s: container %s does not take it", delivery.event.id, container)
            return None
        return self._postponed(delivery)

    def _postponed(self, delivery: Delivery) -> Delivery:
        seconds = delay_seconds(max(1, delivery.attempts), delivery.last_outcome, random.random)
        due = self._clock() + timedelta(seconds=seconds * self._retry_scale)
        return delivery.model_copy(update={"next_attempt_at": due})

    def _subscription(self, delivery: Delivery) -> Subscription:
        return self._subscriptions[delivery.topic, delivery.subscription]

    def _counts_of(self, delivery: Delivery) -> Counts:
        return self._counts[delivery.topic, delivery.subscription]

    def _time_to_live(self, delivery: Delivery) -> timedelta:
        return timedelta(minutes=self._subscription(delivery).event_time_to_live_in_minutes)


def _because(delivery: Delivery, reason: str) -> Delivery:
    return delivery.model_copy(update={"dead_letter_reason": reason})
