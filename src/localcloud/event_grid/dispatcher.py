"""Delivers what one subscription receives: at once, again on the schedule, or to the dead letters."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from pydantic import BaseModel

from localcloud.event_grid.delivery import Delivery, Outcome
from localcloud.event_grid.journal import Journal
from localcloud.event_grid.retry_schedule import NOT_RETRIED, delay_seconds
from localcloud.resources import Subscription

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


@dataclass(frozen=True)
class Means:
    """What deliveries are attempted with.

    At most `concurrency` attempts of a subscription run at once. `retry_scale` multiplies the delays between
    the attempts of one delivery.
    """

    put: Put
    write_dead_letter: WriteDeadLetter
    concurrency: int
    retry_scale: float = 1
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Dispatcher:
    """One subscription's deliveries, begun in the order in which they come. Use it as a context manager.

    Each is in the journal already, and leaves it when it is settled.
    """

    def __init__(self, subscription: Subscription, journal: Journal, means: Means) -> None:
        self.subscription = subscription
        self.counts = Counts()
        self._unsettled = 0
        self._journal = journal
        self._means = means
        self._due = asyncio.Queue[Delivery]()
        self._group = asyncio.TaskGroup()
        self._tasks = set[asyncio.Task[None]]()

    @property
    def waiting(self) -> int:
        """How many deliveries are due and not settled; not those that are put off until a retry."""
        return self._unsettled - self.counts.retrying

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        for _ in range(self._means.concurrency):
            self._start(self._work())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(kind, error, trace)

    def accept(self, delivery: Delivery) -> None:
        """Attempt a delivery when its next attempt is due, until it is settled."""
        self._unsettled += 1
        self._dispatch(delivery)

    def _dispatch(self, delivery: Delivery) -> None:
        if delivery.next_attempt_at <= self._means.clock():
            self._due.put_nowait(delivery)
        else:
            self.counts.retrying += 1
            self._start(self._retry(delivery))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        while True:
            delivery = await self._due.get()
            remaining = await self._attempt(delivery)
            if remaining is None:
                self._journal.settle(delivery.id)
                self._unsettled -= 1
            else:
                self._journal.put(remaining)
                self._dispatch(remaining)

    async def _retry(self, delivery: Delivery) -> None:
        await self._means.sleep((delivery.next_attempt_at - self._means.clock()).total_seconds())
        self.counts.retrying -= 1
        self._due.put_nowait(delivery)

    async def _attempt(self, delivery: Delivery) -> Delivery | None:
        """Do what is next; returns what then remains, None when the delivery is settled."""
        if delivery.dead_letter_reason:
            return await self._bury(delivery)
        age = self._means.clock() - delivery.publish_time
        if age >= timedelta(minutes=self.subscription.event_time_to_live_in_minutes):
            return await self._bury(_because(delivery, "TimeToLiveExceeded"))
        return await self._send(delivery)

    async def _send(self, delivery: Delivery) -> Delivery | None:
        content = delivery.event.model_dump_json(exclude_unset=True).encode()
        started = self._means.clock()
        outcome = await self._means.put(self.subscription.queue_name, content)
        if outcome is Outcome.SUCCESS:
            self.counts.delivered += 1
            return None
        attempts = delivery.attempts + 1
        changes = {"attempts": attempts, "last_attempt_at": started, "last_outcome": outcome}
        tried = delivery.model_copy(update=changes)
        _log.info("Event %s to %s, attempt %d: %s", tried.event.id, tried.subscription, attempts, outcome)
        if outcome in NOT_RETRIED:
            return await self._bury(_because(tried, outcome))
        if attempts >= self.subscription.max_delivery_attempts:
            return await self._bury(_because(tried, "MaxDeliveryAttemptsExceeded"))
        return self._postponed(tried)

    async def _bury(self, delivery: Delivery) -> Delivery | None:
        container = self.subscription.dead_letter_container
        now = self._means.clock()
        if await self._means.write_dead_letter(container, delivery, now):
            self.counts.dead_lettered += 1
            return None
        if now - (delivery.last_attempt_at or delivery.publish_time) >= _DEAD_LETTER_PATIENCE:
            self.counts.dropped += 1
            _log.error("Dropped event %s: container %s does not take it", delivery.event.id, container)
            return None
        return self._postponed(delivery)

    def _postponed(self, delivery: Delivery) -> Delivery:
        seconds = delay_seconds(max(1, delivery.attempts), delivery.last_outcome, random.random)
        due = self._means.clock() + timedelta(seconds=seconds * self._means.retry_scale)
        return delivery.model_copy(update={"next_attempt_at": due})


def _because(delivery: Delivery, reason: str) -> Delivery:
    return delivery.model_copy(update={"dead_letter_reason": reason})
