"""Asks every endpoint for its health, again and again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus

import aiohttp

from localcloud.traffic_manager.config import Endpoint, Probe
from localcloud.traffic_manager.profile import Profile

_log = logging.getLogger(__name__)


class Prober:
    """Probes the endpoints of a profile at the configured interval, each on its own."""

    def __init__(
        self,
        profile: Profile,
        probe: Probe,
        session: aiohttp.ClientSession,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._profile = profile
        self._probe = probe
        self._session = session
        self._clock = clock
        self._sleep = sleep

    async def run(self) -> None:
        """Probe until cancelled."""
        async with asyncio.TaskGroup() as endpoints:
            for endpoint in self._profile.endpoints:
                if endpoint.enabled:
                    endpoints.create_task(self._keep_probing(endpoint))

    async def _keep_probing(self, endpoint: Endpoint) -> None:
        while True:
            await asyncio.gather(self.probe(endpoint), self._sleep(self._probe.interval))

    async def probe(self, endpoint: Endpoint) -> None:
        """Probe an endpoint once and record what it found: only a 200 in time is a success."""
        before = self._profile.health(endpoint).status
        result = await self._ask(endpoint)
        success = result == str(HTTPStatus.OK.value)
        self._profile.record(endpoint, result, self._clock(), success=success)
        after = self._profile.health(endpoint).status
        if after is not before:
            _log.warning("%s: %s after %s, was %s", endpoint.name, after, result, before)

    async def _ask(self, endpoint: Endpoint) -> str:
        timeout = aiohttp.ClientTimeout(total=self._probe.timeout)
        address = endpoint.url.rstrip("/") + self._probe.path
        try:
            async with self._session.get(address, timeout=timeout, allow_redirects=False) as answer:
                return str(answer.status)
        except TimeoutError:
            return "no answer in time"
        except aiohttp.ClientError as error:
            return type(error).__name__
