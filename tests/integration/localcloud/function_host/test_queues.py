import base64
from collections.abc import Awaitable, Callable

import pytest_asyncio
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue.aio import QueueClient, QueueServiceClient
from tests.integration.localcloud.function_host.harness import HostProcess, Recorder, until

type StartHost = Callable[..., Awaitable[HostProcess]]


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def contents(queue: QueueClient, count: int) -> list[str]:
    """Wait for as many messages; a queue that the host creates may not exist yet."""
    seen: list[str] = []

    async def are_there() -> bool:
        try:
            seen.extend([message.content async for message in queue.receive_messages()])
        except ResourceNotFoundError:
            return False
        return len(seen) >= count

    await until(are_there)
    return seen


async def is_empty(queue: QueueClient) -> bool:
    return (await queue.get_queue_properties()).approximate_message_count == 0


@pytest_asyncio.fixture
async def work(storage: QueueServiceClient, settings: dict[str, str]) -> QueueClient:
    return await storage.create_queue(settings["WORK_QUEUE"])


@pytest_asyncio.fixture
async def result(storage: QueueServiceClient, settings: dict[str, str]) -> QueueClient:
    return storage.get_queue_client(settings["RESULT_QUEUE"])


@pytest_asyncio.fixture
async def poison(storage: QueueServiceClient, settings: dict[str, str]) -> QueueClient:
    return storage.get_queue_client(settings["WORK_QUEUE"] + "-poison")


async def test_a_message_runs_its_output_is_sent_and_it_is_deleted(
    start_host: StartHost, recorder: Recorder, work: QueueClient, result: QueueClient
) -> None:
    sent = await work.send_message(encoded("smørrebrød"))
    await start_host()
    call = await recorder.next()
    assert call.facts["body"] == "smørrebrød"
    assert call.facts["attempt"] == 1
    assert sent.inserted_on is not None
    assert call.facts["inserted"] == sent.inserted_on.isoformat()
    call.succeed()
    assert await contents(result, 1) == [encoded("SMØRREBRØD")]
    await until(lambda: is_empty(work))


async def test_return_values_and_lists_are_sent(start_host: StartHost, result: QueueClient) -> None:
    host = await start_host()
    assert (await host.request("POST", "/api/send", b"one"))[0] == 204
    assert (await host.request("POST", "/api/send-many", b"two three"))[0] == 202
    assert sorted(await contents(result, 3)) == sorted([encoded("one"), encoded("two"), encoded("three")])


async def test_a_failing_message_is_poison_after_exactly_the_maximum(
    start_host: StartHost, recorder: Recorder, work: QueueClient, poison: QueueClient
) -> None:
    await work.send_message(encoded("bad"))
    await start_host()
    attempts = []
    for _ in range(3):
        call = await recorder.next()
        attempts.append(call.facts["attempt"])
        call.fail()
    assert await contents(poison, 1) == [encoded("bad")]
    assert attempts == [1, 2, 3]
    await until(lambda: is_empty(work))
    assert recorder.is_quiet


async def test_an_undecodable_message_is_poison_and_the_next_one_runs(
    start_host: StartHost, recorder: Recorder, work: QueueClient, poison: QueueClient
) -> None:
    await work.send_message("no base64!")
    await work.send_message(encoded("good"))
    await start_host()
    call = await recorder.next()
    assert call.facts["body"] == "good"
    call.succeed()
    assert await contents(poison, 1) == ["no base64!"]
    assert recorder.is_quiet


async def test_a_failing_message_of_a_poison_queue_stays_there(
    start_host: StartHost, recorder: Recorder, storage: QueueServiceClient, unique: Callable[[str], str]
) -> None:
    name = unique("work") + "-poison"
    queue = await storage.create_queue(name)
    await queue.send_message(encoded("bad"))
    await start_host({"WORK_QUEUE": name}, lease_seconds=1)
    for attempt in range(1, 5):
        call = await recorder.next()
        assert call.facts["attempt"] == attempt
        call.fail()
    assert [each.name async for each in storage.list_queues(name_starts_with=name)] == [name]


async def test_plain_text_messages(
    start_host: StartHost, recorder: Recorder, work: QueueClient, result: QueueClient
) -> None:
    await start_host({"AzureFunctionsJobHost__extensions__queues__messageEncoding": "none"})
    await work.send_message("<plain>")
    call = await recorder.next()
    assert call.facts["body"] == "<plain>"
    call.succeed()
    assert await contents(result, 1) == ["<PLAIN>"]


async def test_a_function_longer_than_the_lease_runs_once(
    start_host: StartHost, recorder: Recorder, work: QueueClient, result: QueueClient
) -> None:
    sent = await work.send_message(encoded("long"))
    await start_host(lease_seconds=1)
    call = await recorder.next()

    async def lease_would_be_over_twice() -> bool:
        canary = await work.send_message(encoded("canary"))
        canary_call = await recorder.next()
        assert canary_call.facts["body"] == "canary"
        canary_call.succeed()
        assert canary.inserted_on is not None
        assert sent.inserted_on is not None
        return (canary.inserted_on - sent.inserted_on).total_seconds() > 3

    await until(lease_would_be_over_twice)
    assert recorder.is_quiet
    call.succeed()

    async def long_is_sent() -> bool:
        return encoded("LONG") in await contents(result, 1)

    await until(long_is_sent)
    await until(lambda: is_empty(work))
    assert recorder.is_quiet


async def test_a_killed_host_redelivers_after_the_lease(
    start_host: StartHost, recorder: Recorder, work: QueueClient, result: QueueClient
) -> None:
    await work.send_message(encoded("survivor"))
    host = await start_host(lease_seconds=2)
    await recorder.next()
    await host.kill()
    await start_host(lease_seconds=2)
    call = await recorder.next()
    assert (call.facts["body"], call.facts["attempt"]) == ("survivor", 2)
    call.succeed()
    assert await contents(result, 1) == [encoded("SURVIVOR")]


async def test_a_queue_that_is_missing_at_first_is_served_later(
    start_host: StartHost, recorder: Recorder, storage: QueueServiceClient, settings: dict[str, str]
) -> None:
    await start_host()
    queue = await storage.create_queue(settings["WORK_QUEUE"])
    await queue.send_message(encoded("late"))
    call = await recorder.next()
    assert call.facts["body"] == "late"
    call.succeed()
    await until(lambda: is_empty(queue))


async def test_a_stopping_host_lets_a_running_message_finish(
    start_host: StartHost, recorder: Recorder, work: QueueClient, result: QueueClient
) -> None:
    await work.send_message(encoded("last"))
    host = await start_host(stop_grace_seconds=30)
    call = await recorder.next()
    host.process.terminate()
    call.succeed()
    assert await host.wait() == 0
    assert await contents(result, 1) == [encoded("LAST")]
    assert await is_empty(work)
