"""What queues keep, show, hide and give back."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.contract.queues.names import Names

from muneris.cloud.queues import Queues
from muneris.cloud.queues.queue import MOST_AT_ONCE


async def texts(queues: Queues, name: str) -> list[str]:
    return [message.text for message in await queues.peek(name)]


async def test_every_queue_is_named(queues: Queues, names: Names) -> None:
    assert set(names) <= set(await queues.names())


async def test_what_is_put_is_seen_as_it_was_put(queues: Queues, names: Names) -> None:
    await queues.put(names.plain, "eyJhIjogMX0=")
    (message,) = await queues.peek(names.plain)
    assert (message.text, message.receipt) == ("eyJhIjogMX0=", "")
    assert abs(datetime.now(UTC) - message.inserted_at) < timedelta(seconds=30)
    assert message.expires_at - message.inserted_at == timedelta(days=7)
    assert await queues.length(names.plain) == 1
    assert await texts(queues, names.inbox) == []


async def test_what_is_received_is_hidden_until_it_is_released(queues: Queues, names: Names) -> None:
    await queues.put(names.plain, "a")
    (received,) = await queues.receive(names.plain, 60)
    assert received.receipt
    assert (await queues.peek(names.plain), await queues.receive(names.plain, 60)) == ([], [])
    assert await queues.length(names.plain) == 1
    await queues.release(names.plain, received)
    (seen,) = await queues.peek(names.plain)
    assert (seen.id, seen.text) == (received.id, "a")


async def test_what_is_deleted_is_gone(queues: Queues, names: Names) -> None:
    for text in ("a", "b"):
        await queues.put(names.plain, text)
    received = {message.text: message for message in await queues.receive(names.plain, 60)}
    await queues.delete(names.plain, received["a"])
    await queues.release(names.plain, received["b"])
    assert await texts(queues, names.plain) == ["b"]


@pytest.mark.parametrize("change", ["delete", "release"])
async def test_who_lost_a_message_changes_nothing_of_it(queues: Queues, names: Names, change: str) -> None:
    await queues.put(names.plain, "a")
    (lost,) = await queues.receive(names.plain, 60)
    await queues.release(names.plain, lost)
    (held,) = await queues.receive(names.plain, 60)
    await getattr(queues, change)(names.plain, lost)
    assert await queues.peek(names.plain) == []
    assert await queues.length(names.plain) == 1
    await queues.delete(names.plain, held)
    assert await queues.length(names.plain) == 0
    await getattr(queues, change)(names.plain, held)


async def test_at_most_so_many_are_seen_or_received_at_once(queues: Queues, names: Names) -> None:
    for number in range(MOST_AT_ONCE + 1):
        await queues.put(names.plain, str(number))
    assert len(await queues.peek(names.plain)) == MOST_AT_ONCE
    assert len(await queues.receive(names.plain, 60)) == MOST_AT_ONCE
    assert len(await queues.receive(names.plain, 60)) == 1
