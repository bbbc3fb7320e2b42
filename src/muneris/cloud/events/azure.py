"""Events over an Event Grid custom topic, by its REST API."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from muneris.cloud.events.event import MAX_EVENTS, Event, EventsUnavailableError, check_size
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.wire.authorization import Authorization
from muneris.cloud.wire.refusal import RequestRefusedError, read_refusal
from muneris.cloud.wire.requests import AnswerLostError, NotSentError, Requests
from muneris.core.clock import Clock, to_rfc3339

_API_VERSION = "2018-01-01"
_HEADERS = {"Content-Type": "application/cloudevents-batch+json; charset=utf-8"}
_OK = 200
_REFUSED_FOR_CONTENT = frozenset({400, 413})
"""What one event can bring upon all that are published with it ("Post to custom topic for Event Grid").

Other refusals are of our key or the topic, and may pass: no event is to blame.
"""


class Topic(NamedTuple):
    """Where events are published, `…/api/events`, and what proves that we may."""

    endpoint: str
    authorization: Authorization


class AzurePublisher:
    """Publishes to one topic. `source` names the publisher: the region and its app."""

    def __init__(
        self, topic: Topic, source: str, requests: Requests, policy: RetryPolicy, clock: Clock
    ) -> None:
        self._url = f"{topic.endpoint}?api-version={_API_VERSION}"
        self._authorization = topic.authorization
        self._source = source
        self._requests = requests
        self._policy = policy
        self._clock = clock

    async def publish(self, events: Sequence[Event]) -> None:
        """Hand over events, a few requests at most; nothing is sent if one is over-size.

        Raises:
            EventsUnavailableError: Event Grid may not have them; trying again will do.
            RequestRefusedError: it will not have one of them.
        """
        for event in events:
            check_size(event)
        for first in range(0, len(events), MAX_EVENTS):
            body = self._body(events[first : first + MAX_EVENTS])
            await self._policy.run(lambda body=body: self._send(body))  # type: ignore[misc] # a default binds it

    def _body(self, events: Sequence[Event]) -> bytes:
        """A CloudEvents 1.0 batch."""
        time = to_rfc3339(self._clock.now())
        batch = [
            {
                "specversion": "1.0",
                "id": event.id,
                "source": self._source,
                "type": event.type,
                "subject": event.subject,
                "time": time,
                "data": orjson.Fragment(event.written),
            }
            for event in events
        ]
        return orjson.dumps(batch)

    async def _send(self, body: bytes) -> None:
        try:
            authorized = await self._authorization.headers("POST", self._url, _HEADERS)
            answer = await self._requests.send("POST", self._url, {**_HEADERS, **authorized}, body)
        except (NotSentError, AnswerLostError) as error:
            raise EventsUnavailableError(str(error)) from error
        if answer.status == _OK:
            return
        refusal = read_refusal(answer.status, answer.body)
        if answer.status in _REFUSED_FOR_CONTENT:
            raise RequestRefusedError(str(refusal))
        raise EventsUnavailableError(str(refusal))
