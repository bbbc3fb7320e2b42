"""Events in memory, for tests."""

from collections.abc import Sequence

from muneris.cloud.events.event import Event, check_size


class MemoryPublisher:
    """Keeps what was published, in order."""

    def __init__(self) -> None:
        self.published: list[Event] = []

    async def publish(self, events: Sequence[Event]) -> None:
        """Keep the events."""
        for event in events:
            check_size(event)
        self.published += events
