"""How many clients an HTTP service of the local cloud bears at once."""

import asyncio
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from aiohttp import web

from localcloud.http_server import listening
from localcloud.layout import LOOPBACK

CLIENTS = 500


@pytest.fixture
def few_open_files() -> Iterator[int]:
    """The number that a process may be allowed to open; for now it is as small as many systems have it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_crowd_connects_while_the_service_is_busy(ports: Callable[[int], list[int]]) -> None:
    (port,) = ports(1)
    async with listening(web.Application(), port):
        with ExitStack() as clients:
            for _ in range(CLIENTS):  # nothing is awaited: nobody accepts meanwhile
                clients.enter_context(socket.create_connection((LOOPBACK, port), timeout=0.5))
        await asyncio.sleep(0)


async def test_a_service_may_open_files_for_thousands(
    few_open_files: int, ports: Callable[[int], list[int]]
) -> None:
    async with listening(web.Application(), ports(1)[0]):
        allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert allowed == min(16_384, few_open_files)
