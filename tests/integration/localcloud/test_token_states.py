"""How the live view learns how the tokens of every region stand."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from tests.local_cloud import free_base_port

from localcloud.commands.token_states import TokenWatch
from localcloud.http_server import listening
from localcloud.layout import Layout
from localcloud.supervisor.keys import load_keys


def account(**states: str) -> dict[str, object]:
    regions = [{"region": region, "state": state} for region, state in states.items()]
    return {"account": "4f1d", "organization": "nordic", "username": "api", "regions": regions}


class Region:
    """A region's token master, which answers what it is told to."""

    def __init__(self, *items: dict[str, object], status: int = 200) -> None:
        self.items = items
        self.status = status
        self.asked = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/sts_token_master/accounts", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"].startswith("Bearer ey")
        self.asked += 1
        return web.json_response({"items": self.items}, status=self.status)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    load_keys(tmp_path, [])
    return Layout(free_base_port(2), tmp_path, 2)


@pytest.fixture
async def servers() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def watch(
    servers: AsyncExitStack, layout: Layout, now: Callable[[], float], *regions: Region
) -> TokenWatch:
    for place, region in zip(layout.regions, regions, strict=False):
        await servers.enter_async_context(listening(region.app(), layout.gateway(place)))
    return TokenWatch(layout, await servers.enter_async_context(aiohttp.ClientSession()), now)


async def test_accounts_are_counted_by_state_in_each_region(servers: AsyncExitStack, layout: Layout) -> None:
    region = Region(
        account(api1="valid", api2="valid"),
        account(api1="valid", api2="absent"),
        account(api1="sign_in_needed", api2="unreachable"),
    )
    tokens = await watch(servers, layout, lambda: 0.0, region)
    assert await tokens.look() == {
        "api1": {"valid": 2, "sign_in_needed": 1},
        "api2": {"valid": 1, "absent": 1, "unreachable": 1},
    }


async def test_a_region_that_fails_leaves_it_to_the_next(servers: AsyncExitStack, layout: Layout) -> None:
    failing, other = Region(status=503), Region(account(api1="unreachable", api2="valid"))
    tokens = await watch(servers, layout, lambda: 0.0, failing, other)
    assert await tokens.look() == {"api1": {"unreachable": 1}, "api2": {"valid": 1}}
    assert failing.asked == 1


async def test_nothing_is_shown_while_no_region_answers(servers: AsyncExitStack, layout: Layout) -> None:
    tokens = await watch(servers, layout, lambda: 0.0)
    assert await tokens.look() == {}


async def test_it_is_asked_every_ten_seconds(servers: AsyncExitStack, layout: Layout) -> None:
    region, seconds = Region(account(api1="valid")), [0.0]
    tokens = await watch(servers, layout, lambda: seconds[0], region)
    before = await tokens.look()
    region.items = (account(api1="refresh_due"),)
    seconds[0] = 9.9
    assert await tokens.look() == before == {"api1": {"valid": 1}}
    seconds[0] = 10.1
    assert await tokens.look() == {"api1": {"refresh_due": 1}}
    assert region.asked == 2
