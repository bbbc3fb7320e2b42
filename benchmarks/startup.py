"""What it costs to start the orders app, by package: `python -m benchmarks.startup`.

The bytecode is compiled beforehand, as an installer does.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.report import EVERYTHING
from localcloud.app_settings import load_example
from localcloud.layout import PROJECT

OTHERS = "others"
"""Packages that take less than a millisecond each."""

_RUNS = 7
_FOLDER = PROJECT / "function_apps" / "orders"
_IMPORT = "import time, function_app; print(time.process_time() * 1000)"
_LINE = re.compile(r"import time: +(\d+) \| +(\d+) \|( +)(\S+)")
"""Of `python -X importtime`: microseconds alone and with what it imported first; nested by two spaces."""


@dataclass(frozen=True)
class PackageCost:
    """What a package's modules take, and what they take with all that they were the first to import.

    In milliseconds of wall time, all that `-X importtime` tells; of `EVERYTHING` it is CPU. The least of
    several runs: what disturbs a run only adds to it.
    """

    package: str
    ms: float
    cumulative_ms: float


def measure() -> list[PackageCost]:
    """Everything first, then each package, the dearest first."""
    with tempfile.TemporaryDirectory() as compiled:
        _start(compiled)
        total = min(float(_start(compiled).stdout) for _ in range(_RUNS))
        runs = [read_import_times(_start(compiled, "-X", "importtime").stderr) for _ in range(_RUNS)]
    return [PackageCost(EVERYTHING, total, total), *least(runs)]


def read_import_times(text: str) -> dict[str, PackageCost]:
    """The packages in what `python -X importtime` prints."""
    alone: defaultdict[str, int] = defaultdict(int)
    together: defaultdict[str, int] = defaultdict(int)
    importers: list[str] = []
    for depth, package, own, cumulative in reversed(list(_modules(text))):  # an importer is printed last
        del importers[depth:]
        alone[package] += own
        if package not in importers:
            together[package] += cumulative
        importers.append(package)
    return {name: PackageCost(name, alone[name] / 1000, together[name] / 1000) for name in alone}


def least(runs: Sequence[Mapping[str, PackageCost]]) -> list[PackageCost]:
    """Each package's least, the dearest first; the small ones as one."""
    costs = [
        PackageCost(
            package,
            min(run[package].ms for run in runs),
            min(run[package].cumulative_ms for run in runs),
        )
        for package in set.intersection(*(set(run) for run in runs))
    ]
    small = sum(cost.ms for cost in costs if cost.ms < 1)
    large = sorted((cost for cost in costs if cost.ms >= 1), key=lambda cost: -cost.ms)
    return [*large, PackageCost(OTHERS, small, small)]


def _modules(text: str) -> Iterator[tuple[int, str, int, int]]:
    for alone, together, indentation, module in _LINE.findall(text):
        yield len(indentation) // 2, _package_of(module), int(alone), int(together)


def _package_of(module: str) -> str:
    """Azure's libraries share their first name, and the standard library counts as one."""
    first, *rest = module.split(".")
    if first in sys.stdlib_module_names:
        return "standard library"
    return f"azure.{rest[0]}" if first == "azure" and rest else first


def _start(compiled: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Import the app in a process of its own, which prints the CPU milliseconds that took."""
    environment = os.environ | load_example() | {"PYTHONPYCACHEPREFIX": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, *options, "-c", _IMPORT]
    return subprocess.run(command, cwd=_FOLDER, env=environment, check=True, capture_output=True, text=True)  # noqa: S603 - our own interpreter


def main() -> None:
    """Measure and print."""
    table = Table("package", "ms", "with its imports")
    for cost in measure():
        table.add_row(cost.package, f"{cost.ms:.0f}", f"{cost.cumulative_ms:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
