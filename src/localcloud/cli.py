"""The command line `muneris`: puts the commands together, and turns their refusals into one line."""

import sys

import typer

from localcloud.commands import (
    app_control,
    down,
    key,
    master,
    order,
    poison,
    replay,
    status,
    token,
    tokens,
    up,
    work,
)
from localcloud.errors import LocalCloudError

cli = typer.Typer(
    help="Three regions of Muneris on this machine.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
cli.command("up")(up.up)
cli.command("status")(status.status)
cli.command("down")(down.down)
cli.command("token")(token.token)
cli.command("key")(key.key)
cli.command("replay")(replay.replay)
cli.add_typer(app_control.cli, name="app")
cli.add_typer(order.cli, name="order")
cli.add_typer(work.cli, name="work")
cli.add_typer(poison.cli, name="poison")
cli.add_typer(master.cli, name="master")
cli.add_typer(tokens.cli, name="tokens")


def main() -> None:
    """Run one command: exit code 0, 1 when it is refused or fails, 2 when it is used wrongly."""
    try:
        cli()
    except LocalCloudError as error:
        sys.exit(f"muneris: {error}")
