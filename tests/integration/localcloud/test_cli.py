import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.local_cloud import free_base_port, is_free, muneris

from localcloud.layout import LOOPBACK, Layout
from localcloud.supervisor.data_folder import is_held

_SECONDS = 90


@contextmanager
def detached_cloud(data_dir: Path) -> Iterator[dict[str, object]]:
    words = ["--data-dir", str(data_dir), "--json"]
    started = muneris(
        "up", "--regions", "1", "--base-port", str(free_base_port()), "--no-demo", "--detach", *words
    )
    assert (started.returncode, started.stderr) == (0, "")
    try:
        yield json.loads(started.stdout)
    finally:
        muneris("down", *words)


@pytest.mark.parametrize(
    "arguments", [["status"], ["token", "--staff"], ["app", "stop", "orders"], ["status", "--json"]]
)
def test_a_command_that_needs_a_cloud_says_that_none_runs(arguments: list[str], tmp_path: Path) -> None:
    refused = muneris(*arguments, "--data-dir", str(tmp_path))
    message = f"muneris: No local cloud runs on {tmp_path}: start one with 'muneris up'.\n"
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", message)


def test_nothing_to_stop_is_no_failure(tmp_path: Path) -> None:
    stopped = muneris("down", "--json", "--data-dir", str(tmp_path))
    assert (stopped.returncode, stopped.stdout) == (0, '{"stopped": 0}\n')


@pytest.mark.parametrize(
    "arguments",
    [
        ["up", "--regions", "4"],
        ["up", "--storage-accounts", "0"],
        ["token"],
        ["token", "--staff", "--guest", "NOR-CPH01"],
        ["fly"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str], tmp_path: Path) -> None:
    refused = muneris(*arguments, *(["--data-dir", str(tmp_path)] if arguments != ["fly"] else []))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("words", [[], ["--detach"]])
def test_a_file_is_no_data_folder(words: list[str], tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    refused = muneris("up", "--data-dir", str(file), "--json", *words)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"muneris: Cannot use {file} (")
    assert refused.stderr.endswith("): choose another folder with --data-dir.\n")


@pytest.mark.parametrize("words", [[], ["--detach"]])
def test_a_taken_port_is_named(words: list[str], tmp_path: Path) -> None:
    base = free_base_port()
    with socket.create_server((LOOPBACK, base + 4)):
        refused = muneris("up", "--base-port", str(base), "--data-dir", str(tmp_path), "--json", *words)
    message = (
        f"muneris: Port {base + 4} is taken: stop what listens there, "
        "or choose other ports with --base-port.\n"
    )
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", message)


def test_missing_node_is_said(tmp_path: Path) -> None:
    words = ["--base-port", str(free_base_port()), "--data-dir", str(tmp_path), "--regions", "1"]
    refused = muneris("up", *words, "--json", environment={"PATH": str(tmp_path)})
    assert refused.returncode == 1
    message = "muneris: Node.js 20 or newer and the emulator are needed: run 'make setup'."
    assert refused.stderr.splitlines()[-1] == message


def test_one_region_from_up_to_down(tmp_path: Path) -> None:
    words = ["--data-dir", str(tmp_path), "--json"]
    with detached_cloud(tmp_path) as ready:
        status = json.loads(muneris("status", *words).stdout)
        assert list(status) == ["traffic_manager", "regions", "simulators", "mailbox", "event_grid"]
        assert list(status["regions"][0]) == ["name", "endpoint", "healthy", "storage", "apps"]
        assert (status["traffic_manager"], status["event_grid"]) == (
            ready["traffic_manager"],
            ready["event_grid"],
        )
        token = json.loads(muneris("token", "--staff", *words).stdout)
        assert token["expires_in"] == 3600
        second = muneris("up", *words)
        assert second.returncode == 1
        assert second.stderr.startswith(f"muneris: A local cloud already runs on {tmp_path}")
        unknown = muneris("app", "stop", "bakery", *words)
        assert unknown.stderr.startswith("muneris: There is no app bakery in api1.")
        stopped = muneris("down", *words)
    assert json.loads(stopped.stdout)["stopped"] >= 5
    assert muneris("status", *words).returncode == 1


def test_nothing_is_left_of_a_cloud_that_was_killed(tmp_path: Path) -> None:
    with detached_cloud(tmp_path) as ready:
        base = int(str(ready["traffic_manager"]).rpartition(":")[2])
        os.kill(json.loads((tmp_path / "cloud.json").read_text())["pid"], signal.SIGKILL)
        ports = Layout(base, tmp_path, 1).all_ports
        end = time.monotonic() + 20
        while time.monotonic() < end and not all(map(is_free, ports)):
            time.sleep(0.05)
        assert [port for port in ports if not is_free(port)] == []
        assert not is_held(tmp_path)
        assert muneris("status", "--data-dir", str(tmp_path)).returncode == 1
