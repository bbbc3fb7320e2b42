"""Events between concerns: CloudEvents 1.0 over Event Grid."""

from muneris.cloud.events.event import Event, EventsUnavailableError, Publisher, read_event

__all__ = ["Event", "EventsUnavailableError", "Publisher", "read_event"]
