"""`muneris app`: stop, start or kill one function app of one region."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from localcloud.commands.answer import answer
from localcloud.commands.options import DEFAULT_DATA_DIR, FIRST_REGION, AsJson, DataDir, Region
from localcloud.supervisor.running import get_running

cli = typer.Typer(help="Stop, start or kill one function app of one region.", no_args_is_help=True)

App = Annotated[str, typer.Argument(help="For example: orders.")]


@cli.command()
def stop(
    app: App,
    *,
    region: Region = FIRST_REGION,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Stop it, until it is started again."""
    _change(data_dir, region, app, "stop", as_json=as_json)


@cli.command()
def start(
    app: App,
    *,
    region: Region = FIRST_REGION,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Start it, with its code as it is now."""
    _change(data_dir, region, app, "start", as_json=as_json)


@cli.command()
def kill(
    app: App,
    *,
    region: Region = FIRST_REGION,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Kill it, as a crash would; it starts again by itself."""
    _change(data_dir, region, app, "kill", as_json=as_json)


def _change(
    data_dir: Path, region: str, app: str, action: Literal["stop", "start", "kill"], *, as_json: bool
) -> None:
    document = asyncio.run(get_running(data_dir).change_app(region, app, action))
    answer(document, f"{app} in {region}: {document['state']}", as_json=as_json)
