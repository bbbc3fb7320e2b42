"""Runs `muneris up` in a session of its own, and returns when it is ready."""

import subprocess
import sys

from localcloud.errors import LocalCloudError
from localcloud.layout import Layout
from localcloud.supervisor.data_folder import using
from localcloud.supervisor.status import Status


def start_detached(layout: Layout, *, demo: bool) -> Status:
    """Start a local cloud that outlives this command.

    Raises:
        LocalCloudError: it did not start; the message is its own.
    """
    log = layout.logs / "up.log"
    with using(layout.data_dir):
        layout.logs.mkdir(parents=True, exist_ok=True)
        errors = log.open("wb")
    with errors:
        process = subprocess.Popen(  # noqa: S603 - our own arguments
            [sys.executable, "-m", "localcloud", *_arguments(layout, demo=demo)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    assert process.stdout  # noqa: S101 - it was started with a pipe
    with process.stdout:
        line = process.stdout.readline()  # its only line: the status once everything is ready
    if not line:
        process.wait()
        last = log.read_text().strip().rpartition("\n")[2]
        raise LocalCloudError(last.removeprefix("muneris: ") or f"It ended at once: see {log}")
    return Status.model_validate_json(line)


def _arguments(layout: Layout, *, demo: bool) -> list[str]:
    return [
        "up",
        "--json",
        *([] if demo else ["--no-demo"]),
        *("--regions", str(layout.region_count)),
        *("--storage-accounts", str(layout.storage_accounts)),
        *("--base-port", str(layout.base_port)),
        *("--data-dir", str(layout.data_dir)),
    ]
