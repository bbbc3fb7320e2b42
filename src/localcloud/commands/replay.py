"""`muneris replay`: place a file of orders, and check what came of them."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from localcloud import staff
from localcloud.commands.answer import answer
from localcloud.commands.options import DEFAULT_DATA_DIR, AsJson, DataDir
from localcloud.supervisor.keys import read_staff_key
from localcloud.supervisor.running import get_running
from muneris.core.ids import PROPERTY_CODE

if TYPE_CHECKING:
    from localcloud.replay.report import Report
    from localcloud.replay.run import Finished, Options

_DEFAULT_PROPERTY = "NOR-CPH01"


def _check_property(code: str) -> str:

    if not PROPERTY_CODE.fullmatch(code):
        raise typer.BadParameter("use three letters, a hyphen, 2 to 12 letters or digits: NOR-CPH01")
    return code


def replay(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Orders, tab-separated: one line an item.")],
    property_code: Annotated[
        str, typer.Option("--property", metavar="P", help="Where to order.", callback=_check_property)
    ] = _DEFAULT_PROPERTY,
    twice: Annotated[
        bool, typer.Option("--twice", help="Send each order twice at once, with one key.")
    ] = False,
    rate: Annotated[
        float | None, typer.Option(metavar="R", min=0.01, help="Orders a second; as fast as can be without.")
    ] = None,
    callers: Annotated[
        int, typer.Option(metavar="N", min=1, max=1000, help="Guests who order at once.")
    ] = 16,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Place a file of orders, wait until all is quiet, and check what came of them."""
    # Azure's libraries take a while to import: no other command should wait for them.
    from localcloud.replay.run import Options  # noqa: PLC0415 - see above

    options = Options(property_code, callers, rate, twice=twice)
    finished = asyncio.run(_run(file, data_dir, options))
    for fault in finished.faults:
        print(f"muneris: {fault}", file=sys.stderr)
    answer(finished.report, _table(finished.report), as_json=as_json)
    if finished.faults:
        raise typer.Exit(1)


async def _run(file: Path, data_dir: Path, options: "Options") -> "Finished":
    from localcloud.replay.progress import ReplayProgress  # noqa: PLC0415 - as above
    from localcloud.replay.run import Replay  # noqa: PLC0415 - as above
    from localcloud.replay.sample import read_sample  # noqa: PLC0415 - as above

    orders = read_sample(file)
    status = await get_running(data_dir).get_status()
    key = read_staff_key(data_dir)
    with ReplayProgress(len(orders)) as progress:
        replay = Replay(status, lambda: staff.issue_token(key), options, progress.say, progress.ended)
        return await replay.run(orders)


def _table(report: "Report") -> Table:
    table = Table("", "", show_header=False)
    for name, value in report:
        table.add_row(name, "-" if value is None else str(value))
    return table
