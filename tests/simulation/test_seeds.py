"""Seeded runs keep every promise, and each is the same each time."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping

import pytest
from tests.proofs import figures

ORDERS, SAMPLE = 10_000, 200


def simulate(*arguments: str, hash_seed: str = "1") -> str:
    """What a run says that keeps every promise, in a process of its own, as it is repeated."""
    ended = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-m", "tests.simulation", *arguments],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    return ended.stdout


def test_every_promise_is_kept_in_trouble() -> None:
    said = json.loads(simulate("--seed", "1", "--orders", str(SAMPLE)))
    assert said["violations"] == 0
    assert said["rounds"] > 0
    assert said["troubles"] > 0
    assert said["doubts"] > 0
    assert said["statuses"]["completed"] > 0
    assert said["statuses"]["cancelled"] > 0


def test_a_seed_is_the_same_run_each_time() -> None:
    first, again = (json.loads(simulate("--seed", "5", "--orders", "20", hash_seed=each)) for each in "12")
    del first["cpu_seconds"], again["cpu_seconds"]
    assert first == again


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(101, 106))
def test_every_promise_is_kept_in_a_long_time_of_trouble(seed: int) -> None:
    said = json.loads(simulate("--seed", str(seed), "--orders", str(ORDERS)))
    answered, ended = _listed(said.pop("answers")), _listed(said.pop("statuses"))
    figures.keep(
        f"Seeded simulation {seed}", {"orders sent": ORDERS, "answered": answered, **said, "ended": ended}
    )


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items())
