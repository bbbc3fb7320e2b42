"""Poison when something fails half-way: put back twice at worst, and never out of sight for good."""

import asyncio

import pytest

from muneris.cloud.queues import Message, PoisonQueues, QueuesUnavailableError
from muneris.cloud.queues.memory import MemoryQueues
from muneris.core.clock import SystemClock
from muneris.core.problems import ProblemError

INBOX, POISON = "inbox", "inbox-poison"


class SlowQueues(MemoryQueues):
    """Queues that take their time to take a message, and refuse `a`."""

    async def put(self, queue: str, text: str) -> None:
        if queue == INBOX and text == "a":
            raise QueuesUnavailableError("down")
        for _ in range(5):
            await asyncio.sleep(0)
        await super().put(queue, text)


class FailingQueues(MemoryQueues):
    """Queues of which one operation fails."""

    fails = ""

    async def put(self, queue: str, text: str) -> None:
        self._may_fail("put")
        await super().put(queue, text)

    async def delete(self, queue: str, message: Message) -> None:
        self._may_fail("delete")
        await super().delete(queue, message)

    def _may_fail(self, operation: str) -> None:
        if operation == self.fails:
            raise QueuesUnavailableError("down")


@pytest.fixture
async def queues() -> FailingQueues:
    queues = FailingQueues(SystemClock(), INBOX, POISON)
    for text in ("a", "b"):
        await queues.put(POISON, text)
    return queues


async def test_what_is_not_put_back_stays_poison(queues: FailingQueues) -> None:
    queues.fails = "put"
    with pytest.raises(QueuesUnavailableError):
        await PoisonQueues(queues).redrive(INBOX)
    assert (await queues.length(POISON), await queues.length(INBOX)) == (2, 0)


async def test_what_is_put_back_and_not_removed_is_there_twice(queues: FailingQueues) -> None:
    queues.fails = "delete"
    with pytest.raises(QueuesUnavailableError):
        await PoisonQueues(queues).redrive(INBOX)
    assert (await queues.length(POISON), await queues.length(INBOX)) == (2, 2)


async def test_the_others_are_in_sight_again_though_the_one_failed(queues: FailingQueues) -> None:
    first, second = await queues.peek(POISON)
    queues.fails = "put"
    with pytest.raises(QueuesUnavailableError):
        await PoisonQueues(queues).redrive(INBOX, first.id)
    assert [message.id for message in await queues.peek(POISON)] == [second.id]


async def test_who_was_told_that_one_failed_finds_the_others_done() -> None:
    queues = SlowQueues(SystemClock(), INBOX, POISON)
    for text in ("a", "b"):
        await queues.put(POISON, text)
    with pytest.raises(QueuesUnavailableError):
        await PoisonQueues(queues).redrive(INBOX)
    assert [message.text for message in await queues.peek(INBOX)] == ["b"]
    assert await queues.length(POISON) == 1


async def test_poison_is_not_put_back_into_a_queue_that_is_gone() -> None:
    queues = MemoryQueues(SystemClock(), POISON)
    await queues.put(POISON, "a")
    with pytest.raises(ProblemError) as refusal:
        await PoisonQueues(queues).redrive(INBOX)
    assert refusal.value.type.code == "queue_not_found"
    assert [message.text for message in await queues.peek(POISON)] == ["a"]
    assert await PoisonQueues(queues).drop(INBOX) == 1
