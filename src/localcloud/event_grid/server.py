"""The topics' HTTP interface: publishing, and a status page of ours."""

import hmac
import logging
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path

from aiohttp import web
from pydantic import BaseModel

from localcloud.event_grid import cloud_event
from localcloud.event_grid.broker import Broker, ThrottledError
from localcloud.event_grid.dead_letter import DeadLetters
from localcloud.event_grid.dispatcher import Means
from localcloud.event_grid.journal import Journal
from localcloud.event_grid.storage_queues import StorageQueues
from localcloud.http_server import serve_app
from localcloud.resources import Topic

MAX_REQUEST = 1024 * 1024
"""Bytes of a publish request (Azure: "Event Grid quotas and limits")."""
MAX_EVENTS = 5000
"""Events of a publish request (same source)."""

_KEY_HEADER = "aeg-sas-key"
_ERROR_CODES = {
    HTTPStatus.BAD_REQUEST: "BadRequest",
    HTTPStatus.UNAUTHORIZED: "Unauthorized",
    HTTPStatus.NOT_FOUND: "ResourceNotFound",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "RequestEntityTooLarge",
    HTTPStatus.SERVICE_UNAVAILABLE: "ServiceUnavailable",
}
_log = logging.getLogger(__name__)


class EventGridConfig(BaseModel, frozen=True):
    """A region's Event Grid.

    `connection_string` is the storage account of its queues and dead letters, `journal` the file of
    deliveries that are not settled, `retry_scale` a factor on Event Grid's delays between attempts. At most
    `concurrency` attempts of a subscription run at once (with 0 none does), each at most `delivery_seconds`
    long. While `most_waiting` due deliveries of a subscription wait, nothing is accepted for it: twice what
    Azure takes into a topic in a second ("Event Grid quotas and limits").
    """

    port: int
    key: str
    connection_string: str
    topics: tuple[Topic, ...]
    journal: Path
    retry_scale: float = 1
    concurrency: int = 16
    delivery_seconds: float = 5
    most_waiting: int = 10_000


async def serve(config: EventGridConfig) -> None:
    """Serve until cancelled."""
    account, timeout = config.connection_string, config.delivery_seconds
    journal = Journal(config.journal)
    try:
        async with (
            StorageQueues(account, timeout_seconds=timeout) as queues,
            DeadLetters(account, timeout_seconds=timeout) as dead_letters,
        ):
            means = Means(queues.put, dead_letters.write, config.concurrency, config.retry_scale)
            async with Broker(config.topics, journal, means, most_waiting=config.most_waiting) as broker:
                await serve_app(EventGrid(config, broker).app(), config.port)
    finally:
        journal.close()


class _RefusedError(Exception):
    """A request is refused with a status and a message."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class EventGrid:
    """What the topics answer."""

    def __init__(self, config: EventGridConfig, broker: Broker) -> None:
        self._topics = {topic.name for topic in config.topics}
        self._key = config.key.encode()
        self._broker = broker

    def app(self) -> web.Application:
        """The topics as an application."""
        app = web.Application(client_max_size=MAX_REQUEST)
        app.router.add_post("/topics/{topic}/api/events", self.publish)
        app.router.add_get("/topics/{topic}", self.status)
        return app

    async def publish(self, request: web.Request) -> web.Response:
        """Take events: 200 once each is kept; they are delivered afterwards.

        The refusals are those of Azure's "Post events to custom topics": 400, 401, 404 and 413. While too
        many wait to be delivered, it is 503, which publishers try again.
        """
        try:
            topic = self._topic(request)
            self._authenticate(request)
            self._accept(topic, await _events(request))
        except _RefusedError as refused:
            _log.info("Refused a request to publish: %s %s", refused.status, refused)
            error = {"code": _ERROR_CODES[refused.status], "message": str(refused)}
            return web.json_response({"error": error}, status=refused.status)
        return web.Response()

    async def status(self, request: web.Request) -> web.Response:
        """What became of a topic's events since the start, by subscription."""
        topic = request.match_info["topic"]
        if topic not in self._topics:
            raise web.HTTPNotFound
        counts = self._broker.counts(topic)
        subscriptions = {name: each.model_dump() for name, each in counts.items()}
        return web.json_response({"topic": topic, "subscriptions": subscriptions})

    def _accept(self, topic: str, events: Iterable[cloud_event.CloudEvent]) -> None:
        try:
            self._broker.publish(topic, events)
        except ThrottledError as error:
            busy = "Too many events wait to be delivered: publish again later."
            raise _RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, busy) from error

    def _topic(self, request: web.Request) -> str:
        topic = request.match_info["topic"]
        if topic not in self._topics:
            raise _RefusedError(HTTPStatus.NOT_FOUND, f"There is no topic {topic}: declare it.")
        return topic

    def _authenticate(self, request: web.Request) -> None:
        key = request.headers.get(_KEY_HEADER, "").encode()
        if not hmac.compare_digest(key, self._key):
            raise _RefusedError(HTTPStatus.UNAUTHORIZED, f"Send the topic's key in {_KEY_HEADER}.")


async def _events(request: web.Request) -> tuple[cloud_event.CloudEvent, ...]:
    try:
        events = cloud_event.parse(await request.read(), request.content_type)
    except web.HTTPRequestEntityTooLarge as error:
        too_large = f"Publish at most {MAX_REQUEST} bytes a request."
        raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large) from error
    except ValueError as error:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from error
    if len(events) > MAX_EVENTS:
        too_many = f"Publish at most {MAX_EVENTS} events a request."
        raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_many)
    return events
