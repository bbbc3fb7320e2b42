"""Poison is shown, put back and removed, and none of it is lost."""

import asyncio
from collections import Counter

import pytest
from tests.contract.queues.names import Names

from muneris.cloud.queues import PoisonQueues, Queues
from muneris.cloud.queues import poison as poisonous
from muneris.core.problems import ProblemError


async def fill(queues: Queues, names: Names, count: int) -> dict[str, str]:
    """So many poison messages: ids by text, of those that are seen."""
    for number in range(count):
        await queues.put(names.poison, f"m{number}")
    return {message.text: message.id for message in await queues.peek(names.poison)}


async def all_texts(queues: Queues, name: str) -> Counter[str]:
    """Everything that can be received of a queue."""
    found = Counter[str]()
    while received := await queues.receive(name, 60):
        found.update(message.text for message in received)
    return found


async def test_lengths_are_by_the_queue_that_poison_came_from(
    poison: PoisonQueues, queues: Queues, names: Names
) -> None:
    await fill(queues, names, 2)
    await queues.put(names.inbox, "healthy")
    lengths = await poison.lengths()
    assert lengths[names.inbox] == 2
    assert names.plain not in lengths
    assert names.poison not in lengths


async def test_poison_is_seen_whole(poison: PoisonQueues, queues: Queues, names: Names) -> None:
    ids = await fill(queues, names, 2)
    assert {message.text: message.id for message in await poison.messages(names.inbox)} == ids
    assert (await poison.get_message(names.inbox, ids["m1"])).text == "m1"


async def test_one_message_is_put_back_and_the_others_stay_in_sight(
    poison: PoisonQueues, queues: Queues, names: Names
) -> None:
    ids = await fill(queues, names, 3)
    assert await poison.redrive(names.inbox, ids["m1"]) == 1
    assert {message.text for message in await queues.peek(names.poison)} == {"m0", "m2"}
    assert await queues.length(names.poison) == 2
    assert [message.text for message in await queues.peek(names.inbox)] == ["m1"]


async def test_one_message_is_removed(poison: PoisonQueues, queues: Queues, names: Names) -> None:
    ids = await fill(queues, names, 2)
    assert await poison.drop(names.inbox, ids["m0"]) == 1
    assert [message.text for message in await queues.peek(names.poison)] == ["m1"]
    assert await queues.peek(names.inbox) == []


async def test_a_message_far_back_is_found(poison: PoisonQueues, queues: Queues, names: Names) -> None:
    for number in range(40):
        await queues.put(names.poison, f"m{number}")
    received = [*await queues.receive(names.poison, 60), *await queues.receive(names.poison, 60)]
    for message in received:
        await queues.release(names.poison, message)
    last = received[-1]
    assert await poison.redrive(names.inbox, last.id) == 1
    assert [message.text for message in await queues.peek(names.inbox)] == [last.text]
    assert await all_texts(queues, names.poison) == Counter(m.text for m in received if m.id != last.id)


async def test_all_of_it_is_put_back(poison: PoisonQueues, queues: Queues, names: Names) -> None:
    await fill(queues, names, 70)
    assert await poison.redrive(names.inbox) == 70
    assert await queues.length(names.poison) == 0
    assert await all_texts(queues, names.inbox) == Counter(f"m{number}" for number in range(70))


async def test_all_of_it_is_removed(poison: PoisonQueues, queues: Queues, names: Names) -> None:
    await fill(queues, names, 40)
    assert await poison.drop(names.inbox) == 40
    assert (await queues.length(names.poison), await queues.length(names.inbox)) == (0, 0)
    assert (await poison.drop(names.inbox), await poison.redrive(names.inbox)) == (0, 0)


@pytest.mark.parametrize("command", ["redrive", "drop"])
async def test_no_more_is_taken_than_was_said(
    poison: PoisonQueues, queues: Queues, names: Names, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(poisonous, "MOST_TAKEN", 35)
    await fill(queues, names, 40)
    assert await getattr(poison, command)(names.inbox) == 35
    assert await queues.length(names.inbox) == (35 if command == "redrive" else 0)
    assert (await all_texts(queues, names.poison)).total() == 5


async def test_of_two_who_put_it_back_at_once_each_message_is_one_persons(
    poison: PoisonQueues, queues: Queues, names: Names
) -> None:
    await fill(queues, names, 20)
    counts = await asyncio.gather(poison.redrive(names.inbox), poison.redrive(names.inbox))
    assert sum(counts) == 20
    assert await all_texts(queues, names.inbox) == Counter(f"m{number}" for number in range(20))


@pytest.mark.parametrize("command", ["get_message", "redrive", "drop"])
async def test_an_unknown_message_is_not_found_and_the_others_stay(
    poison: PoisonQueues, queues: Queues, names: Names, command: str
) -> None:
    ids = await fill(queues, names, 2)
    with pytest.raises(ProblemError) as refusal:
        await getattr(poison, command)(names.inbox, "00000000-0000-4000-8000-000000000000")
    assert refusal.value.type.code == "message_not_found"
    assert {message.text: message.id for message in await queues.peek(names.poison)} == ids
    assert await queues.length(names.inbox) == 0


@pytest.mark.parametrize("command", ["messages", "redrive", "drop"])
@pytest.mark.parametrize("queue", ["plain", "poison"])
async def test_what_has_no_poison_is_not_found(
    poison: PoisonQueues, queues: Queues, names: Names, command: str, queue: str
) -> None:
    await fill(queues, names, 1)
    with pytest.raises(ProblemError) as refusal:
        await getattr(poison, command)(getattr(names, queue))
    assert refusal.value.type.code == "queue_not_found"
    assert await queues.length(names.poison) == 1
