"""A function app's HTTP side without the Functions host: its own ASGI app, unmodified, behind uvicorn."""

import asyncio
import importlib
import os
import sys
from pathlib import Path

import uvicorn
from pydantic import BaseModel

from localcloud.layout import LOOPBACK

_KEEP_ALIVE_SECONDS = 600  # longer than callers ever pause


class DirectConfig(BaseModel, frozen=True):
    """The app's folder, the port to serve it on, and its settings."""

    app_dir: Path
    port: int
    settings: dict[str, str]


async def serve(config: DirectConfig) -> None:
    """Serve until cancelled; one app a process, because its settings become the environment."""
    os.environ.update(config.settings)
    sys.path.insert(0, str(config.app_dir))
    app = importlib.import_module("function_app").app.middleware._app  # noqa: SLF001 - nothing public names it
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=LOOPBACK,
            port=config.port,
            loop="uvloop",
            http="httptools",
            lifespan="off",
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            access_log=False,
            proxy_headers=False,
            log_level="warning",
        )
    )
    try:
        await asyncio.to_thread(server.run)  # on the loop that uvicorn recommends, which this one is not
    finally:
        server.should_exit = True
