"""The data folder of a local cloud: who holds it, and how others find the one that runs on it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ValidationError

from localcloud.errors import LocalCloudError
from localcloud.layout import Layout

_LOCK = "lock"
_RECORD = "cloud.json"
_ATTEMPTS = 5
_ATTEMPT_SECONDS = 0.05


class CloudRecord(BaseModel, frozen=True):
    """What `cloud.json` says while a local cloud runs on the folder."""

    pid: int
    control: str
    base_port: int
    regions: int
    storage_accounts: int


@contextmanager
def using(data_dir: Path) -> Iterator[None]:
    """Say of a folder that cannot be read or written that it cannot be used.

    Raises:
        LocalCloudError: it cannot.
    """
    try:
        yield
    except OSError as error:
        raise LocalCloudError(
            f"Cannot use {data_dir} ({error.strerror}): choose another folder with --data-dir."
        ) from error


def hold(data_dir: Path) -> int:
    """Hold the folder against every other local cloud, until this process ends, however it ends.

    Returns:
        The file descriptor that holds it: nobody closes it, so that a freed folder means an ended process.

    Raises:
        LocalCloudError: another local cloud holds it, or it cannot be written.
    """
    with using(data_dir):
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(data_dir / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    _lock_or_refuse(lock, data_dir)
    remove_record(data_dir)
    return lock


def _lock_or_refuse(lock: int, data_dir: Path) -> None:
    for _ in range(_ATTEMPTS):  # a command that only looks (is_held) has it for a moment
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_ATTEMPT_SECONDS)
        else:
            return
    os.close(lock)
    raise LocalCloudError(
        f"A local cloud already runs on {data_dir}: stop it with 'muneris down --data-dir {data_dir}', "
        "or choose another folder with --data-dir."
    )


def is_held(data_dir: Path) -> bool:
    """Whether a local cloud holds the folder."""
    try:
        lock = (data_dir / _LOCK).open()
    except FileNotFoundError:
        return False
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def write_record(layout: Layout, control: str) -> None:
    """Let other commands find this process."""
    record = CloudRecord(
        pid=os.getpid(),
        control=control,
        base_port=layout.base_port,
        regions=layout.region_count,
        storage_accounts=layout.storage_accounts,
    )
    draft = layout.data_dir / f"{_RECORD}.draft"
    draft.write_text(record.model_dump_json(indent=2))
    draft.replace(layout.data_dir / _RECORD)


def remove_record(data_dir: Path) -> None:
    """No longer be found."""
    (data_dir / _RECORD).unlink(missing_ok=True)


def find_record(data_dir: Path) -> CloudRecord | None:
    """The local cloud that runs on the folder; what a dead one left behind does not count.

    Raises:
        LocalCloudError: the folder cannot be read.
    """
    with using(data_dir):
        try:
            text = (data_dir / _RECORD).read_text()
        except (FileNotFoundError, NotADirectoryError):
            return None
    try:
        return CloudRecord.model_validate_json(text) if is_held(data_dir) else None
    except ValidationError:
        return None
