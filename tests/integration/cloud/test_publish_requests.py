"""What a publisher sends, byte for byte, as the Azure SDK sends it; and what it makes of each answer."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from azure.core.credentials import AzureKeyCredential
from azure.core.messaging import CloudEvent
from azure.core.pipeline.transport import AioHttpTransport
from azure.eventgrid.aio import EventGridPublisherClient
from tests.raw_http import Cut, answer, raw_server
from tests.tables import open_requests
from tests.tenants import ManualClock

from muneris.cloud.events import Event, EventsUnavailableError
from muneris.cloud.events.azure import AzurePublisher, Topic
from muneris.cloud.events.event import MAX_DATA, MAX_EVENTS
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.wire.authorization import AccessKey
from muneris.cloud.wire.refusal import RequestRefusedError
from muneris.cloud.wire.requests import Requests

SOURCE = "/muneris/api1/orders"
AT = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
EVENT = Event("muneris.orders.submitted", "NOR-CPH01/1", "1-1", {"a": "ø", "n": 2})
TAKEN = answer("200 OK")
MAX_REQUEST = 1024 * 1024
"""Bytes of a publish request ("Event Grid quotas and limits")."""


@pytest.fixture
async def requests() -> AsyncIterator[Requests]:
    async with open_requests() as requests:
        yield requests


def publisher_at(url: str, requests: Requests, attempts: int = 1) -> AzurePublisher:
    topic = Topic(f"{url}/api/events", AccessKey(AzureKeyCredential("the key")))
    policy = RetryPolicy(attempts=attempts, chance=lambda: 0.0)
    return AzurePublisher(topic, SOURCE, requests, policy, ManualClock(AT))


async def test_events_are_one_lean_request(requests: Requests) -> None:
    async with raw_server(TAKEN) as server:
        await publisher_at(server.url, requests).publish([EVENT])
    body = (
        '[{"specversion":"1.0","id":"1-1","source":"/muneris/api1/orders",'
        '"type":"muneris.orders.submitted","subject":"NOR-CPH01/1",'
        '"time":"2026-11-21T12:00:00.123456Z","data":{"a":"ø","n":2}}]'
    ).encode()
    head = (
        "POST /api/events?api-version=2018-01-01 HTTP/1.1\r\n"
        f"Host: {server.url.removeprefix('http://')}\r\n"
        "Content-Type: application/cloudevents-batch+json; charset=utf-8\r\n"
        "aeg-sas-key: the key\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    assert server.requests == [head.encode() + body]


async def test_the_sdk_sends_the_same(requests: Requests) -> None:
    async with raw_server(TAKEN, TAKEN) as server:
        async with EventGridPublisherClient(
            f"{server.url}/api/events",
            AzureKeyCredential("the key"),
            transport=AioHttpTransport(use_env_settings=False),
        ) as sdk:
            data = dict(EVENT.data)
            event = CloudEvent(SOURCE, EVENT.type, id=EVENT.id, subject=EVENT.subject, data=data, time=AT)
            await sdk.send([event])
        await publisher_at(server.url, requests).publish([EVENT])
    (theirs, their_body), (ours, our_body) = [each.split(b"\r\n\r\n") for each in server.requests]
    assert json.loads(our_body) == json.loads(their_body)
    assert ours.splitlines()[0] == theirs.splitlines()[0]
    assert set(ours.splitlines()) - set(theirs.splitlines()) <= {b"Content-Length: %d" % len(our_body)}


async def test_many_events_are_several_requests(requests: Requests) -> None:
    events = [Event(EVENT.type, EVENT.subject, f"{number}", {}) for number in range(2 * MAX_EVENTS + 1)]
    async with raw_server(TAKEN, TAKEN, TAKEN) as server:
        await publisher_at(server.url, requests).publish(events)
    sent = [json.loads(each.partition(b"\r\n\r\n")[2]) for each in server.requests]
    assert [len(batch) for batch in sent] == [MAX_EVENTS, MAX_EVENTS, 1]
    assert [each["id"] for batch in sent for each in batch] == [event.id for event in events]


async def test_a_request_of_the_largest_events_is_not_too_large(requests: Requests) -> None:
    largest = {"a": "x" * (MAX_DATA - len('{"a": ""}'))}
    events = [Event(EVENT.type, "s" * 200, f"{'i' * 200}{number}", largest) for number in range(MAX_EVENTS)]
    async with raw_server(TAKEN) as server:
        await publisher_at(server.url, requests).publish(events)
    assert len(server.requests[0].partition(b"\r\n\r\n")[2]) < MAX_REQUEST


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (answer("401 Unauthorized", b'{"error":{"code":"Unauthorized"}}'), "401 Unauthorized"),
        (answer("404 Not Found"), "404"),
        (answer("429 Too Many Requests"), "429"),
        (answer("503 Service Unavailable"), "503"),
        (answer("202 Accepted"), "202"),
        (Cut(b""), "no answer from 127.0.0.1"),
    ],
)
async def test_what_may_pass_means_that_they_may_have_to_be_said_again(
    requests: Requests, given: bytes, said: str
) -> None:
    async with raw_server(given) as server:
        with pytest.raises(EventsUnavailableError, match=f"^{said}") as raised:
            await publisher_at(server.url, requests).publish([EVENT])
    assert "the key" not in str(raised.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (answer("400 Bad Request", b'{"error":{"code":"BadRequest","message":"No."}}'), "400 BadRequest"),
        (answer("413 Payload Too Large"), "413"),
    ],
)
async def test_what_is_refused_for_its_content_is_sent_once(
    requests: Requests, given: bytes, said: str
) -> None:
    async with raw_server(given, TAKEN) as server:
        with pytest.raises(RequestRefusedError, match=f"^{said}$"):
            await publisher_at(server.url, requests, attempts=3).publish([EVENT])
    assert len(server.requests) == 1


async def test_they_are_said_again_within_the_policy(requests: Requests) -> None:
    async with raw_server(answer("503 Service Unavailable"), Cut(b""), TAKEN) as server:
        await publisher_at(server.url, requests, attempts=3).publish([EVENT])
    assert len(set(server.requests)) == 1
    assert len(server.requests) == 3
