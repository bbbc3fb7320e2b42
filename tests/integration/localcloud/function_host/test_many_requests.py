"""A thousand requests of one app wait at once, through the region's gateway."""

import asyncio
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest_asyncio
from tests.integration.localcloud.function_host.harness import HostProcess, until
from tests.serving import running

from localcloud.gateway import GatewayConfig, serve
from localcloud.layout import url

REQUESTS = 1000


@pytest_asyncio.fixture
async def gateway(http_host: HostProcess, ports: Callable[[int], list[int]]) -> AsyncIterator[str]:
    """The address of a gateway in front of the host."""
    (port,) = ports(1)
    config = GatewayConfig(region="api1", port=port, routes={"/api": http_host.url})
    async with running(serve(config), port):
        yield url(port)


async def test_a_thousand_wait_for_each_other_and_hold_up_nobody_else(gateway: str) -> None:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(gateway, connector=connector) as session:

        async def get(path: str) -> tuple[int, str]:
            async with session.get(path) as answer:
                return answer.status, await answer.text()

        async def all_but_one_are_here() -> bool:
            assert not any(guest.done() for guest in meeting)
            return await get("/api/guests") == (200, str(REQUESTS - 1))

        meeting: list[asyncio.Task[tuple[int, str]]] = []
        async with asyncio.TaskGroup() as group:
            meeting += [group.create_task(get(f"/api/meet?guests={REQUESTS}")) for _ in range(REQUESTS - 1)]
            await until(all_but_one_are_here)
            meeting.append(group.create_task(get(f"/api/meet?guests={REQUESTS}")))
        places = sorted(int(place) for _, place in (guest.result() for guest in meeting))
        assert {status for status, _ in (guest.result() for guest in meeting)} == {200}
        assert places == list(range(REQUESTS))
