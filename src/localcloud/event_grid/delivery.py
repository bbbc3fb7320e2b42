"""One event on its way to one subscription."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel

from localcloud.event_grid.cloud_event import CloudEvent


class Outcome(StrEnum):
    """How an attempt ended, in Event Grid's own words where it has one."""

    SUCCESS = "Success"
    BUSY = "Busy"
    TIMED_OUT = "TimedOut"
    SOCKET_ERROR = "SocketError"
    NOT_FOUND = "NotFound"
    UNAUTHORIZED = "Unauthorized"
    FORBIDDEN = "Forbidden"
    BAD_REQUEST = "BadRequest"
    PAYLOAD_TOO_LARGE = "PayloadTooLarge"


class Delivery(BaseModel, frozen=True):
    """An event, its subscription, and how far its delivery has come.

    With a `dead_letter_reason` what remains to be done is writing its dead-letter blob.
    """

    id: str
    topic: str
    subscription: str
    event: CloudEvent
    publish_time: datetime
    next_attempt_at: datetime
    attempts: int = 0
    last_attempt_at: datetime | None = None
    last_outcome: Outcome | None = None
    dead_letter_reason: str | None = None
