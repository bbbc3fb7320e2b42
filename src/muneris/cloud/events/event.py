"""What is said between concerns, and the port it is said through."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import orjson

from muneris.core.operational import OperationalError
from muneris.core.problems import Json

MAX_DATA = 40 * 1024
"""Bytes of data an event may carry: a queue message is 64 KiB in base64 (Storage Queues, Put Message)."""

MAX_EVENTS = 24
"""Events a request: 24 of the largest stay below the 1 MB a publish request may have (Event Grid quotas)."""


class EventsUnavailableError(OperationalError):
    """Event Grid did not take the events; some may have been taken."""


@dataclass(frozen=True)
class Event:
    """One CloudEvent.

    `type` is `muneris.<concern>.<what>`; `subject` starts with the property code; `id` is the same however
    often the same thing is said. `data` carries ids and quantities, never a person's data. `time` is when
    it was published, known of one that was received (RFC 3339).
    """

    type: str
    subject: str
    id: str
    data: Mapping[str, Json]
    time: str | None = field(default=None, compare=False)

    @cached_property
    def written(self) -> bytes:
        """`data` in JSON, as it is sent.

        Raises:
            ValueError: it is over `MAX_DATA`: the event would not reach its consumers.
        """
        written = orjson.dumps(self.data)
        if len(written) > MAX_DATA:
            raise ValueError(
                f"{self.type} {self.id} is over {MAX_DATA} bytes: say less, let the consumer ask"
            )
        return written


class Publisher(Protocol):
    """Takes events for delivery, at least once, in no order."""

    async def publish(self, events: Sequence[Event]) -> None:
        """Hand over events.

        Raises:
            EventsUnavailableError: they were not all taken; saying them again is safe.
        """
        ...


def check_size(event: Event) -> None:
    """Refuse an event that would not reach its consumers.

    Raises:
        ValueError: its data is over `MAX_DATA`.
    """
    _ = event.written


def read_event(message: bytes) -> Event:
    """The event a queue message holds.

    Raises:
        ValueError: it holds none.
    """
    try:
        envelope = json.loads(message)
        return Event(
            envelope["type"], envelope["subject"], envelope["id"], envelope["data"], envelope.get("time")
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"no CloudEvent: {error}") from error
