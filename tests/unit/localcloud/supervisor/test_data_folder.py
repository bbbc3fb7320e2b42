import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.errors import LocalCloudError
from localcloud.layout import Layout
from localcloud.supervisor.data_folder import CloudRecord, find_record, hold, is_held, write_record


def test_only_one_holds_a_folder(tmp_path: Path) -> None:
    lock = hold(tmp_path)
    assert is_held(tmp_path)
    refusal = f"A local cloud already runs on {tmp_path}: stop it with 'muneris down --data-dir {tmp_path}'"
    with pytest.raises(LocalCloudError, match=re.escape(refusal)):
        hold(tmp_path)
    os.close(lock)
    assert not is_held(tmp_path)


def test_a_running_cloud_is_found_by_its_record(tmp_path: Path) -> None:
    lock = hold(tmp_path)
    assert find_record(tmp_path) is None
    write_record(Layout(9000, tmp_path, 2, storage_accounts=3), "http://127.0.0.1:9009")
    assert find_record(tmp_path) == CloudRecord(
        pid=os.getpid(), control="http://127.0.0.1:9009", base_port=9000, regions=2, storage_accounts=3
    )
    os.close(lock)


def test_what_a_dead_cloud_left_does_not_count(tmp_path: Path) -> None:
    lock = hold(tmp_path)
    write_record(Layout(9000, tmp_path), "http://127.0.0.1:9009")
    os.close(lock)
    assert find_record(tmp_path) is None


@pytest.mark.parametrize("use", [hold, find_record])
def test_a_folder_that_cannot_be_used_is_refused(use: Callable[[Path], object], tmp_path: Path) -> None:
    (tmp_path / "cloud.json").mkdir()
    (tmp_path / "lock").mkdir()
    refusal = f"Cannot use {tmp_path} (Is a directory): choose another folder with --data-dir."
    with pytest.raises(LocalCloudError, match=re.escape(refusal)):
        use(tmp_path)


def test_no_cloud_runs_on_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert find_record(tmp_path / "absent") is None
    assert not is_held(tmp_path / "absent")
