"""Remembers when a timer ran last, so that a host that was down makes up for a missed run."""

from datetime import datetime

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob.aio import ContainerClient
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_pascal

from localcloud.function_host.schedule import Schedule
from localcloud.function_host.singleton import create_container


class ScheduleStatus(BaseModel):
    """The document that Azure keeps for a timer; `last` is None before the first run."""

    model_config = ConfigDict(frozen=True, alias_generator=to_pascal, populate_by_name=True)

    last: datetime | None
    next: datetime
    last_updated: datetime


class ScheduleMonitor:
    """The status blob `timers/<host id>/<function>/status`."""

    def __init__(self, container: ContainerClient, host_id: str, function: str, schedule: Schedule) -> None:
        self._container = container
        self._blob = container.get_blob_client(f"timers/{host_id}/{function}/status")
        self._schedule = schedule
        self.status: ScheduleStatus | None = None

    async def is_past_due(self, now: datetime) -> bool:
        """Whether a run was missed; remembers a new timer or a changed schedule.

        Raises:
            AzureError: storage does not answer.
        """
        self.status = await self._read()
        if self.status is None:
            await self._write(ScheduleStatus(last=None, next=self._schedule.after(now), last_updated=now))
            return False
        expected = self._schedule.after(self.status.last_updated)
        if self.status.next != expected:
            await self._write(self.status.model_copy(update={"next": expected}))
        return now > expected

    async def record(self, ran_at: datetime, now: datetime) -> None:
        """Remember a run.

        Raises:
            AzureError: storage does not answer.
        """
        await self._write(ScheduleStatus(last=ran_at, next=self._schedule.after(now), last_updated=now))

    async def _read(self) -> ScheduleStatus | None:
        try:
            download = await self._blob.download_blob()
            return ScheduleStatus.model_validate_json(await download.readall())
        except ResourceNotFoundError:
            return None

    async def _write(self, status: ScheduleStatus) -> None:
        self.status = status
        content = status.model_dump_json(by_alias=True)
        try:
            await self._blob.upload_blob(content, overwrite=True)
        except ResourceNotFoundError:
            await create_container(self._container)
            await self._blob.upload_blob(content, overwrite=True)
