import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.core.messaging import CloudEvent
from azure.eventgrid.aio import EventGridPublisherClient
from azure.storage.blob.aio import ContainerClient
from azure.storage.queue.aio import QueueClient
from tests.serving import running

from localcloud.azurite import StorageAddress
from localcloud.event_grid import EventGridConfig, serve
from localcloud.layout import url
from localcloud.resources import Resources, Subscription, Topic, provision

KEY = "secret"
EVENT_GRID_SCHEMA = {
    "id": "1",
    "subject": "/orders/1",
    "eventType": "a.b",
    "eventTime": "2030-05-04T10:30:00Z",
    "dataVersion": "1",
    "data": 1,
}


class Setup:
    """One topic with one subscription, and its own queue and container in the shared storage account."""

    def __init__(self, storage: StorageAddress, port: int, name: str, journal: Path) -> None:
        self.storage = storage
        self.name = name
        self.config = EventGridConfig(
            port=port,
            key=KEY,
            connection_string=storage.connection_string,
            topics=(self.topic(max_delivery_attempts=30),),
            journal=journal,
            retry_scale=0.001,
        )

    def topic(self, *, max_delivery_attempts: int) -> Topic:
        subscription = Subscription(
            name=self.name,
            queue_name=self.name,
            included_event_types=("a.b",),
            subject_begins_with="/orders/",
            dead_letter_container=self.name,
            max_delivery_attempts=max_delivery_attempts,
        )
        return Topic(name="muneris", subscriptions=(subscription,))

    async def provision(self, *, queue: bool = True) -> None:
        queues = (self.name,) if queue else ()
        declared = Resources.model_construct(tables=(), queues=queues, containers=(self.name,), topics=())
        await provision(declared, self.storage.connection_string)

    def publisher(self, *, key: str = KEY, topic: str = "muneris") -> EventGridPublisherClient:
        endpoint = f"{url(self.config.port)}/topics/{topic}/api/events"
        return EventGridPublisherClient(endpoint, AzureKeyCredential(key), retry_total=0)

    async def received(self, count: int) -> list[dict[str, object]]:
        """The events in the queue, once there are as many as expected."""
        events: list[dict[str, object]] = []
        async with (
            asyncio.timeout(20),
            QueueClient.from_connection_string(self.storage.connection_string, self.name) as queue,
        ):
            while len(events) < count:
                async for message in queue.receive_messages(messages_per_page=32):
                    events.append(json.loads(base64.b64decode(message.content, validate=True)))
                    await queue.delete_message(message)
        return events

    async def dead_letter(self) -> tuple[str, list[dict[str, object]]]:
        """The name and the content of the only dead-letter blob, once there is one."""
        container = ContainerClient.from_connection_string(self.storage.connection_string, self.name)
        async with asyncio.timeout(20), container:
            while True:
                async for name in container.list_blob_names():
                    blob = await container.download_blob(name)
                    return name, json.loads(await blob.readall())

    async def counts(self, wanted: Callable[[dict[str, int]], bool]) -> dict[str, int]:
        """The counts once they are as wanted."""
        async with asyncio.timeout(20):
            while not wanted(counts := await self._counts()):  # noqa: ASYNC110 - another process counts
                await asyncio.sleep(0.01)
            return counts

    async def _counts(self) -> dict[str, int]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{url(self.config.port)}/topics/muneris") as answer,
        ):
            status: dict[str, dict[str, dict[str, int]]] = await answer.json()
            return status["subscriptions"][self.name]


@pytest.fixture
def setup(
    azurite: StorageAddress,
    ports: Callable[[int], list[int]],
    unique: Callable[[str], str],
    tmp_path: Path,
) -> Setup:
    return Setup(azurite, ports(1)[0], unique("events"), tmp_path / "journal")


@pytest.fixture
async def topic(setup: Setup) -> AsyncIterator[Setup]:
    await setup.provision()
    async with running(serve(setup.config), setup.config.port):
        yield setup


def event(*, subject: str = "/orders/1", event_type: str = "a.b", data: object = None) -> CloudEvent[object]:
    extensions = {"region": "api1"}
    return CloudEvent(source="/orders", type=event_type, subject=subject, data=data, extensions=extensions)


