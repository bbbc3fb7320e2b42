"""Puts one function app's host together and serves it."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from localcloud.function_host import worker
from localcloud.function_host.admin import Admin
from localcloud.function_host.app_settings import (
    HOST_STORAGE,
    SettingMissingError,
    connection_string,
    is_disabled,
)
from localcloud.function_host.bindings import (
    Function,
    HttpTrigger,
    QueueTrigger,
    TimerTrigger,
    Trigger,
    UnsupportedBindingError,
    read_function,
    triggered_by,
)
from localcloud.function_host.config import FunctionHostConfig
from localcloud.function_host.host_json import HostJson, HostJsonError, read_host_json
from localcloud.function_host.http_trigger import FunctionKey, HttpTriggers
from localcloud.function_host.invocation import Invoker
from localcloud.function_host.logs import configure_logging
from localcloud.function_host.output_bindings import QueueOutputs
from localcloud.function_host.queue_trigger import QueueListener
from localcloud.function_host.routes import RouteError
from localcloud.function_host.schedule import ScheduleError
from localcloud.function_host.schedule_monitor import ScheduleMonitor
from localcloud.function_host.singleton import BlobLease
from localcloud.function_host.storage import Storage
from localcloud.function_host.timer_trigger import TimerListener
from localcloud.http_server import EVERY_PATH, LARGEST_HEADER_BYTES, listen

_log = logging.getLogger(__name__)
_LARGEST_REQUEST_BYTES = 210 * 1024 * 1024  # Azure Functions, service limits: request size

KEY_SETTING = "FUNCTION_HOST_KEY"
"""The setting with the key of functions that are not anonymous."""

_APP_ERRORS = (
    HostJsonError,
    RouteError,
    ScheduleError,
    SettingMissingError,
    UnsupportedBindingError,
    worker.AppLoadError,
)


async def serve(config: FunctionHostConfig) -> None:
    """Serve an app until cancelled; one app a process, because its settings become the environment.

    Raises:
        SystemExit: the app cannot be loaded; the reason is on standard error.
    """
    configure_logging()
    os.environ.update(config.settings)
    try:
        await _serve(config)
    except _APP_ERRORS as error:
        _log.critical("The function app '%s' cannot start. %s", config.app, error)
        raise SystemExit(1) from error


async def _serve(config: FunctionHostConfig) -> None:
    host_json = read_host_json(config.app_dir, os.environ)
    functions = [
        read_function(loaded.name, loaded.id, loaded.raw_bindings, os.environ)
        for loaded in await worker.load_app(config.app_dir.resolve())
        if not is_disabled(loaded.name, os.environ)
    ]
    _check_connections(functions, os.environ)
    async with Storage(os.environ) as storage:
        invoker = Invoker(QueueOutputs(storage, host_json.extensions.queues.message_encoding))
        try:
            await _serve_functions(config, host_json, functions, storage, invoker)
        finally:
            await invoker.drain(config.stop_grace_seconds)
            worker.unload()


def _check_connections(functions: list[Function[Trigger]], settings: Mapping[str, str]) -> None:
    for function in functions:
        if isinstance(function.trigger, QueueTrigger):
            connection_string(function.trigger.connection, settings)
        elif isinstance(function.trigger, TimerTrigger):
            connection_string(HOST_STORAGE, settings)
        for output in function.outputs.values():
            connection_string(output.connection, settings)


async def _serve_functions(
    config: FunctionHostConfig,
    host_json: HostJson,
    functions: list[Function[Trigger]],
    storage: Storage,
    invoker: Invoker,
) -> None:
    key = FunctionKey(os.environ.get(KEY_SETTING))
    http = HttpTriggers(
        triggered_by(HttpTrigger, functions),
        invoker,
        route_prefix=host_json.extensions.http.route_prefix,
        key=key,
        timeout_seconds=config.http_timeout_seconds,
    )
    queues = [
        QueueListener(
            function,
            invoker,
            storage,
            host_json.extensions.queues,
            lease_seconds=config.lease_seconds,
            grace_seconds=config.stop_grace_seconds,
        )
        for function in triggered_by(QueueTrigger, functions)
    ]
    timers = {
        function.name: await _timer(function, config, storage, invoker)
        for function in triggered_by(TimerTrigger, functions)
    }
    admin = Admin(config.host_id, [function.name for function in functions], timers, key)
    async with _listening(config, http, admin), asyncio.TaskGroup() as group:
        for queue in queues:
            group.create_task(queue.run())
        for timer in timers.values():
            group.create_task(timer.run())
        _log.info("The function app '%s' serves %d functions", config.app, len(functions))
        await asyncio.Event().wait()


async def _timer(
    function: Function[TimerTrigger], config: FunctionHostConfig, storage: Storage, invoker: Invoker
) -> TimerListener:
    container = await storage.host_container()
    lock = f"locks/{config.host_id}/Host.Functions.{function.name}.Listener"
    return TimerListener(
        function,
        invoker,
        BlobLease(container, lock, config.timer_lease_seconds),
        ScheduleMonitor(container, config.host_id, function.name, function.trigger.schedule),
        grace_seconds=config.stop_grace_seconds,
    )


@asynccontextmanager
async def _listening(config: FunctionHostConfig, http: HttpTriggers, admin: Admin) -> AsyncIterator[None]:
    app = web.Application(client_max_size=_LARGEST_REQUEST_BYTES)
    app.add_routes(admin.routes)
    app.router.add_route("*", EVERY_PATH, http.answer)
    runner = web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,
        handle_signals=False,
        max_field_size=LARGEST_HEADER_BYTES,
        max_line_size=LARGEST_HEADER_BYTES,
        shutdown_timeout=config.stop_grace_seconds,
    )
    await runner.setup()
    try:
        await listen(runner, config.port)
        yield
    finally:
        await runner.cleanup()
