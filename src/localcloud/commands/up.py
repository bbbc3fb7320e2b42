"""`muneris up`: start the local cloud."""

import contextlib
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, TextIO

import typer

from localcloud.commands.answer import answer
from localcloud.commands.detach import start_detached
from localcloud.commands.options import DEFAULT_DATA_DIR, AsJson, DataDir
from localcloud.commands.status_table import status_table
from localcloud.layout import REGIONS, Layout

_BASE_PORT = 7070
_HIGHEST_BASE_PORT = 65535 - 10 * (len(REGIONS) + 1)
_MOST_STORAGE_ACCOUNTS = 9


def up(
    *,
    regions: Annotated[int, typer.Option(min=1, max=len(REGIONS), help="How many regions.")] = len(REGIONS),
    base_port: Annotated[
        int, typer.Option(min=1024, max=_HIGHEST_BASE_PORT, help="Traffic Manager's port; the others follow.")
    ] = _BASE_PORT,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    storage_accounts: Annotated[
        int, typer.Option(min=1, max=_MOST_STORAGE_ACCOUNTS, help="How many storage accounts a region has.")
    ] = 1,
    detach: Annotated[bool, typer.Option("--detach", help="Return when everything is ready.")] = False,
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Seed nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start the local cloud and show its life; Ctrl-C stops it."""
    layout = Layout(base_port, Path(data_dir).absolute(), regions, storage_accounts)
    if detach:
        status = start_detached(layout, demo=not no_demo)
        answer(status, status_table(status), as_json=as_json)
        return
    # Everything the cloud is made of takes a second to import: no other command should wait for it.
    from localcloud.commands.foreground import run  # noqa: PLC0415 - see above

    run(layout, partial(_say, sys.stderr if as_json else sys.stdout), demo=not no_demo, as_json=as_json)


def _say(stream: TextIO, line: str) -> None:
    with contextlib.suppress(OSError):  # a terminal that was closed must not keep the cloud from stopping
        print(line, file=stream, flush=True)