async def test_delivers_what_matches_to_the_queue(topic: Setup) -> None:
    wanted = [event(data={"number": number, "text": "é"}) for number in range(40)]
    async with topic.publisher() as publisher:
        await publisher.send([*wanted, event(event_type="a.c"), event(subject="/items/1")])
    received = await topic.received(40)
    assert {each["id"] for each in received} == {each.id for each in wanted}
    (first,) = [each for each in received if each["id"] == wanted[0].id]
    assert {key: first[key] for key in ("specversion", "source", "type", "subject", "data", "region")} == {
        "specversion": "1.0",
        "source": "/orders",
        "type": "a.b",
        "subject": "/orders/1",
        "data": {"number": 0, "text": "é"},
        "region": "api1",
    }
    assert await topic.counts(lambda counts: counts["delivered"] == 40) == {
        "accepted": 40,
        "delivered": 40,
        "retrying": 0,
        "dead_lettered": 0,
        "dropped": 0,
    }


async def test_refuses_a_wrong_key_and_an_unknown_topic(topic: Setup) -> None:
    async with topic.publisher(key="guessed") as publisher:
        with pytest.raises(ClientAuthenticationError):
            await publisher.send(event())
    async with topic.publisher(topic="other") as publisher:
        with pytest.raises(ResourceNotFoundError):
            await publisher.send(event())


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([event(data="x" * 1024 * 1024)], 413),
        ([{"specversion": "1.0", "id": str(n), "source": "s", "type": "a.c"} for n in range(5001)], 413),
        ([{"specversion": "1.0", "id": "1", "source": "s", "type": "a.b", "time": "noon"}], 400),
        ([EVENT_GRID_SCHEMA], 400),
    ],
)
@pytest.mark.filterwarnings("ignore:Sending a large body")
async def test_refuses_what_event_grid_refuses(topic: Setup, events: list[object], status: int) -> None:
    async with topic.publisher() as publisher:
        with pytest.raises(HttpResponseError) as raised:
            await publisher.send(events)
    assert raised.value.status_code == status


async def test_retries_until_the_queue_takes_it(setup: Setup) -> None:
    await setup.provision(queue=False)
    async with running(serve(setup.config), setup.config.port), setup.publisher() as publisher:
        sent = event()
        await publisher.send(sent)
        assert (await setup.counts(lambda counts: counts["retrying"] == 1))["delivered"] == 0
        await setup.provision()
        assert [each["id"] for each in await setup.received(1)] == [sent.id]


async def test_is_busy_while_too_much_waits(setup: Setup) -> None:
    await setup.provision(queue=False)
    config = setup.config.model_copy(update={"most_waiting": 1})
    async with running(serve(config), config.port), setup.publisher() as publisher:
        await publisher.send(event())
        with pytest.raises(HttpResponseError) as raised:
            await publisher.send(event())
        assert (raised.value.status_code, (await setup.counts(bool))["accepted"]) == (503, 1)


async def test_resumes_after_a_restart(setup: Setup) -> None:
    await setup.provision(queue=False)
    sent = event()
    async with running(serve(setup.config), setup.config.port), setup.publisher() as publisher:
        await publisher.send(sent)
        await setup.counts(lambda counts: counts["retrying"] == 1)
    await setup.provision()
    async with running(serve(setup.config), setup.config.port):
        assert [each["id"] for each in await setup.received(1)] == [sent.id]


async def test_dead_letters_what_is_too_large_for_a_message(topic: Setup) -> None:
    sent = event(data="x" * 49 * 1024)
    async with topic.publisher() as publisher:
        await publisher.send(sent)
    name, content = await topic.dead_letter()
    assert re.fullmatch(rf"{topic.name.upper()}/\d{{4}}/\d\d?/\d\d?/\d\d?/[0-9a-f-]{{36}}\.json", name)
    assert [(each["id"], each["deadletterreason"], each["deliveryattempts"]) for each in content] == [
        (sent.id, "PayloadTooLarge", 1)
    ]


async def test_dead_letters_when_the_attempts_are_used_up(setup: Setup) -> None:
    await setup.provision(queue=False)
    config = setup.config.model_copy(update={"topics": (setup.topic(max_delivery_attempts=2),)})
    async with running(serve(config), config.port), setup.publisher() as publisher:
        await publisher.send(event())
        _, (content,) = await setup.dead_letter()
    assert content["deadletterreason"] == "MaxDeliveryAttemptsExceeded"
    assert content["deliveryattempts"] == 2
    assert content["lastdeliveryoutcome"] == "NotFound"
    assert {"publishtime", "lastdeliveryattempttime"} < content.keys()
