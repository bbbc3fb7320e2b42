"""Runs functions: one id, one log line, and the output bindings for each invocation."""

import asyncio
import logging
import time
import uuid
from collections.abc import Mapping

from azure.core.exceptions import AzureError

from localcloud.function_host import worker
from localcloud.function_host.app_settings import SettingMissingError
from localcloud.function_host.bindings import Function, Trigger
from localcloud.function_host.output_bindings import QueueOutputs
from localcloud.function_host.payloads import Input, JsonText, Outcome

_log = logging.getLogger(__name__)


class Invoker:
    """Runs the functions of one app and knows which are running."""

    def __init__(self, outputs: QueueOutputs) -> None:
        self._outputs = outputs
        self._running: set[asyncio.Task[Outcome]] = set()

    async def invoke(
        self,
        function: Function[Trigger],
        value: Input,
        *,
        metadata: Mapping[str, JsonText | str] | None = None,
        trace_parent: str = "",
    ) -> Outcome:
        """Run a function to its end. Who is cancelled while waiting leaves it running, as Azure does."""
        work = self._run(function, value, metadata, trace_parent)
        task = asyncio.create_task(work, name=f"function {function.name}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def drain(self, seconds: float) -> None:
        """Wait for the running functions, then cancel those that are left."""
        running = set(self._running)
        if running:
            _, late = await asyncio.wait(running, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(
        self,
        function: Function[Trigger],
        value: Input,
        metadata: Mapping[str, JsonText | str] | None,
        trace_parent: str,
    ) -> Outcome:
        invocation, started = str(uuid.uuid4()), time.perf_counter()
        outcome = await worker.invoke(
            function.id,
            invocation,
            function.trigger.parameter,
            value,
            metadata=metadata,
            trace_parent=trace_parent,
        )
        if outcome.error is None and function.outputs:
            outcome = await self._send(function, outcome)
        _log_outcome(function.name, invocation, time.perf_counter() - started, outcome.error)
        return outcome

    async def _send(self, function: Function[Trigger], outcome: Outcome) -> Outcome:
        try:
            await self._outputs.send(function.outputs, outcome)
        except (AzureError, SettingMissingError, ValueError) as error:
            return Outcome(f"The output binding failed: {error!r}")
        return outcome


def _log_outcome(name: str, invocation: str, seconds: float, error: str | None) -> None:
    milliseconds = round(seconds * 1000, 1)
    if error is None:
        _log.info("Executed '%s' (Succeeded, Id=%s, Duration=%sms)", name, invocation, milliseconds)
    else:
        _log.error("Executed '%s' (Failed, Id=%s, Duration=%sms): %s", name, invocation, milliseconds, error)
