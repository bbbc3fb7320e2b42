"""Writes what could not be delivered into a blob container."""

import json
import uuid
from datetime import datetime
from types import TracebackType
from typing import Self

from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import AioHttpTransport
from azure.storage.blob.aio import BlobServiceClient

from localcloud.event_grid.delivery import Delivery


class DeadLetters:
    """The dead-letter containers of one storage account; use it as an asynchronous context manager."""

    def __init__(self, connection_string: str, *, timeout_seconds: float) -> None:
        transport = AioHttpTransport(
            use_env_settings=False, connection_timeout=timeout_seconds, read_timeout=timeout_seconds
        )
        self._service = BlobServiceClient.from_connection_string(
            connection_string, transport=transport, retry_total=0
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._service.close()

    async def write(self, container: str, delivery: Delivery, now: datetime) -> bool:
        """Write one blob; False if the container does not take it."""
        blob = self._service.get_blob_client(container, blob_name(delivery.subscription, now))
        try:
            await blob.upload_blob(json.dumps([record(delivery)]))
        except AzureError:
            return False
        return True


def blob_name(subscription: str, now: datetime) -> str:
    """A new blob's path: the subscription's name in upper case, and the hour."""
    return f"{subscription.upper()}/{now.year}/{now.month}/{now.day}/{now.hour}/{uuid.uuid4()}.json"


def record(delivery: Delivery) -> dict[str, object]:
    """The event with the attributes that Event Grid adds; in CloudEvents they are all lower case."""
    return {
        **delivery.event.model_dump(mode="json", exclude_unset=True),
        "deadletterreason": delivery.dead_letter_reason,
        "deliveryattempts": delivery.attempts,
        "lastdeliveryoutcome": delivery.last_outcome,
        "publishtime": _time(delivery.publish_time),
        "lastdeliveryattempttime": _time(delivery.last_attempt_at),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
