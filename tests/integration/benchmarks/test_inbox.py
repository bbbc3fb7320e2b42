"""The inbox against a topic that says how much it has delivered."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from benchmarks.inbox import Inbox

from localcloud.azurite import StorageAddress
from localcloud.http_server import listening
from localcloud.layout import url

LONG, SHORT = 10.0, 0.5
"""Seconds without an event."""


@asynccontextmanager
async def inbox_of(
    azurite: StorageAddress, port: int, patience: float, *delivered: int, accepted: int = 0
) -> AsyncIterator[Inbox]:
    """Whoever looks sees the next count of deliveries; the last one stays."""
    left = list(delivered)

    async def answer(_: web.Request) -> web.Response:
        count = left.pop(0) if len(left) > 1 else left[0]
        counts = {"accepted": accepted, "delivered": count}
        return web.json_response({"subscriptions": {"inventory-inbox": counts}})

    app = web.Application()
    app.router.add_get("/", answer)
    async with (
        listening(app, port),
        aiohttp.ClientSession() as session,
        Inbox(session, url(port), azurite.connection_string, patience) as inbox,
    ):
        yield inbox


async def test_a_slice_ends_with_its_last_event(
    azurite: StorageAddress, ports: Callable[[int], list[int]]
) -> None:
    async with inbox_of(azurite, ports(1)[0], LONG, 7, 8, 8, 10) as inbox:
        await inbox.start()
        ending = await inbox.wait(3)
    assert ending.published == 1


async def test_events_that_never_come_are_missed_after_a_while(
    azurite: StorageAddress, ports: Callable[[int], list[int]]
) -> None:
    async with inbox_of(azurite, ports(1)[0], SHORT, 7, 8, 10) as inbox:
        await inbox.start()
        ending = await inbox.wait(4)
    assert ending.published == 0.75


async def test_events_of_before_are_not_counted_again(
    azurite: StorageAddress, ports: Callable[[int], list[int]]
) -> None:
    async with inbox_of(azurite, ports(1)[0], SHORT, 7) as inbox:
        await inbox.start()
        assert (await inbox.wait(1)).published == 0


async def test_where_nothing_is_delivered_an_event_has_arrived_once_it_is_accepted(
    azurite: StorageAddress, ports: Callable[[int], list[int]]
) -> None:
    async with inbox_of(azurite, ports(1)[0], SHORT, 0, accepted=3) as inbox:
        inbox.delivers = False
        assert (await inbox.wait(3)).published == 1
