import json
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import ClientSession
from multidict import CIMultiDict
from tests.integration.localcloud.function_host.harness import HostProcess, Recorder

type StartHost = Callable[..., Awaitable[HostProcess]]


async def test_passes_requests_and_answers_through(http_host: HostProcess) -> None:
    async with (
        ClientSession() as session,
        session.post(
            f"{http_host.url}/api/echo?a=1&a=%20x",
            data=b"\x00\xff",
            headers=CIMultiDict([("X-Repeated", "1"), ("X-Repeated", "2")]),
        ) as answer,
    ):
        assert answer.status == 200
        assert await answer.json() == {
            "method": "POST",
            "path": "/api/echo",
            "query": "a=1&a=%20x",
            "x_repeated": "1,2",
            "body": "00ff",
        }
    assert (await http_host.request("QUERY", "/api/echo"))[0] == 200
    assert await http_host.request("POST", "/api/size", bytes(20_000_000)) == (200, b"20000000")

    async with ClientSession() as session, session.get(f"{http_host.url}/api/cookies") as answer:
        assert await answer.read() == b"ok"
        assert answer.headers.getall("Set-Cookie") == [
            "a=1; Path=/; SameSite=lax",
            "b=2; HttpOnly; Path=/; SameSite=lax",
        ]
        assert answer.headers["X-Own"] == "yes"


async def test_finds_the_function_and_asks_for_its_key(http_host: HostProcess) -> None:
    assert (await http_host.request("GET", "/api/items/7"))[0] == 401
    assert (await http_host.request("GET", "/api/items/7", x_functions_key="wrong"))[0] == 401
    assert await http_host.request("GET", "/api/items/7", x_functions_key="the-key") == (200, b"7")
    assert await http_host.request("GET", "/api/items/7?code=the-key") == (200, b"7")
    assert (await http_host.request("GET", "/elsewhere"))[0] == 404
    assert (await http_host.request("GET", "/api/items/seven"))[0] == 404  # the catch-all's, so FastAPI's
    line_feed = await http_host.request("GET", "/api/items/7%0A")
    assert line_feed == (404, b'{"detail":"Not Found"}')  # FastAPI's, too


async def test_answers_a_failure_with_a_bare_500_and_logs_it(http_host: HostProcess) -> None:
    assert await http_host.request("GET", "/api/fails") == (500, b"")
    assert "RuntimeError: as asked" in http_host.log
    assert "Executed 'api' (Failed, Id=" in http_host.log


async def test_logs_of_the_app_carry_the_invocation(http_host: HostProcess) -> None:
    assert (await http_host.request("GET", "/api/logs"))[0] == 200
    lines = http_host.log.splitlines()
    line = next(line for line in lines if "a line of the app" in line)
    invocation = line.split("[")[1].split("]")[0]
    executed = next(line for line in lines if f"Id={invocation}" in line)
    assert "Executed 'api' (Succeeded" in executed


async def test_gives_up_on_a_slow_function_which_runs_on(start_host: StartHost, recorder: Recorder) -> None:
    host = await start_host(http_timeout_seconds=0.5)
    assert (await host.request("GET", "/api/slow"))[0] == 504
    call = await recorder.next()
    assert "Executed" not in host.log
    call.succeed()
    assert await host.stop() == 0
    assert "Executed 'api' (Succeeded" in host.log


async def test_admin_tells_what_runs(http_host: HostProcess) -> None:
    assert (await http_host.request("GET", "/admin/host/ping"))[0] == 200
    assert (await http_host.request("GET", "/admin/host/status"))[0] == 401
    _, body = await http_host.request("GET", "/admin/host/status", x_functions_key="the-key")
    assert json.loads(body) == {
        "state": "Running",
        "version": "1.3.0",
        "id": http_host.config.host_id,
        "functions": ["api", "item", "send", "send_many", "work", "tick"],
    }


@pytest.mark.parametrize(
    ("app", "reason"),
    [
        ("broken", "RuntimeError: the app's own failure"),
        ("unsupported", "Function 'menu_uploaded' uses the binding type 'blobTrigger'"),
        ("absent", "host.json cannot be used"),
    ],
)
async def test_an_app_that_cannot_start_ends_the_process(
    start_host: StartHost, app: str, reason: str
) -> None:
    host = await start_host(app=app, ready=False)
    assert await host.wait() == 1
    assert reason in host.log
