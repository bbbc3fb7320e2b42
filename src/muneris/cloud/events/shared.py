"""Publishes that wait for each other go together."""

import asyncio
from collections.abc import Sequence
from itertools import chain

from muneris.cloud.events.event import MAX_EVENTS, Event, Publisher, check_size
from muneris.cloud.wire.refusal import RequestRefusedError
from muneris.core.groups import Groups

REQUESTS_AT_ONCE = 4
"""An Event Grid that hangs is not asked more often at once; who comes later waits."""
PACE_SECONDS = 0.01
"""From one request to the next: what comes meanwhile shares it, and a lone event is sent at once.

So a process publishes at most 2,400 events a second, more than it can accept orders.
"""


class SharedPublisher:
    """A publisher whose publishes share requests of at most `MAX_EVENTS` events.

    What is said while a request is under way shares the next one, and its failure: saying it again is safe.
    Only a request refused for what it holds is sent again for each by itself, so that nobody else's event is
    to blame.
    A request under way for longer than `patience_seconds` holds up the next one only when there are
    `REQUESTS_AT_ONCE`.
    """

    def __init__(
        self, publisher: Publisher, *, patience_seconds: float = 0.02, pace_seconds: float = PACE_SECONDS
    ) -> None:
        self._publisher = publisher
        self._groups = Groups[None, Sequence[Event], None](
            self._publish,
            _fits,
            patience_seconds=patience_seconds,
            pace_seconds=pace_seconds,
            at_once=REQUESTS_AT_ONCE,
        )

    async def publish(self, events: Sequence[Event]) -> None:
        """Hand over events, perhaps together with others; nothing is sent if one is over-size."""
        for event in events:
            check_size(event)
        await self._groups.join(None, events)

    async def _publish(self, _: None, members: Sequence[Sequence[Event]]) -> Sequence[BaseException | None]:
        try:
            await self._publisher.publish(list(chain.from_iterable(members)))
        except RequestRefusedError:
            if len(members) == 1:
                raise
            alone = map(self._publisher.publish, members)
            return await asyncio.gather(*alone, return_exceptions=True)
        return [None] * len(members)


def _fits(taken: Sequence[Sequence[Event]], member: Sequence[Event]) -> bool:
    return sum(map(len, taken)) + len(member) <= MAX_EVENTS
