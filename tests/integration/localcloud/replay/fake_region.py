"""A region that answers as a test tells it, and remembers what it was asked."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

PROPERTY = "NOR-CPH01"


@dataclass(frozen=True)
class Scripted:
    """An answer to give once; `status` 0 drops the connection."""

    status: int
    document: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    key: str | None
    bearer: str | None
    body: bytes


def order(status: str, **more: object) -> Scripted:
    history = [{"at": "2030-01-01T00:00:00Z", "status": status}]
    totals = {"total": "1.00", "currency": "USD"}
    document = {"status": status, "totals": totals, "history": history, **more}
    return Scripted(200, document, {"ETag": f'"{status}"'})


def refusal(status: int, code: str, **more: object) -> Scripted:
    return Scripted(status, {"code": code, "detail": "So it is.", **more})


class FakeRegion:
    """Answers orders and looks from its scripts, in turn; the last one of a script for ever."""

    def __init__(self) -> None:
        self.placed: list[Scripted] = [Scripted(202, {"status": "received"})]
        self.seen: list[Scripted] = [order("confirmed")]
        self.asked: list[Asked] = []
        self.tokens = 0
        self.endpoint = ""

    def requests(self, method: str, prefix: str = "/v1/orders") -> list[Asked]:
        return [each for each in self.asked if each.method == method and each.path.startswith(prefix)]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        authorization = request.headers.get("Authorization", "")
        key = request.headers.get("Idempotency-Key")
        bearer = authorization.removeprefix("Bearer ") or None
        self.asked.append(Asked(request.method, request.path_qs, key, bearer, await request.read()))
        if request.path.startswith("/v1/auth"):
            self.tokens += 1
            tokens = {"access_token": f"access-{self.tokens}", "refresh_token": f"refresh-{self.tokens}"}
            return web.json_response(tokens, status=200 if request.path.endswith("refresh") else 201)
        script = self.placed if request.method == "POST" else self.seen
        scripted = script.pop(0) if len(script) > 1 else script[0]
        if scripted.status == 0:
            assert request.transport
            request.transport.close()
        if scripted.status == 304:
            return web.Response(status=304, headers=scripted.headers)
        return web.json_response(scripted.document, status=scripted.status or 500, headers=scripted.headers)


@asynccontextmanager
async def serving(region: FakeRegion) -> AsyncIterator[FakeRegion]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", region.answer)
    async with TestServer(app) as server:
        region.endpoint = str(server.make_url("")).rstrip("/")
        yield region


def sent_property(asked: Asked) -> str:
    return str(json.loads(asked.body)["property_code"])
