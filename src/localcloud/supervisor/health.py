"""Asks regions for their health, as Traffic Manager does."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

import aiohttp

from localcloud.errors import LocalCloudError

_ANSWER = aiohttp.ClientTimeout(total=2)
_POLL_SECONDS = 0.1
_START_SECONDS = 60.0


async def is_healthy(session: aiohttp.ClientSession, gateway: str) -> bool:
    """Whether a region's `/health` answers 200 in time."""
    try:
        async with session.get(f"{gateway}/health", timeout=_ANSWER, allow_redirects=False) as answer:
            return answer.status == HTTPStatus.OK
    except (aiohttp.ClientError, TimeoutError):
        return False


async def wait_until_healthy(
    session: aiohttp.ClientSession, gateways: Mapping[str, str], seconds: float = _START_SECONDS
) -> None:
    """Return when every region is healthy.

    Args:
        session: used for the probes.
        gateways: address of each region, by its name.
        seconds: how long to wait.

    Raises:
        LocalCloudError: a region is not healthy in time.
    """
    waiting = dict(gateways)
    try:
        async with asyncio.timeout(seconds):
            while waiting:
                for region, gateway in list(waiting.items()):
                    if await is_healthy(session, gateway):
                        del waiting[region]
                await asyncio.sleep(_POLL_SECONDS if waiting else 0)
    except TimeoutError:
        region, gateway = next(iter(waiting.items()))
        raise LocalCloudError(
            f"{region} is not healthy after {seconds:.0f} s: see {gateway}/health and its logs."
        ) from None
