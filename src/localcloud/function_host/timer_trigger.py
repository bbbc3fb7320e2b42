"""Runs a timer function on its schedule, on one host at a time."""

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from azure.core.exceptions import AzureError

from localcloud.function_host.bindings import Function, TimerTrigger
from localcloud.function_host.invocation import Invoker
from localcloud.function_host.payloads import JsonText
from localcloud.function_host.schedule_monitor import ScheduleMonitor, ScheduleStatus
from localcloud.function_host.singleton import BlobLease

_log = logging.getLogger(__name__)
_LONGEST_SLEEP_SECONDS = 10.0  # the wall clock may be set, or the machine suspended, while waiting
_RETRY_SECONDS = 1.0


def utc_now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


class TimerListener:
    """One timer function: waits for the lease, makes up for a missed run, then runs on schedule.

    Runs never overlap, a failed run is not repeated, and occurrences that pass during a run are skipped
    (timer extension, TimerListener). Without a lease nothing runs.
    """

    def __init__(
        self,
        function: Function[TimerTrigger],
        invoker: Invoker,
        lease: BlobLease,
        monitor: ScheduleMonitor,
        *,
        grace_seconds: float,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._function = function
        self._trigger = function.trigger
        self._invoker = invoker
        self._lease = lease
        self._monitor = monitor
        self._grace = grace_seconds
        self._now = now
        self._current: asyncio.Task[None] | None = None
        is_short = self._trigger.schedule.is_short(now())
        self._is_monitored = not is_short and self._trigger.use_monitor is not False

    async def run(self) -> None:
        """Listen until cancelled, then let a running function finish for a moment and release the lease."""
        try:
            while True:
                await self._lease.acquire()
                await self._tick_while_held()
                await self._finish_current(None)
        finally:
            await self._finish_current(self._grace)
            await self._lease.release()

    async def run_now(self) -> None:
        """Run the function once, outside of its schedule."""
        await self._invoker.invoke(self._function, _timer_info(None, is_past_due=False))

    async def _tick_while_held(self) -> None:
        async with asyncio.TaskGroup() as group:
            ticking = group.create_task(self._tick(), name=f"timer {self._function.name}")
            await self._lease.keep()
            ticking.cancel()

    async def _finish_current(self, seconds: float | None) -> None:
        if self._current and not self._current.done():
            await asyncio.wait({self._current}, timeout=seconds)

    async def _tick(self) -> None:
        is_past_due = await self._is_past_due()
        if is_past_due or self._trigger.run_on_startup:
            await self._run_function(is_past_due=is_past_due)
        while True:
            await self._sleep_until(self._trigger.schedule.after(self._now()))
            if self._lease.is_held:
                await self._run_function(is_past_due=False)

    async def _is_past_due(self) -> bool:
        while self._is_monitored:
            try:
                return await self._monitor.is_past_due(self._now())
            except AzureError as error:
                _log.warning("The schedule of '%s' cannot be read: %s", self._function.name, error)
                await asyncio.sleep(_RETRY_SECONDS)
        return False

    async def _sleep_until(self, due: datetime) -> None:
        while (seconds := (due - self._now()).total_seconds()) > 0:  # noqa: ASYNC110 - the clock sets no event
            await asyncio.sleep(min(seconds, _LONGEST_SLEEP_SECONDS))

    async def _run_function(self, *, is_past_due: bool) -> None:
        """Run to the end even if the lease is lost meanwhile: the next run waits for that end."""
        self._current = asyncio.create_task(self._run_and_record(is_past_due=is_past_due))
        await asyncio.shield(self._current)

    async def _run_and_record(self, *, is_past_due: bool) -> None:
        started = self._now()
        status = self._monitor.status if self._is_monitored else None
        await self._invoker.invoke(self._function, _timer_info(status, is_past_due=is_past_due))
        if self._is_monitored:
            try:
                await self._monitor.record(started, self._now())
            except AzureError as error:
                _log.warning("The run of '%s' cannot be recorded: %s", self._function.name, error)


def _timer_info(status: ScheduleStatus | None, *, is_past_due: bool) -> JsonText:
    info = {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": status.model_dump(mode="json", by_alias=True) if status else None,
        "IsPastDue": is_past_due,
    }
    return JsonText(json.dumps(info))
