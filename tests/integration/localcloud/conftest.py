import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager

import pytest

from localcloud.azurite.process import accepts

type Running = Callable[[Coroutine[object, object, None], int], AbstractAsyncContextManager[None]]


@contextlib.asynccontextmanager
async def _running(service: Coroutine[object, object, None], port: int) -> AsyncIterator[None]:
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


@pytest.fixture
def running() -> Running:
    """Runs a service while the block runs, from the moment its port accepts connections."""
    return _running
