"""Events over an Event Grid custom topic, by the Azure SDK."""

from collections.abc import Sequence

from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.messaging import CloudEvent
from azure.eventgrid.aio import EventGridPublisherClient

from muneris.cloud.events.event import Event, EventsUnavailableError, check_size
from muneris.cloud.retry import RetryPolicy
from muneris.core.problems import Json

_BATCH = 24
"""Events a request: 24 of the largest stay below the 1 MB a publish request may have (Event Grid quotas)."""


class AzurePublisher:
    """Publishes to one topic. `source` names the publisher: the region and its app."""

    def __init__(self, client: EventGridPublisherClient, source: str, policy: RetryPolicy) -> None:
        self._client = client
        self._source = source
        self._policy = policy

    async def publish(self, events: Sequence[Event]) -> None:
        """Hand over events, a few requests at most; nothing is sent if one is over-size."""
        for event in events:
            check_size(event)
        for first in range(0, len(events), _BATCH):
            batch = [self._cloud_event(event) for event in events[first : first + _BATCH]]
            await self._policy.run(lambda batch=batch: self._send(batch))  # type: ignore[misc] # a default binds it

    async def _send(self, batch: list[CloudEvent[dict[str, Json]]]) -> None:
        try:
            await self._client.send(batch)
        except (HttpResponseError, ServiceRequestError, ServiceResponseError) as error:
            raise EventsUnavailableError(str(error)) from error

    def _cloud_event(self, event: Event) -> CloudEvent[dict[str, Json]]:
        return CloudEvent(
            source=self._source, type=event.type, subject=event.subject, id=event.id, data=dict(event.data)
        )
