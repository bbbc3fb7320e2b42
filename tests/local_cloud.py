"""A whole local cloud for tests, driven by its command line as an operator would."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.layout import LOOPBACK, Layout

_SECONDS = 280
_PATIENCE_SECONDS = 100.0
"""Longer than the minute for which a region that was silent is left alone."""


def muneris(
    *arguments: str, environment: Mapping[str, str] | None = None, typed: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command, and type something if it asks; its exit code and what it said."""
    return subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "localcloud", *arguments],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
        env=os.environ | dict(environment or {}),
    )


def free_base_port(regions: int = 1) -> int:
    """A base port whose whole layout is free; below the range that outgoing connections are given."""
    for base in range(11_000 + os.getpid() % 200 * 100, 32_000, 50):
        if all(map(is_free, Layout(base, Path(), regions).all_ports)):
            return base
    raise AssertionError("no free ports")


def is_free(port: int) -> bool:
    """Whether nothing listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) != 0


def call(
    address: str,
    *,
    method: str | None = None,
    body: object = None,
    token: str | None = None,
    key: str | None = None,
) -> tuple[int, Any, dict[str, str]]:
    """Status, JSON and headers of one call; a POST if there is a body. `key` is its Idempotency-Key."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    headers |= {"Idempotency-Key": key} if key else {}
    request = urllib.request.Request(address, data, headers, method=method)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
            return answer.status, json.loads(answer.read() or "null"), dict(answer.headers)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, json.load(answer), dict(answer.headers)


def eventually[T](look: Callable[[], T], wanted: Callable[[T], bool]) -> T:
    """What `look` finds once it is as wanted; fails after a while."""
    ends_at = time.monotonic() + _PATIENCE_SECONDS
    while not wanted(found := look()):
        assert time.monotonic() < ends_at, found
        time.sleep(0.1)
    return found


@dataclass(frozen=True)
class LocalCloud:
    """A running local cloud."""

    layout: Layout

    def command(self, *arguments: str) -> Any:  # noqa: ANN401 - any command's document
        """Run a command that must succeed; its JSON document."""
        done = muneris(*arguments, "--data-dir", str(self.layout.data_dir), "--json")
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def status(self) -> Any:  # noqa: ANN401 - the document of `muneris status`
        """Who runs, and where."""
        return self.command("status")

    def apps(self, *, regions: Sequence[str] = ("api1", "api2", "api3")) -> list[dict[str, Any]]:
        """Every function app's process in these regions."""
        listed = [each for each in self.status()["regions"] if each["name"] in regions]
        return [{**app, "region": region["name"]} for region in listed for app in region["apps"]]


@contextmanager
def running_cloud(data_dir: Path, regions: int = 1, storage_accounts: int = 1) -> Iterator[LocalCloud]:
    """A local cloud of so many regions, without the demo; stopped afterwards."""
    base = free_base_port(regions)
    cloud = LocalCloud(Layout(base, data_dir, regions, storage_accounts))
    words = ["--regions", str(regions), "--storage-accounts", str(storage_accounts)]
    cloud.command("up", *words, "--base-port", str(base), "--no-demo", "--detach")
    try:
        yield cloud
    finally:
        cloud.command("down")
