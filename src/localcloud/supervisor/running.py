"""How a command finds the local cloud that runs, and talks to it."""

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Literal

import aiohttp
from pydantic import JsonValue, TypeAdapter

from localcloud.errors import LocalCloudError
from localcloud.layout import Layout
from localcloud.supervisor.data_folder import CloudRecord, find_record, is_held
from localcloud.supervisor.status import Status

_ANSWER = aiohttp.ClientTimeout(total=90)
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.05
_DOCUMENT = TypeAdapter(dict[str, JsonValue])


class RunningCloud:
    """A local cloud that runs in another process."""

    def __init__(self, record: CloudRecord, data_dir: Path) -> None:
        self._record = record
        self._data_dir = data_dir

    @property
    def layout(self) -> Layout:
        """Its ports and folders."""
        record = self._record
        return Layout(record.base_port, self._data_dir, record.regions, record.storage_accounts)

    async def get_status(self) -> Status:
        """What it is doing."""
        return Status.model_validate(await self._call("GET", "/status"))

    async def change_app(
        self, region: str, app: str, action: Literal["stop", "start", "kill"]
    ) -> dict[str, JsonValue]:
        """Stop, start or kill a function app.

        Raises:
            LocalCloudError: there is no such app, or it did not start.
        """
        return await self._call("POST", f"/regions/{region}/apps/{app}/{action}")

    async def stop(self) -> dict[str, JsonValue]:
        """Stop it, and return when its last process has ended."""
        stopped = await self._call("POST", "/down")
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                while is_held(self._data_dir):  # noqa: ASYNC110 - another process sets no event of ours
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise LocalCloudError(
                f"The local cloud has not ended after {_STOP_SECONDS:.0f} s: end process {self._record.pid}."
            ) from None
        return stopped

    async def _call(self, method: str, path: str) -> dict[str, JsonValue]:
        try:
            async with (
                aiohttp.ClientSession(timeout=_ANSWER) as session,
                session.request(method, self._record.control + path) as answer,
            ):
                document = _DOCUMENT.validate_python(await answer.json())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise LocalCloudError(f"The local cloud does not answer at {self._record.control}.") from error
        if answer.status != HTTPStatus.OK:
            raise LocalCloudError(str(document["detail"]))
        return document


def find_running(data_dir: Path) -> RunningCloud | None:
    """The local cloud that runs on a data folder."""
    record = find_record(data_dir)
    return RunningCloud(record, data_dir) if record else None


def get_running(data_dir: Path) -> RunningCloud:
    """The local cloud that runs on a data folder.

    Raises:
        LocalCloudError: none does.
    """
    running = find_running(data_dir)
    if running is None:
        raise LocalCloudError(f"No local cloud runs on {data_dir}: start one with 'muneris up'.")
    return running
