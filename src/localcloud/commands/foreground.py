"""Runs a local cloud in this process until it is told to stop."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Coroutine

from localcloud.commands import live_view
from localcloud.demo import run as show_demo
from localcloud.errors import LocalCloudError
from localcloud.http_server import listening
from localcloud.layout import Layout, url
from localcloud.supervisor.cloud import Cloud
from localcloud.supervisor.control import control_app
from localcloud.supervisor.data_folder import hold, remove_record, using, write_record
from localcloud.supervisor.free_ports import wait_for_free_ports

type Say = Callable[[str], None]

_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def run(layout: Layout, say: Say, *, demo: bool, as_json: bool) -> None:
    """Start a cloud, show it, and stop it on SIGINT, SIGTERM or `muneris down`.

    Args:
        layout: ports and folders.
        say: takes a line of progress.
        demo: whether to seed the demo and place an order.
        as_json: print the status as one JSON document when ready, and only progress after it.

    Raises:
        LocalCloudError: it did not start, or it cannot go on.
    """
    hold(layout.data_dir)
    with using(layout.data_dir):
        layout.logs.mkdir(parents=True, exist_ok=True)
        logging.basicConfig(filename=layout.logs / "supervisor.log", level=logging.INFO, format=_LOG_FORMAT)
    logging.getLogger("azure").setLevel(logging.WARNING)  # below, it logs every request it makes
    try:
        asyncio.run(_run(layout, say, demo=demo, as_json=as_json))
    finally:
        remove_record(layout.data_dir)


async def _run(layout: Layout, say: Say, *, demo: bool, as_json: bool) -> None:
    await wait_for_free_ports(layout)
    cloud = Cloud(layout, say)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, cloud.stop_requested.set)
    async with listening(control_app(cloud), layout.control):
        write_record(layout, url(layout.control))
        try:
            await _until_stop(cloud, _live(cloud, say, demo=demo, as_json=as_json))
        finally:
            say("Stopping ...")
            say(f"Stopped {await cloud.stop()} processes.")
    if cloud.failure:
        raise LocalCloudError(cloud.failure)


async def _until_stop(cloud: Cloud, life: Coroutine[None, None, None]) -> None:
    """Live until a stop is requested or life fails."""
    living = asyncio.create_task(life)
    stopping = asyncio.create_task(cloud.stop_requested.wait())
    await asyncio.wait([living, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not living.done():
        living.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await living


async def _live(cloud: Cloud, say: Say, *, demo: bool, as_json: bool) -> None:
    await cloud.start()
    if demo:
        await show_demo(cloud.layout, say)
    if as_json:
        print((await cloud.get_status()).model_dump_json(), flush=True)
    await live_view.show(cloud, say)
