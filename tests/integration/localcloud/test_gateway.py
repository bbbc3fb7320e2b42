import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from aiohttp import web
from tests.serving import running
from yarl import URL

from localcloud.gateway import GatewayConfig, serve
from localcloud.http_server import EVERY_PATH, listening
from localcloud.layout import LOOPBACK, url

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class App:
    """A function app that notes what it is asked, and answers what it is told to."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: Callable[[], web.Response] = web.Response
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.requests.append((request.method, request.raw_path, dict(request.headers), body))
        self.asked.set()
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return self.answer()


class Setup:
    """A gateway in front of one function app, `orders`, at most 1000 bytes a request."""

    def __init__(self, gateway_port: int, app_port: int) -> None:
        self.app = App()
        self.app_port = app_port
        self.config = GatewayConfig(
            region="api1",
            port=gateway_port,
            routes={"/v1/orders": url(app_port), "/health": url(app_port)},
            max_body=1000,
            answer_seconds=0.5,
        )

    def url(self, path: str) -> URL:
        return URL(url(self.config.port) + path, encoded=True)


@pytest.fixture
def setup(ports: Callable[[int], list[int]]) -> Setup:
    return Setup(*ports(2))


@pytest.fixture
async def gateway(setup: Setup) -> AsyncIterator[Setup]:
    async with running(serve(setup.config), setup.config.port):
        yield setup


@pytest.fixture
async def served(gateway: Setup) -> AsyncIterator[Setup]:
    app = web.Application()
    app.router.add_route("*", EVERY_PATH, gateway.app.handle)
    async with listening(app, gateway.app_port, as_proxy=True):
        yield gateway


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield session


async def expect_problem(answer: aiohttp.ClientResponse, status: int, code: str, instance: str) -> None:
    assert answer.status == status
    assert answer.headers["Muneris-Region"] == "api1"
    assert answer.content_type == "application/problem+json"
    document = await answer.json(content_type=None)
    assert set(document) == {"type", "title", "status", "detail", "instance", "code", "correlation_id"}
    assert (document["status"], document["code"], document["instance"]) == (status, code, instance)
    assert document["correlation_id"] == answer.headers["traceparent"].split("-")[1]


async def test_passes_the_request_on_as_it_came(served: Setup, client: aiohttp.ClientSession) -> None:
    path = "/v1/orders/NOR%2FCPH01/x%20y?a=%2B&a=2"
    headers = {"Host": "api1.muneris.app", "traceparent": TRACEPARENT, "Keep-Alive": "5", "X-Own": "ø"}
    body = gzip.compress(b"{}")
    async with client.put(
        served.url(path), data=body, headers=headers | {"Content-Encoding": "gzip"}
    ) as answer:
        assert answer.status == 200
        assert answer.headers["traceparent"] == TRACEPARENT
    ((method, asked, seen, sent),) = served.app.requests
    assert (method, asked, sent) == ("PUT", path, body)
    assert seen["X-Forwarded-Host"] == "api1.muneris.app"
    assert seen["Host"] == f"{LOOPBACK}:{served.app_port}"
    assert seen["Content-Encoding"] == "gzip"
    assert seen["X-Own"] == "ø"
    assert seen["traceparent"] == TRACEPARENT
    assert "Keep-Alive" not in seen


async def test_passes_the_answer_on_as_it_came(served: Setup, client: aiohttp.ClientSession) -> None:
    content = gzip.compress(b"menu")

    def answer_of_the_app() -> web.Response:
        answer = web.Response(status=201, reason="Made", body=content, headers={"Content-Encoding": "gzip"})
        answer.headers.add("Set-Cookie", "a=1")
        answer.headers.add("Set-Cookie", "b=2")
        answer.headers["ETag"] = '"7"'
        return answer

    served.app.answer = answer_of_the_app
    async with client.post(served.url("/v1/orders"), json={}) as answer:
        assert (answer.status, answer.reason, await answer.read()) == (201, "Made", content)
        assert answer.headers.getall("Set-Cookie") == ["a=1", "b=2"]
        assert (answer.headers["ETag"], answer.headers["Muneris-Region"]) == ('"7"', "api1")
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", answer.headers["traceparent"])
        assert served.app.requests[0][2]["traceparent"] == answer.headers["traceparent"]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH", "DELETE"])
async def test_takes_every_method(served: Setup, client: aiohttp.ClientSession, method: str) -> None:
    served.app.answer = lambda: web.Response(text="hello")
    async with client.request(method, served.url("/v1/orders")) as answer:
        assert (answer.status, answer.headers["Content-Length"]) == (200, "5")
        assert await answer.read() == (b"" if method == "HEAD" else b"hello")
    assert served.app.requests[0][0] == method


async def test_an_answer_without_a_body_stays_one(served: Setup, client: aiohttp.ClientSession) -> None:
    served.app.answer = lambda: web.Response(status=304, headers={"ETag": '"7"'})
    async with client.get(served.url("/v1/orders")) as answer:
        assert (answer.status, answer.headers["ETag"], await answer.read()) == (304, '"7"', b"")


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_a_body_has_no_content_type(
    served: Setup, client: aiohttp.ClientSession, status: int
) -> None:
    served.app.answer = lambda: web.Response(status=status, content_type="text/plain", charset="utf-8")
    async with client.get(served.url("/v1/orders")) as answer:
        assert (answer.status, "Content-Type" in answer.headers) == (status, False)


@pytest.mark.parametrize(
    ("status", "answered", "code"),
    [(500, 500, "internal_error"), (502, 503, "service_unavailable"), (504, 503, "service_unavailable")],
)
async def test_a_failure_without_a_word_is_put_into_words(
    served: Setup, client: aiohttp.ClientSession, status: int, answered: int, code: str
) -> None:
    served.app.answer = lambda: web.Response(status=status)
    async with client.get(served.url("/v1/orders")) as answer:
        await expect_problem(answer, answered, code, "/v1/orders")
        assert answer.headers.get("Retry-After") == ("1" if answered == 503 else None)
    async with client.head(served.url("/v1/orders")) as answer:
        assert answer.status == status


async def test_a_line_feed_in_a_path_is_passed_on(served: Setup, client: aiohttp.ClientSession) -> None:
    async with client.get(served.url("/v1/orders/x%0ay")) as answer:
        assert answer.status == 200
    assert served.app.requests[0][1] == "/v1/orders/x%0ay"


async def test_a_line_feed_in_a_path_that_nobody_serves(
    gateway: Setup, client: aiohttp.ClientSession
) -> None:
    async with client.get(gateway.url("/x%0ay")) as answer:
        await expect_problem(answer, 404, "not_found", "/x\ny")


async def test_long_headers_are_passed_on_both_ways(served: Setup, client: aiohttp.ClientSession) -> None:
    served.app.answer = lambda: web.Response(headers={"X-Own": "a" * 30_000})
    target, headers = served.url(f"/v1/orders?q={'b' * 30_000}"), {"X-Own": "c" * 30_000}
    async with client.get(target, headers=headers, max_field_size=32_768) as answer:
        assert (answer.status, len(answer.headers["X-Own"])) == (200, 30_000)
    ((_, path, seen, _),) = served.app.requests
    assert (path, seen["X-Own"]) == (target.raw_path_qs, headers["X-Own"])


async def test_health_is_the_orders_apps(served: Setup, client: aiohttp.ClientSession) -> None:
    served.app.answer = lambda: web.json_response({"status": "draining"}, status=503)
    async with client.get(served.url("/health")) as answer:
        assert (answer.status, await answer.json()) == (503, {"status": "draining"})


async def test_nothing_is_served_elsewhere(gateway: Setup, client: aiohttp.ClientSession) -> None:
    async with client.get(gateway.url("/v1/delivery/1")) as answer:
        await expect_problem(answer, 404, "not_found", "/v1/delivery/1")


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(11):
        yield b"x" * 100


@pytest.mark.parametrize("body", [b"x" * 1001, chunks], ids=["at once", "in chunks"])
async def test_refuses_what_is_too_large(
    served: Setup, client: aiohttp.ClientSession, body: bytes | Callable[[], AsyncIterator[bytes]]
) -> None:
    data = body if isinstance(body, bytes) else body()
    async with client.post(served.url("/v1/orders"), data=data) as answer:
        await expect_problem(answer, 413, "request_too_large", "/v1/orders")
    async with client.post(served.url("/v1/orders"), data=b"x" * 1000) as answer:
        assert answer.status == 200
    assert [len(sent) for *_, sent in served.app.requests] == [1000]


async def test_an_app_that_is_not_there(gateway: Setup, client: aiohttp.ClientSession) -> None:
    async with client.get(gateway.url("/v1/orders"), headers={"traceparent": TRACEPARENT}) as answer:
        await expect_problem(answer, 503, "service_unavailable", "/v1/orders")
        assert (answer.headers["Retry-After"], answer.headers["traceparent"]) == ("1", TRACEPARENT)


async def test_an_app_that_does_not_answer_in_time(served: Setup, client: aiohttp.ClientSession) -> None:
    served.app.may_answer.clear()
    async with client.post(served.url("/v1/orders"), json={}) as answer:
        await expect_problem(answer, 503, "service_unavailable", "/v1/orders")
    async with asyncio.timeout(10):
        await served.app.cancelled.wait()


async def test_a_client_that_leaves_cancels_the_call(setup: Setup) -> None:
    setup.app.may_answer.clear()
    app = web.Application()
    app.router.add_route("*", EVERY_PATH, setup.app.handle)
    patient = setup.config.model_copy(update={"answer_seconds": 300})
    async with listening(app, setup.app_port, as_proxy=True), running(serve(patient), patient.port):
        _, writer = await asyncio.open_connection(LOOPBACK, patient.port)
        writer.write(b"GET /v1/orders HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(10):
            await setup.app.asked.wait()
            writer.close()
            await setup.app.cancelled.wait()


class Closing:
    """Answers the first request of a connection and closes the connection upon the second."""

    def __init__(self) -> None:
        self.methods: list[bytes] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""):
            head = await reader.readuntil(b"\r\n\r\n")
            self.methods.append(head.split(b" ")[0])
            writer.write(answer)
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("method", "status", "methods"),
    [("GET", 200, [b"GET", b"GET", b"GET"]), ("POST", 503, [b"GET", b"POST"])],
)
async def test_only_a_safe_request_is_sent_again_when_a_pooled_connection_closes(
    gateway: Setup, client: aiohttp.ClientSession, method: str, status: int, methods: list[bytes]
) -> None:
    closing = Closing()
    async with await asyncio.start_server(closing.handle, LOOPBACK, gateway.app_port) as server:
        async with client.get(gateway.url("/v1/orders")) as answer:
            assert answer.status == 200
        async with client.request(method, gateway.url("/v1/orders")) as answer:
            assert answer.status == status
        assert closing.methods == methods
        server.close_clients()


async def test_the_problem_is_json_as_rfc_9457_says(gateway: Setup, client: aiohttp.ClientSession) -> None:
    async with client.get(gateway.url("/")) as answer:
        document = json.loads(await answer.read())
    assert document["title"] == "Not found"
    assert document["detail"] == "Nothing is served at /."
