"""`make bench`: measures, prints a table, writes JSON."""

import argparse
import asyncio
import json
import socket
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.intake import intake_bench
from benchmarks.slices import Ratio, measure
from localcloud.azurite import Azurite, StorageAddress

_CALLERS = (1, 8, 32)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=9, help="pairs of slices a row")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a slice")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args()
    ratios = asyncio.run(_run(options.pairs, options.seconds))
    if options.json:
        options.json.write_text(json.dumps([asdict(ratio) for ratio in ratios], indent=2) + "\n")
    Console().print(_table(ratios))


async def _run(pairs: int, seconds: float) -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        storage = Azurite(StorageAddress(*_free_ports(3)), Path(folder) / "data", Path(folder) / "log")
        await storage.start()
        try:
            return await _measure_all(storage.address, pairs, seconds)
        finally:
            await storage.stop()


async def _measure_all(address: StorageAddress, pairs: int, seconds: float) -> list[Ratio]:
    ratios = []
    async with intake_bench(address) as bench:
        for callers in _CALLERS:
            print(f"intake, {callers} callers …", file=sys.stderr)
            ratios.append(
                await measure(
                    "intake / floor", bench.intake, bench.floor, callers=callers, pairs=pairs, seconds=seconds
                )
            )
    return ratios


def _table(ratios: list[Ratio]) -> Table:
    table = Table("ratio", "callers", "orders/s", "floor/s", "ratio (quartiles)")
    for each in ratios:
        spread = f"{each.median:.2f} ({each.low:.2f}-{each.high:.2f})"
        table.add_row(each.name, str(each.callers), f"{each.rate:.0f}", f"{each.floor_rate:.0f}", spread)
    return table


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


if __name__ == "__main__":
    main()
