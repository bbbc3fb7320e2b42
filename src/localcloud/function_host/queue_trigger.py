"""Runs a queue function for every message of its queue (storage queues extension, QueueListener)."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from localcloud.function_host import message_encoding
from localcloud.function_host.backoff import PollingBackoff
from localcloud.function_host.bindings import Function, QueueTrigger
from localcloud.function_host.host_json import QueueOptions
from localcloud.function_host.invocation import Invoker
from localcloud.function_host.message_encoding import UndecodableMessageError
from localcloud.function_host.payloads import JsonText
from localcloud.function_host.storage import Storage, send_creating_queue

_log = logging.getLogger(__name__)
_POISON = "-poison"
_LONGEST_QUEUE_NAME = 63
_RECEIPT_CHANGED = {400, 404}
"""Storage answers PopReceiptMismatch or MessageNotFound: another host has received the message since."""
_FASTER = 4


class QueueListener:
    """Polls one queue and runs up to `batchSize` + `newBatchThreshold` messages at once.

    A missing queue or a failing server makes it back off. A message that fails becomes visible again after
    `visibilityTimeout`; at `maxDequeueCount` it is moved to `<queue>-poison`.
    """

    def __init__(
        self,
        function: Function[QueueTrigger],
        invoker: Invoker,
        storage: Storage,
        options: QueueOptions,
        *,
        lease_seconds: float,
        grace_seconds: float,
    ) -> None:
        self._function = function
        self._trigger = function.trigger
        self._invoker = invoker
        self._storage = storage
        self._options = options
        self._lease = max(1, round(lease_seconds))
        self._grace = grace_seconds
        self._running: set[asyncio.Task[None]] = set()
        self._answers = True
        self._has_room = asyncio.Event()
        self._has_room.set()

    async def run(self) -> None:
        """Listen until cancelled, then finish the running messages for a moment."""
        queue = await self._storage.queue(self._trigger.queue, self._trigger.connection)
        backoff = PollingBackoff(self._options.max_polling_interval)
        try:
            while True:
                await self._has_room.wait()
                messages = await self._receive(queue)
                for message in messages:
                    self._start(queue, message)
                if messages:
                    backoff.reset()
                else:
                    await asyncio.sleep(backoff.next_seconds())
        finally:
            await self._finish()

    async def _receive(self, queue: QueueClient) -> list[QueueMessage]:
        pages = queue.receive_messages(
            messages_per_page=self._options.batch_size, visibility_timeout=self._lease
        ).by_page()
        try:
            page = await anext(pages, None)
            messages = [message async for message in page] if page else []
        except AzureError as error:
            level = logging.WARNING if self._answers else logging.DEBUG  # one warning an outage
            _log.log(level, "The queue '%s' does not answer: %s", self._trigger.queue, error)
            self._answers = False
            return []
        self._answers = True
        return messages

    def _start(self, queue: QueueClient, message: QueueMessage) -> None:
        task = asyncio.create_task(self._process(queue, message), name=f"queue {self._trigger.queue}")
        self._running.add(task)
        task.add_done_callback(self._ended)
        self._set_room()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._set_room()

    def _set_room(self) -> None:
        if len(self._running) <= self._options.fetch_below:
            self._has_room.set()
        else:
            self._has_room.clear()

    async def _finish(self) -> None:
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=self._grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _process(self, queue: QueueClient, message: QueueMessage) -> None:
        received = message.dequeue_count or 1
        try:
            if received > self._options.max_dequeue_count and self._poison_name:
                await self._move_to_poison(queue, message)
            elif await self._succeeds(queue, message):
                await queue.delete_message(message)
            elif self._poison_name:
                await self._give_back(queue, message, received)
        except HttpResponseError as error:
            level = logging.DEBUG if error.status_code in _RECEIPT_CHANGED else logging.WARNING
            _log.log(level, "Message %s of '%s' will run again: %s", message.id, queue.queue_name, error)
        except AzureError as error:
            _log.warning("Message %s of '%s' will run again: %s", message.id, queue.queue_name, error)

    async def _give_back(self, queue: QueueClient, message: QueueMessage, received: int) -> None:
        if received < self._options.max_dequeue_count:
            await _set_visible_in(queue, message, self._options.visibility_timeout)
        else:
            await self._move_to_poison(queue, message)

    async def _succeeds(self, queue: QueueClient, message: QueueMessage) -> bool:
        try:
            body = message_encoding.decode(message.content, self._options.message_encoding)
        except UndecodableMessageError as error:
            _log.error("Message %s of '%s': %s", message.id, queue.queue_name, error)
            return False
        async with self._kept_invisible(queue, message):
            outcome = await self._invoker.invoke(self._function, body, metadata=_metadata(message))
        return outcome.error is None

    @asynccontextmanager
    async def _kept_invisible(self, queue: QueueClient, message: QueueMessage) -> AsyncIterator[None]:
        """Renew the message's lease at half-time; on leaving, a renewal under way is waited for."""
        done = asyncio.Event()
        renewing = asyncio.create_task(self._renew_until(done, queue, message))
        try:
            yield
        finally:
            done.set()
            await renewing

    async def _renew_until(self, done: asyncio.Event, queue: QueueClient, message: QueueMessage) -> None:
        wait = self._lease / 2
        while True:
            try:
                async with asyncio.timeout(wait):
                    await done.wait()
            except TimeoutError:
                wait = self._lease / 2 if await self._renew(queue, message) else wait / _FASTER
            else:
                return

    async def _renew(self, queue: QueueClient, message: QueueMessage) -> bool:
        try:
            await _set_visible_in(queue, message, self._lease)
        except AzureError as error:
            _log.warning("Message %s of '%s' was not renewed: %s", message.id, queue.queue_name, error)
            return False
        return True

    @property
    def _poison_name(self) -> str | None:
        """None where Azure keeps no poison queue: the message then stays invisible until its lease ends."""
        name = self._trigger.queue
        if name.endswith(_POISON) or len(name) + len(_POISON) > _LONGEST_QUEUE_NAME:
            return None
        return name + _POISON

    async def _move_to_poison(self, queue: QueueClient, message: QueueMessage) -> None:
        assert self._poison_name is not None  # noqa: S101 - the caller asked
        _log.error("Message %s of '%s' has failed too often: moved to poison", message.id, queue.queue_name)
        poison = await self._storage.queue(self._poison_name, self._trigger.connection)
        await send_creating_queue(poison, message.content)
        await queue.delete_message(message)


async def _set_visible_in(queue: QueueClient, message: QueueMessage, seconds: float) -> None:
    """Change when a message is visible; its content stays and its pop receipt changes."""
    updated = await queue.update_message(message.id, message.pop_receipt, visibility_timeout=round(seconds))
    message.pop_receipt = updated.pop_receipt


def _metadata(message: QueueMessage) -> dict[str, JsonText | str]:
    """The trigger metadata's names and formats: times are JSON strings."""
    return {
        "QueueTrigger": message.content,
        "DequeueCount": str(message.dequeue_count),
        "Id": message.id,
        "PopReceipt": message.pop_receipt or "",
        "InsertionTime": _json_time(message.inserted_on),
        "ExpirationTime": _json_time(message.expires_on),
        "NextVisibleTime": _json_time(message.next_visible_on),
    }


def _json_time(moment: datetime | None) -> JsonText:
    return JsonText(f'"{moment.isoformat()}"' if moment else "null")
