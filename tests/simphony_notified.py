"""An integrator's address, and the Notifications API by hand."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.simphony_caller import Caller

NOTIFICATIONS = "/api/v1/notifications"
REGISTRATION, SUBSCRIPTIONS = f"{NOTIFICATIONS}/registration", f"{NOTIFICATIONS}/subscriptions"
KEY = b64encode(b"k" * 32).decode()
KEY_ID = "3f2c1f0a-7f7c-4f6e-8a55-0f5f3f0d7a11"
REGISTERED = {"keyId": KEY_ID, "hmacKey": KEY, "keyType": "hmac-sha256"}


class Received(NamedTuple):
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        (message,) = json.loads(self.body)["messages"]
        found: dict[str, Any] = message
        return found


class Receiver:
    """An integrator's address; answers with `status`, once it may."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 204
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self._received: asyncio.Queue[Received] = asyncio.Queue()

    async def take(self, request: web.Request) -> web.Response:
        self._received.put_nowait(Received(dict(request.headers), await request.read()))
        await self.may_answer.wait()
        return web.Response(status=self.status)

    async def next(self) -> Received:
        async with asyncio.timeout(10):
            return await self._received.get()

    @property
    def is_empty(self) -> bool:
        return self._received.empty()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    opened_receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", opened_receiver.take)
    async with TestServer(app) as server:
        opened_receiver.url = str(server.make_url("/hook"))
        yield opened_receiver


async def register(call: Caller, **changes: object) -> None:
    assert (await call("PUT", REGISTRATION, body=REGISTERED | changes)).status == 200


def subscription(callback: str, kind: str = "CheckNotification", **scope: object) -> dict[str, object]:
    return {
        "callbackUri": callback,
        "messageType": {"id": kind},
        "postOfficeOptions": {"PostOfficeType": "PushOnePostOffice"},
        "orgShortName": "Muneris-Demo",
        **scope,
    }


async def subscribe(call: Caller, callback: str, kind: str = "CheckNotification", /, **scope: object) -> str:
    seen = await call("POST", SUBSCRIPTIONS, body=subscription(callback, kind, **scope))
    assert seen.status == 201, seen.body
    return str(seen.body["subscriptionId"])


async def deliveries(call: Caller, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(10):
        while True:
            items: list[dict[str, Any]] = (await call("GET", "/sim/notifications")).body["items"]
            if len(items) >= count:
                return items
