"""Serves an aiohttp application on loopback: the frame of every HTTP service of the local cloud."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from localcloud.layout import LOOPBACK

EVERY_PATH = "/{path:(?s:.*)}"
"""The route of whoever answers every path, also one with an encoded line feed."""
LARGEST_HEADER_BYTES = 32 * 1024
"""Of one header or of the request line (Kestrel, MaxRequestHeadersTotalSize)."""

_SHUTDOWN_SECONDS = 2


@asynccontextmanager
async def listening(app: web.Application, port: int, *, as_proxy: bool = False) -> AsyncIterator[None]:
    """Serve an application while the block runs; its clean-up functions have run when this returns.

    As a proxy, bodies stay compressed as they came, and a client that leaves cancels its request.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=as_proxy,
        auto_decompress=not as_proxy,
        max_field_size=LARGEST_HEADER_BYTES,
        max_line_size=LARGEST_HEADER_BYTES,
        shutdown_timeout=_SHUTDOWN_SECONDS,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
        yield
    finally:
        await runner.cleanup()


async def serve_app(app: web.Application, port: int, *, as_proxy: bool = False) -> None:
    """Serve an application until this task is cancelled."""
    async with listening(app, port, as_proxy=as_proxy):
        await asyncio.Event().wait()
