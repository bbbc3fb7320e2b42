"""Storage queues as operators look at them; apps read theirs by the host's triggers."""

from muneris.cloud.queues.poison import MESSAGE_NOT_FOUND, QUEUE_NOT_FOUND, PoisonQueues
from muneris.cloud.queues.queue import Message, Queues, QueuesUnavailableError

__all__ = [
    "MESSAGE_NOT_FOUND",
    "QUEUE_NOT_FOUND",
    "Message",
    "PoisonQueues",
    "Queues",
    "QueuesUnavailableError",
]
