"""Serves an aiohttp application on loopback: the frame of every HTTP service of the local cloud."""

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from localcloud.layout import LOOPBACK

EVERY_PATH = "/{path:(?s:.*)}"
"""The route of whoever answers every path, also one with an encoded line feed."""
LARGEST_HEADER_BYTES = 32 * 1024
"""Of one header or of the request line (Kestrel, MaxRequestHeadersTotalSize)."""

_SHUTDOWN_SECONDS = 2
_BACKLOG = 4096
"""Connections that may wait to be accepted. Of more at once the kernel drops some, which try again a second
later: too late for who waits no longer than that to be connected."""
_OPEN_FILES = 16_384
"""A request that waits keeps a connection open, two in a proxy; a process is usually given 1,024 files."""


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
        await listen(runner, port)
        yield
    finally:
        await runner.cleanup()


async def listen(runner: web.AppRunner, port: int) -> None:
    """Accept connections on loopback, thousands of them."""
    _allow_open_files()
    await web.TCPSite(runner, LOOPBACK, port, backlog=_BACKLOG).start()


async def serve_app(app: web.Application, port: int, *, as_proxy: bool = False) -> None:
    """Serve an application until this task is cancelled."""
    async with listening(app, port, as_proxy=as_proxy):
        await asyncio.Event().wait()


def _allow_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
