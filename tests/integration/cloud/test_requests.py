"""Requests over real connections: sent once, as they are given, and what is known without an answer."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.loop_time import LoopTime
from tests.polling import until
from tests.raw_http import Cut, answer, raw_server
from tests.tables import open_requests

from muneris.cloud.wire.requests import Answer, AnswerLostError, Method, NotSentError, Requests

KEPT = answer("200 OK", b"kept")
DROPPED = Cut(b"")
LOST = {
    "dropped": DROPPED,
    "cut in its head": Cut(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "cut in its body": Cut(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"),
    "cut between two chunks": Cut(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"),
    "no HTTP": Cut(b"\0\r\n\r\n"),
}


@pytest.fixture
async def requests() -> AsyncIterator[Requests]:
    async with open_requests() as requests:
        yield requests


async def test_a_request_is_sent_as_it_is_given(requests: Requests) -> None:
    async with raw_server(KEPT) as server:
        url = f"{server.url}/a('%20%7C'' s%C3%B8')?$filter=%27%2B&b"
        await requests.send("POST", url.replace(" ", "%20"), {"X-One": "1", "x-two": "2"}, b"body")
    assert server.requests == [
        b"POST /a('%20%7C''%20s%C3%B8')?$filter=%27%2B&b HTTP/1.1\r\n"
        b"Host: " + server.url.removeprefix("http://").encode() + b"\r\n"
        b"X-One: 1\r\nx-two: 2\r\nContent-Length: 4\r\n\r\nbody"
    ]


async def test_an_answer_is_what_was_received(requests: Requests) -> None:
    squeezed = gzip.compress(b"squeezed")
    redirect = answer("307 Temporary Redirect", b"", "Location: /elsewhere", "Set-Cookie: a=b")
    async with raw_server(redirect, answer("404 Not Found", squeezed, "Content-Encoding: gzip")) as server:
        first = await requests.send("GET", f"{server.url}/", {})
        assert (first.status, first.headers["location"], first.body) == (307, "/elsewhere", b"")
        second = await requests.send("GET", f"{server.url}/", {})
        assert (second.status, second.body) == (404, squeezed)
    assert b"ookie" not in server.requests[1]


async def test_a_chunked_answer_is_put_together(requests: Requests) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    async with raw_server(chunked) as server:
        assert (await requests.send("GET", server.url, {})).body == b"abc"


async def test_a_large_body_arrives_whole(requests: Requests) -> None:
    body = bytes(range(256)) * 4 * 4096
    async with raw_server(KEPT) as server:
        await requests.send("POST", server.url, {}, body)
    head, _, sent = server.requests[0].partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert sent == body


async def test_a_connection_is_kept_and_used_again(requests: Requests) -> None:
    async with raw_server(KEPT, KEPT, KEPT) as server:
        for _ in range(3):
            await requests.send("POST", server.url, {}, b"1")
    assert (len(server.requests), server.connections) == (3, 1)


async def test_no_proxy_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, requests: Requests, ports: Callable[[int], list[int]]
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{ports(1)[0]}")
    monkeypatch.delenv("no_proxy", raising=False)
    async with raw_server(KEPT) as server:
        assert (await requests.send("GET", server.url, {})).body == b"kept"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_without_a_connection_it_was_not_sent(
    method: Method, requests: Requests, ports: Callable[[int], list[int]]
) -> None:
    (port,) = ports(1)
    with pytest.raises(NotSentError, match=f"^no connection to 127.0.0.1:{port}: ConnectionRefusedError$"):
        await requests.send(method, f"http://127.0.0.1:{port}/guest%7Cann", {})


@pytest.mark.parametrize("lost", LOST)
async def test_a_write_without_a_complete_answer_is_sent_once_and_may_have_arrived(
    requests: Requests, lost: str
) -> None:
    async with raw_server(LOST[lost], KEPT) as server:
        with pytest.raises(AnswerLostError):
            await requests.send("POST", server.url, {}, b"1")
    assert len(server.requests) == 1


async def test_a_write_on_a_kept_connection_that_breaks_is_sent_once(requests: Requests) -> None:
    async with raw_server(KEPT, DROPPED, KEPT) as server:
        await requests.send("POST", server.url, {}, b"1")
        with pytest.raises(AnswerLostError):
            await requests.send("POST", server.url, {}, b"2")
    assert (len(server.requests), server.connections) == (2, 1)


async def test_a_read_on_a_kept_connection_that_breaks_is_sent_again(requests: Requests) -> None:
    async with raw_server(KEPT, DROPPED, KEPT) as server:
        await requests.send("GET", server.url, {})
        assert await requests.send("GET", server.url, {}) == Answer(200, {"content-length": "4"}, b"kept")
    assert (len(server.requests), server.connections) == (3, 2)


async def test_an_answer_that_does_not_come_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch, requests: Requests
) -> None:
    async with raw_server(b"") as server:
        time = LoopTime(monkeypatch)
        sent = asyncio.create_task(requests.send("POST", server.url, {}, b"1"))
        await until(lambda: len(server.requests) == 1)
        await time.skip(40)
        with pytest.raises(AnswerLostError):
            await sent


async def test_a_request_that_waits_long_for_a_free_connection_was_not_sent(
    monkeypatch: pytest.MonkeyPatch, requests: Requests
) -> None:
    async with raw_server(*[b""] * 64) as server:
        time = LoopTime(monkeypatch)
        ahead = [asyncio.create_task(requests.send("POST", server.url, {}, b"1")) for _ in range(64)]
        await until(lambda: len(server.requests) == 64)
        late = asyncio.create_task(requests.send("POST", server.url, {}, b"2"))
        await time.skip(0)
        await time.skip(5)
        with pytest.raises(NotSentError):
            await late
        assert not any(each.done() for each in ahead)
        for each in ahead:
            each.cancel()
    assert len(server.requests) == 64


async def test_requests_at_once_do_not_wait_for_each_other(requests: Requests) -> None:
    together = asyncio.Barrier(20)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await together.wait()
        writer.write(KEPT)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, asyncio.timeout(30):
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        answers = await asyncio.gather(*(requests.send("GET", url, {}) for _ in range(20)))
    assert [each.body for each in answers] == [b"kept"] * 20


async def test_closed_before_the_first_request_nothing_happens() -> None:
    await Requests().close()


async def test_over_tls_the_server_must_be_who_it_says(
    monkeypatch: pytest.MonkeyPatch, requests: Requests, tmp_path: Path
) -> None:
    certificate, server_side = self_signed(tmp_path)
    async with raw_server(KEPT, tls=server_side) as server:
        with pytest.raises(NotSentError, match="SSLCertVerificationError"):
            await requests.send("GET", server.url, {})
        monkeypatch.setattr("muneris.cloud.wire.requests._tls", lambda: trusting(certificate))
        async with open_requests() as others:
            assert (await others.send("GET", server.url, {})).body == b"kept"


def self_signed(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for loopback, and the server's side of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(certificate.public_bytes(Encoding.PEM) + secret)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return path, context


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


async def test_a_connection_that_was_idle_for_long_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch, requests: Requests
) -> None:
    async with raw_server(KEPT, KEPT) as server:
        await requests.send("POST", server.url, {}, b"1")
        await LoopTime(monkeypatch).skip(16)
        await requests.send("POST", server.url, {}, b"2")
    assert (len(server.requests), server.connections) == (2, 2)


async def test_an_answer_that_ends_its_connection_is_whole(requests: Requests) -> None:
    last = Cut(answer("200 OK", b"last", "Connection: close"))
    async with raw_server(last, KEPT) as server:
        assert (await requests.send("POST", server.url, {}, b"1")).body == b"last"
        assert (await requests.send("POST", server.url, {}, b"2")).body == b"kept"
    assert server.connections == 2


@pytest.mark.parametrize("arrived", [40, None], ids=["its beginning", "all of it"])
async def test_what_nobody_asked_for_answers_nothing(requests: Requests, arrived: int | None) -> None:
    unasked = answer("404 Not Found", b"nobody's", "X-Whose: nobody's")[:arrived]
    async with raw_server(KEPT + unasked, answer("200 OK", b"mine")) as server:
        assert await requests.send("POST", server.url, {}, b"1") == Answer(
            200, {"content-length": "4"}, b"kept"
        )
        assert (await requests.send("POST", server.url, {}, b"2")).body == b"mine"
    assert server.connections == 2


async def test_who_leaves_takes_its_connection_along(requests: Requests) -> None:
    async with raw_server(b"", answer("200 OK", b"mine")) as server:
        leaving = asyncio.create_task(requests.send("POST", server.url, {}, b"1"))
        await until(lambda: len(server.requests) == 1)
        leaving.cancel()
        assert (await requests.send("POST", server.url, {}, b"2")).body == b"mine"
    assert server.connections == 2
