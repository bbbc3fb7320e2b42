"""No guard of an order's life can be removed without a test that fails.

Each removal is made in a copy of the source, on which its tests run in a process of their own.
"""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.proofs.figures import keep
from tests.simulation.guards import GUARDS, Guard

ROOT = Path(__file__).parents[2]
SAMPLE = random.Random(4).sample(GUARDS, 4)  # noqa: S311 - the same ones each time
PASSED, FAILED = 0, 1
"""What pytest ends with; anything else means that the tests did not even run."""


def run(tests: Iterable[str], source: Path) -> subprocess.CompletedProcess[str]:
    """Run tests on another source than the one that is installed."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "0",
        "-q",
        "-x",
        "--timeout=60",
        "-p",
        "no:cacheprovider",
    ]
    return subprocess.run(  # noqa: S603 - our own tests
        [*command, *tests],
        cwd=ROOT,
        env={**inherited, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of what ships."""
    shutil.copytree(ROOT / "src/muneris", tmp_path / "muneris")
    return tmp_path


def remove(guard: Guard, source: Path) -> None:
    module = source / guard.module
    text = module.read_text()
    assert text.count(guard.old) == 1, f"{guard.module} has changed: {guard.what}"
    module.write_text(text.replace(guard.old, guard.new))


def assert_missed(guard: Guard, source: Path) -> None:
    remove(guard, source)
    done = run(guard.tests, source)
    assert (done.returncode, " failed" in done.stdout) == (FAILED, True), done.stdout + done.stderr


def assert_all_pass(guards: Iterable[Guard], source: Path) -> None:
    done = run({test for guard in guards for test in guard.tests}, source)
    assert done.returncode == PASSED, done.stdout + done.stderr


def test_each_guard_is_where_it_is_said_to_be() -> None:
    for guard in GUARDS:
        text = (ROOT / "src" / guard.module).read_text()
        assert text.count(guard.old) == 1, guard.what
    assert len({guard.what for guard in GUARDS}) == len(GUARDS)


@pytest.mark.parametrize("guard", SAMPLE, ids=lambda guard: guard.what)
def test_some_guard_is_missed(guard: Guard, source: Path) -> None:
    assert_missed(guard, source)


def test_with_all_guards_its_tests_pass(source: Path) -> None:
    assert_all_pass(SAMPLE, source)


@pytest.mark.prove
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.what)
def test_every_guard_is_missed(guard: Guard, source: Path) -> None:
    assert_missed(guard, source)
    keep("Guards removed, each in turn", {"noticed by a test": 1}, guard.what)


@pytest.mark.prove
def test_with_every_guard_all_tests_pass(source: Path) -> None:
    assert_all_pass(GUARDS, source)
