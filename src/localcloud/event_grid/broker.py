"""Accepts events for who subscribes to them."""

import logging
import uuid
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Self

from localcloud.event_grid.cloud_event import CloudEvent
from localcloud.event_grid.delivery import Delivery
from localcloud.event_grid.dispatcher import Counts, Dispatcher, Means
from localcloud.event_grid.filters import matches
from localcloud.event_grid.journal import Journal
from localcloud.resources import Topic

_log = logging.getLogger(__name__)


class ThrottledError(Exception):
    """So much waits for a subscription that nothing more is accepted for it."""


class Broker:
    """The topics. Use it as a context manager: it takes up what waited when the process ended.

    While `most_waiting` due deliveries of a subscription wait, no event is accepted for it.
    """

    def __init__(self, topics: Iterable[Topic], journal: Journal, means: Means, *, most_waiting: int) -> None:
        self._topics = {
            topic.name: {each.name: Dispatcher(each, journal, means) for each in topic.subscriptions}
            for topic in topics
        }
        self._journal = journal
        self._clock = means.clock
        self._most_waiting = most_waiting
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for dispatchers in self._topics.values():
            for each in dispatchers.values():
                await self._running.enter_async_context(each)
        for delivery in self._journal.waiting:
            self._resume(delivery)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()

    def publish(self, topic: str, events: Iterable[CloudEvent]) -> None:
        """Accept events: they are kept, and delivered from now on.

        Raises:
            ThrottledError: too much waits already for who subscribes to one of them; none is accepted.
        """
        now = self._clock()
        accepted = [
            (dispatcher, _delivery(topic, dispatcher.subscription.name, event, now))
            for event in events
            for dispatcher in self._topics[topic].values()
            if matches(dispatcher.subscription, event)
        ]
        if any(dispatcher.waiting >= self._most_waiting for dispatcher, _ in accepted):
            raise ThrottledError
        self._journal.put(*(delivery for _, delivery in accepted))
        for dispatcher, delivery in accepted:
            dispatcher.counts.accepted += 1
            dispatcher.accept(delivery)

    def counts(self, topic: str) -> Mapping[str, Counts]:
        """A topic's counts by subscription."""
        return {name: dispatcher.counts for name, dispatcher in self._topics[topic].items()}

    def _resume(self, delivery: Delivery) -> None:
        dispatcher = self._topics.get(delivery.topic, {}).get(delivery.subscription)
        if dispatcher:
            dispatcher.accept(delivery)
        else:
            _log.warning("Dropped event %s: no subscription %s", delivery.event.id, delivery.subscription)
            self._journal.settle(delivery.id)


def _delivery(topic: str, subscription: str, event: CloudEvent, now: datetime) -> Delivery:
    return Delivery(
        id=uuid.uuid4().hex,
        topic=topic,
        subscription=subscription,
        event=event,
        publish_time=now,
        next_attempt_at=now,
    )
