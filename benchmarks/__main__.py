"""`make bench` and `make bench-check`: measure the order path, and say how it is."""

import argparse
import dataclasses
import os
import platform
import signal
import sys
import traceback
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.check import BASELINE, Baseline, lasting_faults, updated
from benchmarks.report import Record, Report
from benchmarks.suite import CHECKED, QUESTIONS, QUICK, Plan, chosen
from benchmarks.tables import tables

_BASELINE_FILE = Path(__file__).with_name("baseline.json")
_PAGE_WIDTH = 160
_INTERRUPTED = 130  # as a shell says of Ctrl-C


def main() -> None:
    """Measure; exit code 1 if something failed, or a check found a fault."""
    parser = _parser()
    options = parser.parse_args()
    plan = QUICK if options.quick else Plan()
    plan = dataclasses.replace(plan, pairs=options.pairs or plan.pairs)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has jobs in the background ignore it
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # ends as Ctrl-C does
    try:
        names = chosen(CHECKED if options.check else QUESTIONS, options.only)
        known = _known(options.json) if options.keep else _empty()
    except ValueError as wrong_option:
        parser.error(str(wrong_option))
    try:
        wrong = _check(names, plan) if options.check else _bench(names, plan, known, options)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    for line in wrong:
        _say(line)
    sys.exit(1 if wrong else 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = ", ".join(QUESTIONS)
    parser.add_argument("--only", default="", help=f"beginnings of names, parted by commas, of: {names}")
    parser.add_argument("--quick", action="store_true", help="see that everything works; figures are noise")
    parser.add_argument("--pairs", type=int, help="pairs of slices a ratio")
    parser.add_argument("--json", type=Path, help="a file to write the figures to")
    parser.add_argument("--keep", action="store_true", help="keep the file's figures of what is not measured")
    parser.add_argument("--save-baseline", action="store_true", help="take these ratios as the baseline")
    parser.add_argument("--check", action="store_true", help="compare with the baseline and the targets")
    return parser


def _known(file: Path | None) -> Report:
    """The figures of a file.

    Raises:
        ValueError: there is none, or it is of another machine.
    """
    if file is None or not file.exists():
        raise ValueError("--keep needs a file of --json that exists")
    known = Report.model_validate_json(file.read_bytes())
    if known.machine != _machine():
        raise ValueError(f"{file} is of another machine: {known.machine}")
    return known


def _empty() -> Report:
    return Report(measured_on=datetime.now(UTC).date(), machine=_machine())


def _bench(names: Iterable[str], plan: Plan, known: Report, options: argparse.Namespace) -> list[str]:
    """Measure and show; what failed, a line each."""
    report, failed = _measure(names, plan, known, options.json)
    for each in tables(report):
        _show(each.title, each.columns, each.rows)
    if options.save_baseline:
        _write_baseline(updated(_read_baseline(), report.ratios))
    return failed


def _check(names: Iterable[str], plan: Plan) -> list[str]:
    """Compare with the baseline and the targets; what is worse, a line each."""
    return lasting_faults(names, lambda name: _empty().updated(_ask(name, plan)), _read_baseline())


def _measure(names: Iterable[str], plan: Plan, report: Report, file: Path | None) -> tuple[Report, list[str]]:
    """Ask one question after another; what one answers is kept, whatever becomes of the next."""
    failed = []
    for name in names:
        try:
            report = report.updated(_ask(name, plan))
        except Exception as error:  # noqa: BLE001 - an entry point: the other questions are asked all the same
            traceback.print_exception(error)
            failed.append(f"{name} failed: {error!r}")
            continue
        if file is not None:
            file.write_text(report.model_dump_json(indent=1) + "\n")
    return report, failed


def _ask(name: str, plan: Plan) -> Sequence[Record]:
    async def ask() -> Sequence[Record]:
        return await QUESTIONS[name](plan)

    _say(f"{name} ...")
    return uvloop.run(ask())


def _read_baseline() -> Baseline:
    return BASELINE.validate_json(_BASELINE_FILE.read_bytes()) if _BASELINE_FILE.exists() else {}


def _write_baseline(baseline: Baseline) -> None:
    _BASELINE_FILE.write_bytes(BASELINE.dump_json(baseline, indent=1) + b"\n")


def _machine() -> str:
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.process_cpu_count()} cores, {gib:.0f} GiB, {platform.system()} on {platform.machine()}"


def _show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(*columns, title=title, title_justify="left", box=box.SIMPLE)
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else _PAGE_WIDTH).print(table)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
