"""Queues of a storage account, by the Azure SDK."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.pipeline.transport import AioHttpTransport

from muneris.cloud.queues.queue import MOST_AT_ONCE, Message, QueuesUnavailableError
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.wire.account import StorageAccount
from muneris.cloud.wire.refusal import RequestRefusedError

if TYPE_CHECKING:
    from azure.storage.queue import QueueMessage
    from azure.storage.queue.aio import QueueClient, QueueServiceClient

_RECEIPT_CHANGED = "PopReceiptMismatch"
"""Somebody else received the message since ("Queue service error codes")."""
_TOO_MANY_REQUESTS, _SERVER_ERROR = 429, 500


class AzureQueues:
    """The queues of one account; the SDK is imported by first use, because it takes long."""

    def __init__(self, account: StorageAccount, policy: RetryPolicy) -> None:
        self._account = account
        self._policy = policy

    async def answer(self) -> bool:
        """Whether the service works: asked once.

        Raises:
            QueuesUnavailableError: it does not.
        """
        try:
            await self._service.get_service_properties()
        except AzureError as error:
            raise QueuesUnavailableError(str(error)) from error
        return True

    async def names(self) -> Sequence[str]:
        """Every queue, by name."""

        async def listed() -> list[str]:
            return [queue.name async for queue in self._service.list_queues()]

        return await self._run(listed)

    async def length(self, queue: str) -> int:
        """How many messages a queue has, roughly; hidden ones count."""
        properties = await self._run(self._queue(queue).get_queue_properties)
        return properties.approximate_message_count or 0

    async def peek(self, queue: str) -> Sequence[Message]:
        """The first messages, as they lie there."""
        peeked = await self._run(lambda: self._queue(queue).peek_messages(MOST_AT_ONCE))
        return [_message(each) for each in peeked]

    async def receive(self, queue: str, seconds: int) -> Sequence[Message]:
        """The first messages, hidden from others for so long."""

        async def received() -> list[Message]:
            messages = self._queue(queue).receive_messages(
                messages_per_page=MOST_AT_ONCE, max_messages=MOST_AT_ONCE, visibility_timeout=seconds
            )
            return [_message(each) async for each in messages]

        return await self._run(received)

    async def put(self, queue: str, text: str) -> None:
        """Add a message."""
        await self._run(lambda: self._queue(queue).send_message(text))

    async def delete(self, queue: str, message: Message) -> None:
        """Remove a received message."""
        client = self._queue(queue)
        await self._run(lambda: _if_ours(client.delete_message(message.id, message.receipt)))

    async def release(self, queue: str, message: Message) -> None:
        """Let others see a received message at once."""
        client = self._queue(queue)
        await self._run(
            lambda: _if_ours(client.update_message(message.id, message.receipt, visibility_timeout=0))
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._service.close()

    async def _run[T](self, attempt: Callable[[], Awaitable[T]]) -> T:
        return await self._policy.run(lambda: _told(attempt))

    def _queue(self, name: str) -> "QueueClient":
        return self._service.get_queue_client(name)

    @cached_property
    def _service(self) -> "QueueServiceClient":
        from azure.storage.queue.aio import QueueServiceClient  # noqa: PLC0415 - only operators wait for it

        # Otherwise the transport looks for proxies and ~/.netrc in a thread, on every request.
        transport = AioHttpTransport(use_env_settings=False)
        return QueueServiceClient(
            self._account.queue, self._account.credential, transport=transport, retry_total=0
        )


async def _told[T](attempt: Callable[[], Awaitable[T]]) -> T:
    """What the service answers; its faults and refusals by our names."""
    try:
        return await attempt()
    except (ServiceRequestError, ServiceResponseError) as error:
        raise QueuesUnavailableError(str(error)) from error
    except HttpResponseError as error:
        status = error.status_code or _SERVER_ERROR
        if status >= _SERVER_ERROR or status == _TOO_MANY_REQUESTS:
            raise QueuesUnavailableError(f"{status} {error.reason}") from error
        raise RequestRefusedError(f"{status} {_code_of(error) or error.reason}") from error


async def _if_ours(change: Awaitable[object]) -> None:
    """Change a message unless it is gone, or somebody else's by now."""
    try:
        await change
    except ResourceNotFoundError:
        return
    except HttpResponseError as error:
        if _code_of(error) != _RECEIPT_CHANGED:
            raise


def _code_of(error: HttpResponseError) -> str:
    """The service's error code, which the SDK adds to its errors: as one of an enumeration, or as text."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def _message(message: "QueueMessage") -> Message:
    return Message(
        message.id,
        message.content or "",
        inserted_at=_known(message.inserted_on),
        expires_at=_known(message.expires_on),
        receipt=message.pop_receipt or "",
    )


def _known(moment: datetime | None) -> datetime:
    assert moment is not None  # noqa: S101 - the service says it of every message
    return moment
