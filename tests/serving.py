"""Services of the local cloud, run in this process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine

from localcloud.azurite.process import accepts


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
