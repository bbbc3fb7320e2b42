import logging
import re
from collections.abc import Iterable

import pytest
from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from tests.asgi import App, Message, call

from muneris.cloud.http import correlation_id, create_api
from muneris.cloud.http.guard import MAX_BODY, Guard, merged

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01")


def routes() -> APIRouter:
    router = APIRouter()

    @router.post("/length")
    async def read_length(request: Request) -> int:
        return len(await request.body())

    @router.get("/trace")
    async def read_trace() -> str:
        return correlation_id()

    @router.get("/bug")
    async def fail() -> None:
        raise KeyError("a secret")

    @router.get("/cookies")
    async def set_cookies(response: Response) -> None:
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        response.headers.append("Vary", "Accept")
        response.headers.append("Vary", "Accept-Language")
        response.headers["Muneris-Region"] = "nowhere"

    return router


@pytest.fixture
def app() -> Guard:
    return Guard(create_api("orders", routes()), "api1")


def post(*headers: tuple[str, str]) -> Message:
    named = [(name.encode(), value.encode()) for name, value in headers]
    return {"type": "http", "method": "POST", "path": "/length", "query_string": b"", "headers": named}


async def exchange(app: App, scope: Message, chunks: Iterable[bytes]) -> tuple[list[Message], int]:
    """What an app sends for a body in chunks, and how many of these it took."""
    left = list(chunks)
    taken = 0
    sent: list[Message] = []

    async def receive() -> Message:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent, taken


async def test_a_body_of_the_largest_size_passes(app: Guard) -> None:
    answer = await call(app, "POST", "/length", body=b"x" * MAX_BODY)
    assert (answer.status, answer.json()) == (200, MAX_BODY)


async def test_a_larger_body_is_refused(app: Guard) -> None:
    length = str(MAX_BODY + 1)
    answer = await call(
        app, "POST", "/length", body=b"x" * (MAX_BODY + 1), headers={"Content-Length": length}
    )
    assert (answer.status, answer.code) == (413, "request_too_large")
    assert answer.json()["detail"] == "A request has at most 262144 bytes."
    assert answer.headers["muneris-region"] == "api1"
    assert answer.json()["correlation_id"] == answer.headers["traceparent"].split("-")[1]


async def test_a_larger_body_that_keeps_its_length_to_itself_is_refused_on_the_way(app: Guard) -> None:
    sent, taken = await exchange(app, post(), [b"x" * 100_000] * 10)
    assert (sent[0]["status"], taken) == (413, 3)


async def test_a_length_that_is_a_lie_changes_nothing(app: Guard) -> None:
    sent, _ = await exchange(app, post(("content-length", "3")), [b"x" * MAX_BODY, b"x"])
    assert sent[0]["status"] == 413


async def test_a_body_in_chunks_arrives_whole(app: Guard) -> None:
    sent, taken = await exchange(app, post(), [b"abc", b"", b"def"])
    assert (sent[0]["status"], sent[1]["body"], taken) == (200, b"6", 3)


async def test_a_bug_is_answered_and_logged_once_under_its_correlation_id(
    app: Guard, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = await call(app, "GET", "/bug", headers={"traceparent": f"00-{TRACE}-{SPAN}-01"})
    assert (answer.status, answer.code) == (500, "internal_error")
    assert answer.headers["muneris-region"] == "api1"
    assert answer.json()["correlation_id"] == TRACE
    assert b"secret" not in answer.body
    (record,) = caplog.records
    assert record.message == f"failed; correlation id {TRACE}"
    assert record.exc_info is not None
    assert record.exc_info[0] is KeyError


async def test_a_fault_outside_the_api_is_answered_too() -> None:
    async def broken(_scope: Message, _receive: object, _send: object) -> None:
        raise RuntimeError("a secret")

    answer = await call(Guard(broken, "api1"), "GET", "/")
    assert (answer.status, answer.code) == (500, "internal_error")
    assert answer.headers["muneris-region"] == "api1"
    assert answer.json()["correlation_id"] == answer.headers["traceparent"].split("-")[1]


async def test_a_fault_after_the_answer_began_is_only_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def breaks_off(scope: Message, receive: object, send: object) -> None:
        await PlainTextResponse("begun")(scope, receive, send)  # type: ignore[arg-type] # the same shapes, named
        raise RuntimeError

    with caplog.at_level(logging.ERROR):
        answer = await call(Guard(breaks_off, "api1"), "GET", "/")
    assert (answer.status, answer.body, len(caplog.records)) == (200, b"begun", 1)


async def test_repeated_headers_are_joined_and_cookies_are_kept(app: Guard) -> None:
    scope: Message = {"type": "http", "method": "GET", "path": "/cookies", "query_string": b"", "headers": []}
    (start, *_), _ = await exchange(app, scope, [b""])
    headers: list[tuple[bytes, bytes]] = start["headers"]
    assert [value for name, value in headers if name == b"vary"] == [b"Accept, Accept-Language"]
    assert [value for name, value in headers if name == b"muneris-region"] == [b"api1"]
    assert [value.split(b";")[0] for name, value in headers if name == b"set-cookie"] == [b"a=1", b"b=2"]


def test_names_of_headers_are_compared_in_any_case() -> None:
    repeated = [(b"Vary", b"A"), (b"X", b"1"), (b"vary", b"B"), (b"Set-Cookie", b"a"), (b"set-cookie", b"b")]
    assert merged(repeated) == [
        (b"vary", b"A, B"),
        (b"x", b"1"),
        (b"set-cookie", b"a"),
        (b"set-cookie", b"b"),
    ]


async def test_a_callers_trace_is_continued_in_a_span_of_our_own(app: Guard) -> None:
    answer = await call(app, "GET", "/trace", headers={"traceparent": f"00-{TRACE}-{SPAN}-01"})
    match = TRACEPARENT.fullmatch(answer.headers["traceparent"])
    assert match is not None
    assert (match[1], answer.json()) == (TRACE, TRACE)
    assert match[2] != SPAN


@pytest.mark.parametrize(
    "traceparent",
    [
        None,
        "",
        "nonsense",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
    ],
)
async def test_without_a_trace_one_begins(app: Guard, traceparent: str | None) -> None:
    headers = {} if traceparent is None else {"traceparent": traceparent}
    traces = set()
    for _ in range(2):
        answer = await call(app, "GET", "/trace", headers=headers)
        match = TRACEPARENT.fullmatch(answer.headers["traceparent"])
        assert match is not None
        assert match[1] == answer.json()
        traces.add(match[1])
    assert len(traces - {TRACE, "0" * 32}) == 2


async def test_it_starts_at_once_and_without_the_app() -> None:
    seen: list[Message] = []

    async def inner(scope: Message, _receive: object, _send: object) -> None:
        seen.append(scope)

    sent, _ = await exchange(Guard(inner, "api1"), {"type": "lifespan"}, [b""])
    assert (sent, seen) == ([{"type": "lifespan.startup.complete"}], [])
