"""What `muneris up` shows while the cloud runs."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack

import aiohttp
from rich.live import Live

from localcloud.commands.overview import QueueLengths, overview
from localcloud.commands.queue_lengths import get_queue_lengths, open_queue_service
from localcloud.commands.status_table import addresses
from localcloud.commands.token_states import TokenWatch
from localcloud.supervisor.cloud import Cloud
from localcloud.supervisor.status import Status

_REFRESH_SECONDS = 2.0


async def show(cloud: Cloud, say: Callable[[str], None]) -> None:
    """Show the cloud until cancelled: a live overview on a terminal, else a line for each change."""
    if sys.stdout.isatty():
        await _show_overview(cloud)
    else:
        await _say_changes(cloud, say)


async def _show_overview(cloud: Cloud) -> None:
    status = await cloud.get_status()
    async with AsyncExitStack() as opened:
        accounts = {region.name: region.storage.connection_string for region in status.regions}
        services = {
            name: await opened.enter_async_context(open_queue_service(account))
            for name, account in accounts.items()
        }
        tokens = TokenWatch(cloud.layout, await opened.enter_async_context(aiohttp.ClientSession()))
        with Live(overview(status, {}, {}), auto_refresh=False, transient=True) as live:
            while True:
                lengths = await asyncio.gather(*map(get_queue_lengths, services.values()))
                queues: QueueLengths = dict(zip(services, lengths, strict=True))
                states = await tokens.look()
                live.update(overview(await cloud.get_status(), queues, states), refresh=True)
                await asyncio.sleep(_REFRESH_SECONDS)


async def _say_changes(cloud: Cloud, say: Callable[[str], None]) -> None:
    said = describe(await cloud.get_status())
    for line in said:
        say(line)
    say(str(addresses(await cloud.get_status())))
    while True:
        await asyncio.sleep(_REFRESH_SECONDS)
        now = describe(await cloud.get_status())
        for line in now:
            if line not in said:
                say(line)
        said = now


def describe(status: Status) -> list[str]:
    """One line for each region and each app."""
    lines = []
    for region in status.regions:
        health = "healthy" if region.healthy else "unhealthy"
        lines.append(f"{region.name} {region.endpoint} {health}")
        lines += [
            f"{region.name} {app.name} {app.state}, pid {app.pid or '-'}, {app.restarts} restarts"
            for app in region.apps
        ]
    return lines
