"""Puts events into storage queues."""

import base64
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Self

import aiohttp
from azure.core.utils import parse_connection_string
from azure.storage.queue import QueueSasPermissions, generate_queue_sas
from yarl import URL

from localcloud.event_grid.delivery import Outcome

MAX_MESSAGE = 64 * 1024
"""Bytes of a message as sent (Azure: "Put Message")."""

_SIGNATURE_LIFETIME = timedelta(days=3650)  # the emulator's key is public: nothing to protect
_HEADERS = {"Content-Type": "application/xml"}
_OUTCOMES: dict[int, Outcome] = {
    HTTPStatus.CREATED: Outcome.SUCCESS,
    HTTPStatus.BAD_REQUEST: Outcome.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED: Outcome.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN: Outcome.FORBIDDEN,
    HTTPStatus.NOT_FOUND: Outcome.NOT_FOUND,
    HTTPStatus.REQUEST_TIMEOUT: Outcome.TIMED_OUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Outcome.PAYLOAD_TOO_LARGE,
}


class StorageQueues:
    """The queues of one storage account; use it as an asynchronous context manager.

    Calls the service's REST interface with a shared access signature made once a queue: signing each
    message, as the SDK does, costs several times as much as sending it.
    """

    def __init__(self, connection_string: str, *, timeout_seconds: float) -> None:
        self._account = parse_connection_string(connection_string)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=timeout_seconds),
        )
        self._addresses: dict[str, URL] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def put(self, queue: str, content: bytes) -> Outcome:
        """Add one message, base64-encoded; the outcome says whether the queue has it."""
        text = base64.b64encode(content).decode()
        if len(text) > MAX_MESSAGE:
            return Outcome.PAYLOAD_TOO_LARGE
        body = f"<QueueMessage><MessageText>{text}</MessageText></QueueMessage>"
        try:
            async with self._session.post(self._address(queue), data=body, headers=_HEADERS) as answer:
                return _OUTCOMES.get(answer.status, Outcome.BUSY)
        except TimeoutError:
            return Outcome.TIMED_OUT
        except aiohttp.ClientError:
            return Outcome.SOCKET_ERROR

    def _address(self, queue: str) -> URL:
        if queue not in self._addresses:
            signature = generate_queue_sas(
                self._account["accountname"],
                queue,
                self._account["accountkey"],
                QueueSasPermissions(add=True),
                datetime.now(UTC) + _SIGNATURE_LIFETIME,
            )
            endpoint = self._account["queueendpoint"].rstrip("/")
            self._addresses[queue] = URL(f"{endpoint}/{queue}/messages?{signature}", encoded=True)
        return self._addresses[queue]
