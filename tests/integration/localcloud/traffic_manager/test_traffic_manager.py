import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import aiohttp
import pytest
from aiohttp import web
from dnslib import DNSRecord
from tests.serving import running
from yarl import URL

from localcloud.http_server import EVERY_PATH, listening
from localcloud.layout import LOOPBACK, url
from localcloud.traffic_manager import Endpoint, Probe, TrafficManagerConfig, serve


class Region:
    """A region's gateway with a switchable health."""

    def __init__(self, name: str, port: int) -> None:
        self.name = name
        self.port = port
        self.health = 200
        self.asked: list[tuple[str, str, str, bytes]] = []

    async def handle(self, request: web.Request) -> web.Response:
        if request.path == "/health":
            return web.Response(status=self.health, headers={"Location": "/v1/orders"})
        self.asked.append((request.method, request.raw_path, request.host, await request.read()))
        return web.Response(text=self.name, headers={"Muneris-Region": self.name})

    def app(self) -> web.Application:
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_route("*", EVERY_PATH, self.handle)
        return app


class Setup:
    """Traffic Manager in front of two regions."""

    def __init__(self, port: int, region_ports: list[int]) -> None:
        self.regions = [Region(f"api{number}", each) for number, each in enumerate(region_ports, start=1)]
        self.config = TrafficManagerConfig(
            port=port,
            endpoints=tuple(
                Endpoint(name=each.name, url=url(each.port), location="here") for each in self.regions
            ),
            probe=Probe(interval=0.02, timeout=5, tolerated_failures=2),
        )
        self.url = url(port)

    async def reaches(self, client: aiohttp.ClientSession, **statuses: str) -> dict[str, object]:
        """The state, once the endpoints have these statuses."""
        async with asyncio.timeout(20):
            while True:
                async with client.get(f"{self.url}/traffic-manager.json") as answer:
                    state: dict[str, list[dict[str, object]]] = await answer.json()
                if {str(each["name"]): each["status"] for each in state["endpoints"]} == statuses:
                    return {**state}
                await asyncio.sleep(0.01)


class Query(asyncio.DatagramProtocol):
    """One DNS query; `answer` is its reply."""

    def __init__(self, packets: list[bytes]) -> None:
        self.packets = packets
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        for packet in self.packets:
            transport.sendto(packet)

    def datagram_received(self, data: bytes, _: object) -> None:
        self.answer.set_result(data)


async def resolve(port: int) -> list[str]:
    """The records of the profile's name; the server also gets a packet that is no query."""
    loop = asyncio.get_running_loop()
    question = DNSRecord.question("api.muneris.localtest").pack()
    transport, query = await loop.create_datagram_endpoint(
        lambda: Query([b"\xff" * 20, question]), remote_addr=(LOOPBACK, port)
    )
    try:
        async with asyncio.timeout(10):
            reply = DNSRecord.parse(await query.answer)
    finally:
        transport.close()
    return [f"{each.rname} {each.ttl} {each.rdata}" for each in reply.rr]


@pytest.fixture
async def setup(ports: Callable[[int], list[int]]) -> AsyncIterator[Setup]:
    port, *region_ports = ports(3)
    setup = Setup(port, region_ports)
    async with AsyncExitStack() as services:
        for region in setup.regions:
            await services.enter_async_context(listening(region.app(), region.port))
        await services.enter_async_context(running(serve(setup.config), port))
        yield setup


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def answered_by(client: aiohttp.ClientSession, address: str) -> str:
    async with client.get(address) as answer:
        assert answer.status == 200
        return await answer.text()


@pytest.mark.parametrize("bad_health", [503, 302, 204])
async def test_fails_over_and_back(setup: Setup, client: aiohttp.ClientSession, bad_health: int) -> None:
    state = await setup.reaches(client, api1="Online", api2="Online")
    assert (state["chosen"], state["method"], state["ttl"]) == ("api1", "performance", 5)
    assert await answered_by(client, f"{setup.url}/v1/orders") == "api1"

    setup.regions[0].health = bad_health
    state = await setup.reaches(client, api1="Degraded", api2="Online")
    assert state["chosen"] == "api2"
    assert await answered_by(client, f"{setup.url}/v1/orders") == "api2"
    assert await resolve(setup.config.port) == [
        "api.muneris.localtest. 5 api2.muneris.localtest.",
        "api2.muneris.localtest. 5 127.0.0.1",
    ]

    setup.regions[1].health = 503
    state = await setup.reaches(client, api1="Degraded", api2="Degraded")
    assert state["chosen"] == "api1"

    setup.regions[0].health = 200
    await setup.reaches(client, api1="Online", api2="Degraded")
    assert (await resolve(setup.config.port))[1] == "api1.muneris.localtest. 5 127.0.0.1"


async def test_forwards_a_large_body_as_it_came(setup: Setup, client: aiohttp.ClientSession) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 65536

    headers = {"Host": "api.muneris.app"}
    async with client.post(f"{setup.url}/v1/orders?a=%2B", data=chunks(), headers=headers) as answer:
        assert (answer.status, answer.headers["Muneris-Region"]) == (200, "api1")
    ((method, path, host, body),) = setup.regions[0].asked
    assert (method, path, host) == ("POST", "/v1/orders?a=%2B", "api.muneris.app")
    assert body == b"x" * 65536 * 30


async def test_forwards_a_path_with_a_line_feed(setup: Setup, client: aiohttp.ClientSession) -> None:
    async with client.get(URL(f"{setup.url}/v1/orders/x%0ay", encoded=True)) as answer:
        assert answer.status == 200
    assert setup.regions[0].asked[0][1] == "/v1/orders/x%0ay"


async def test_the_page_shows_every_endpoint(setup: Setup, client: aiohttp.ClientSession) -> None:
    await setup.reaches(client, api1="Online", api2="Online")
    async with client.get(f"{setup.url}/traffic-manager") as answer:
        page = await answer.text()
    assert answer.content_type == "text/html"
    assert '<meta http-equiv=refresh content="2">' in page
    assert all(f'<a href="{url(each.port)}">' in page for each in setup.regions)
    assert "Callers go to <b>api1</b>" in page


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_region_that_is_not_there_is_not_replaced(
    ports: Callable[[int], list[int]], client: aiohttp.ClientSession, method: str
) -> None:
    port, gone, other_port = ports(3)
    other = Region("api2", other_port)
    endpoints = [
        Endpoint(name=name, url=url(each), location="here")
        for name, each in (("api1", gone), ("api2", other_port))
    ]
    never_degraded = Probe(interval=3600)
    config = TrafficManagerConfig(port=port, endpoints=tuple(endpoints), probe=never_degraded)
    async with (
        listening(other.app(), other_port),
        running(serve(config), port),
        client.request(method, f"{url(port)}/v1/orders") as answer,
    ):
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        document = await answer.json(content_type="application/problem+json")
    assert document["code"] == "service_unavailable"
    assert other.asked == []


async def test_with_every_endpoint_disabled_nothing_is_forwarded(
    ports: Callable[[int], list[int]], client: aiohttp.ClientSession
) -> None:
    port, region_port = ports(2)
    endpoint = Endpoint(name="api1", url=url(region_port), location="here", enabled=False)
    config = TrafficManagerConfig(port=port, endpoints=(endpoint,))
    async with running(serve(config), port), client.get(f"{url(port)}/v1/orders") as answer:
        document = await answer.json(content_type="application/problem+json")
    assert (answer.status, document["detail"]) == (503, "Every endpoint is disabled: enable one.")
