"""How notifications are delivered: signed, and once (Notifications API, Webhook)."""

import asyncio
import hashlib
import hmac
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

import aiohttp
from aiohttp import web
from yarl import URL

from localcloud.simulators.simphony.wire import Json, answer, to_text

TOP_LEVEL_DOMAINS = frozenset({"com", "net", "org", "edu", "ca", "io", "site", "se", "sa"})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_REMEMBERED = 1000
_HTTPS = 443


class Target(NamedTuple):
    """Where a notification goes, and the key that signs it."""

    url: str
    key_id: str
    key: str


class Delivery(NamedTuple):
    """The one attempt to deliver; without a status nobody answered."""

    message_id: str
    url: str
    status: int | None
    error: str | None = None


def digest(body: bytes, key: str) -> str:
    """The `Digest` of a body under a key in Base64: HMAC-SHA256 in Base64 as well."""
    return b64encode(hmac.digest(b64decode(key), body, hashlib.sha256)).decode()


def is_deliverable(url: str) -> bool:
    """Whether an address is called: https on port 443 below few top-level domains.

    Loopback addresses are called too, over http: that is the simulator's own.
    """
    parsed = URL(url)
    if parsed.host in _LOOPBACK:
        return parsed.scheme == "http"
    domain = (parsed.host or "").rpartition(".")[2]
    return parsed.scheme == "https" and parsed.port == _HTTPS and domain in TOP_LEVEL_DOMAINS


class Webhooks:
    """Sends notifications in the background; `timeout_seconds` is how long it waits for an answer."""

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._deliveries: deque[Delivery] = deque(maxlen=_REMEMBERED)
        self._under_way: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    def clear(self) -> None:
        """Forget what was delivered."""
        self._deliveries.clear()

    def send(self, target: Target, message_id: str, message: Json) -> None:
        """Deliver a message, or not: it is tried once."""
        body = to_text({"messages": [message]}).encode()
        task = asyncio.create_task(self._deliver(target, message_id, body))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _deliver(self, target: Target, message_id: str, body: bytes) -> None:
        if not is_deliverable(target.url):
            self._deliveries.append(Delivery(message_id, target.url, None, "undeliverable"))
            return
        headers = {
            "Content-Type": "application/json",
            "Digest": digest(body, target.key),
            "Key-Id": target.key_id,
        }
        try:
            async with self._opened().post(target.url, data=body, headers=headers) as response:
                self._deliveries.append(Delivery(message_id, target.url, response.status))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._deliveries.append(Delivery(message_id, target.url, None, type(error).__name__))

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self._session

    async def close(self, _app: web.Application) -> None:
        """Give up what is under way."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def routes(self) -> list[web.RouteDef]:
        """The control that shows what was delivered."""
        return [web.get("/sim/notifications", self._list)]

    async def _list(self, _request: web.Request) -> web.Response:
        return answer({"items": _documents(self._deliveries)})


def _documents(deliveries: Iterable[Delivery]) -> list[Json]:
    return [
        {"messageId": each.message_id, "url": each.url, "status": each.status, "error": each.error}
        for each in deliveries
    ]
