"""Properties share one session: however many of them are slow, none waits for another's connection."""

import asyncio

from aiohttp import web
from aiohttp.test_utils import TestServer

from muneris.simphony.client import open_session

AT_ONCE = 150
"""More than the 100 connections that aiohttp allows a session by itself."""


async def test_no_call_waits_for_the_connection_of_another() -> None:
    all_are_there = asyncio.Barrier(AT_ONCE)

    async def answer(_: web.Request) -> web.Response:
        await all_are_there.wait()
        return web.Response()

    app = web.Application()
    app.router.add_get("/", answer)
    async with TestServer(app) as server, open_session() as session:

        async def get() -> int:
            async with asyncio.timeout(10), session.get(server.make_url("/")) as response:
                return response.status

        assert await asyncio.gather(*(get() for _ in range(AT_ONCE))) == [200] * AT_ONCE
