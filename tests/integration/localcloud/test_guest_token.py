from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from localcloud.commands.token import AccessToken, open_guest_session
from localcloud.errors import LocalCloudError
from localcloud.http_server import listening
from localcloud.layout import url

type Handler = Callable[[web.Request], Awaitable[web.Response]]
type Ports = Callable[[int], list[int]]


def region(answer: Handler) -> web.Application:
    app = web.Application()
    app.router.add_post("/v1/auth/guest-sessions", answer)
    return app


async def create(request: web.Request) -> web.Response:
    code = (await request.json())["property_code"]
    return web.json_response(
        {"access_token": f"token of {code}", "expires_in": 900, "refresh_token": "r"}, status=201
    )


async def test_the_home_region_of_a_property_is_followed(ports: Ports) -> None:
    first, home = ports(2)

    async def redirect(_: web.Request) -> web.Response:
        return web.json_response({"detail": "elsewhere", "home_endpoint": url(home)}, status=421)

    async with AsyncExitStack() as servers:
        await servers.enter_async_context(listening(region(redirect), first))
        await servers.enter_async_context(listening(region(create), home))
        issued = await open_guest_session(url(first), "NOR-CPH01")
    assert issued == AccessToken(access_token="token of NOR-CPH01", expires_in=900)


async def test_a_refusal_is_passed_on(ports: Ports) -> None:
    (port,) = ports(1)

    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"detail": "There is no property NOR-X1."}, status=404)

    async with listening(region(refuse), port):
        with pytest.raises(LocalCloudError) as refusal:
            await open_guest_session(url(port), "NOR-X1")
    assert str(refusal.value) == "No session at NOR-X1: There is no property NOR-X1. (404)"


async def test_a_region_that_does_not_answer_is_named(ports: Ports) -> None:
    (port,) = ports(1)
    with pytest.raises(LocalCloudError) as refusal:
        await open_guest_session(url(port), "NOR-X1")
    assert str(refusal.value) == f"http://127.0.0.1:{port} does not answer: see 'muneris status'."
