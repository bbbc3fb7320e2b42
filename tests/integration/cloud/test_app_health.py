"""Asking the region's other apps how they are, over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from muneris.cloud.http.app_health import OtherApps
from muneris.core.operational import OperationalError


async def answer(request: web.Request) -> web.StreamResponse:
    """`auth` is well, `config` is not, and `inventory` closes the connection unanswered."""
    if request.match_info["app"] == "inventory":
        assert request.transport is not None
        request.transport.abort()
    return web.json_response({}, status={"auth": 200}.get(request.match_info["app"], 503))


@pytest.fixture
async def address() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/v1/{app}/health", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def sessions(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[aiohttp.ClientSession]]:
    """The sessions that are opened: an app's own last as long as its process."""
    opened: list[aiohttp.ClientSession] = []
    open_session = aiohttp.ClientSession
    async with AsyncExitStack() as closing:

        def opening() -> aiohttp.ClientSession:
            opened.append(open_session())
            closing.push_async_callback(opened[-1].close)
            return opened[-1]

        monkeypatch.setattr(aiohttp, "ClientSession", opening)
        yield opened


async def test_an_app_is_up_if_it_answers_its_own_health_with_200(
    address: str, sessions: list[aiohttp.ClientSession]
) -> None:
    checks = OtherApps(dict.fromkeys(("auth", "config", "orders"), address), but="orders").checks
    assert sessions == []
    assert {app: await check() for app, check in checks.items()} == {"auth": True, "config": False}
    assert await asyncio.gather(*(checks["auth"]() for _ in range(5))) == [True] * 5
    assert len(sessions) == 1


@pytest.mark.usefixtures("sessions")
async def test_an_app_that_does_not_answer_is_an_operational_fault(
    address: str, ports: Callable[[int], list[int]]
) -> None:
    nobody = f"http://127.0.0.1:{ports(1)[0]}"
    checks = OtherApps({"inventory": address, "config": nobody}, but="orders").checks
    with pytest.raises(OperationalError, match=f"{address}/v1/inventory/health: ServerDisconnectedError"):
        await checks["inventory"]()
    with pytest.raises(OperationalError, match=f"{nobody}/v1/config/health: ClientConnectorError"):
        await checks["config"]()


@pytest.mark.usefixtures("sessions")
async def test_an_address_that_is_none_is_an_operational_fault() -> None:
    checks = OtherApps({"auth": "auth.internal"}, but="orders").checks
    with pytest.raises(OperationalError, match="InvalidUrl"):
        await checks["auth"]()
