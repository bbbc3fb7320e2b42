"""Services of the local cloud and apps, run in this process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine

from aiohttp import web
from tests.asgi import App, call

from localcloud.azurite.process import accepts
from localcloud.http_server import EVERY_PATH, listening


@contextlib.asynccontextmanager
async def running(service: Coroutine[object, object, None], port: int) -> AsyncIterator[None]:
    """Run a service while the block runs, from the moment its port accepts connections."""
    task = asyncio.create_task(service)
    try:
        async with asyncio.timeout(30):
            while not await accepts(port):
                if task.done():
                    await task
                await asyncio.sleep(0.01)
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def serving_app(app: App, port: int) -> AsyncIterator[None]:
    """Serve an ASGI app over HTTP while the block runs."""

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        answered = await call(app, request.method, request.path_qs, headers=request.headers, body=body)
        return web.Response(status=answered.status, body=answered.body, headers=answered.headers)

    service = web.Application()
    service.router.add_route("*", EVERY_PATH, answer)
    async with listening(service, port):
        yield
