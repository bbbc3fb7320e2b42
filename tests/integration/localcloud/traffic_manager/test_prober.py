import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from localcloud.http_server import listening
from localcloud.layout import url
from localcloud.traffic_manager.config import Endpoint, Probe
from localcloud.traffic_manager.prober import Prober
from localcloud.traffic_manager.profile import Health, MonitorStatus, Profile

NOW = datetime(2030, 5, 4, 10, 30, tzinfo=UTC)
PROBE = Probe(timeout=0.1, tolerated_failures=0)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def new_profile(port: int) -> Profile:
    endpoint = Endpoint(name="api1", url=url(port), location="francecentral")
    return Profile([endpoint], method="performance", tolerated_failures=PROBE.tolerated_failures)


async def probe(profile: Profile, session: aiohttp.ClientSession) -> Health:
    (endpoint,) = profile.endpoints
    await Prober(profile, PROBE, session, clock=lambda: NOW).probe(endpoint)
    return profile.health(endpoint)


async def test_an_endpoint_that_hangs_has_failed(
    ports: Callable[[int], list[int]], session: aiohttp.ClientSession
) -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    app = web.Application()
    app.router.add_get("/health", hang)
    (port,) = ports(1)
    async with listening(app, port, as_proxy=True):
        health = await probe(new_profile(port), session)
    assert health == Health(
        status=MonitorStatus.DEGRADED,
        consecutive_failures=1,
        last_probe_at=NOW,
        last_result="no answer in time",
    )


async def test_an_endpoint_that_is_not_there_has_failed(
    ports: Callable[[int], list[int]], session: aiohttp.ClientSession
) -> None:
    health = await probe(new_profile(ports(1)[0]), session)
    assert (health.status, health.last_result) == (MonitorStatus.DEGRADED, "ClientConnectorError")


async def test_probes_at_the_interval_without_the_disabled(session: aiohttp.ClientSession) -> None:
    slept: list[float] = []
    third_sleep = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            third_sleep.set()
            await asyncio.Event().wait()

    endpoints = [
        Endpoint(name="api1", url="http://127.0.0.1:1", location="francecentral"),
        Endpoint(name="api2", url="http://127.0.0.1:1", location="northeurope", enabled=False),
    ]
    profile = Profile(endpoints, method="performance", tolerated_failures=9)
    probing = asyncio.create_task(Prober(profile, Probe(interval=7), session, sleep=sleep).run())
    async with asyncio.timeout(10):
        await third_sleep.wait()
    probing.cancel()
    await asyncio.wait([probing])
    assert slept == [7, 7, 7]
    assert profile.health(endpoints[1]).status is MonitorStatus.DISABLED
