"""`muneris master`: which region refreshes Simphony's tokens."""

import sys
from typing import Annotated

import typer
from pydantic import JsonValue
from rich.console import Group, RenderableType
from rich.text import Text

from localcloud.commands.answer import answer
from localcloud.commands.options import DEFAULT_DATA_DIR, FIRST_REGION, AsJson, DataDir, Region
from localcloud.commands.tables import listed
from localcloud.operators import Document, Operator

cli = typer.Typer(help="See and move the master role of Simphony's tokens.", no_args_is_help=True)

_PATH = "/v1/sts_token_master/master"
_COLUMNS = {
    "region": "region",
    "answers": "reachable",
    "master": "role.region",
    "epoch": "role.epoch",
    "since": "role.since",
    "forced": "role.forced",
}


@cli.command()
def status(
    *, region: Region = FIRST_REGION, data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False
) -> None:
    """Who is master by what every region says; --region names the one that is asked."""
    document = Operator(data_dir, region).get(_PATH)
    answer(document, _readable(document), as_json=as_json)


@cli.command()
def promote(
    *,
    region: Annotated[str, typer.Option("--region", metavar="R", help="The region to make the master.")],
    force: Annotated[
        bool, typer.Option("--force", help="Do without a majority of the regions; asks for its name.")
    ] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Make a region the master; the old one stops as soon as it hears of it."""
    confirm = _confirmed(region) if force else ""
    document = Operator(data_dir, region).call(
        "POST", f"{_PATH}/promote", {"force": force, "confirm": confirm}
    )
    text = f"{document['region']} is the master (epoch {document['epoch']}): it refreshes in 5 minutes."
    answer(document, text, as_json=as_json)


def _confirmed(region: str) -> str:
    """What the operator types for the name of the region."""
    typer.echo(
        "Without a majority another region may be the master as well, and both may use up the same tokens.\n"
        f"Force it only while the other regions are surely dead.\nType {region} to go on: ",
        nl=False,
        err=True,
    )
    return sys.stdin.readline().strip()  # typer.prompt writes a space to standard output


def _readable(document: Document) -> RenderableType:
    master = document["master"]
    who = (
        f"{master['region']} is the master since epoch {master['epoch']}."
        if isinstance(master, dict)
        else "Nobody is the master, and no token is refreshed: promote a region."
    )
    regions: dict[str, JsonValue] = {"items": document["regions"]}
    return Group(Text(who), listed(regions, _COLUMNS, "There are no regions."))
