"""`muneris poison`: messages that failed too often."""

from typing import Annotated

import typer

from localcloud.commands.answer import answer
from localcloud.commands.options import DEFAULT_DATA_DIR, FIRST_REGION, AsJson, DataDir, Region
from localcloud.commands.tables import listed, whole
from localcloud.operators import Operator, orders_path

cli = typer.Typer(help="List, show, put back and remove poison.", no_args_is_help=True)

_COLUMNS = {
    "queue": "queue",
    "message": "message_id",
    "type": "body.type",
    "subject": "body.subject",
    "since": "inserted_at",
}

Queue = Annotated[str, typer.Argument(metavar="QUEUE", help="For example: orders-post.")]
MessageId = Annotated[str, typer.Argument(metavar="MESSAGE")]
OneOrAll = Annotated[str | None, typer.Argument(metavar="MESSAGE", help="One message; or give --all.")]
All = Annotated[bool, typer.Option("--all", help="All there are, 1,000 at most.")]


@cli.command("list")
def list_poison(
    *, region: Region = FIRST_REGION, data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False
) -> None:
    """The first 32 messages of each queue that has poison."""
    document = Operator(data_dir, region).get(orders_path("poison"))
    answer(document, listed(document, _COLUMNS, "There is no poison."), as_json=as_json)


@cli.command()
def show(
    queue: Queue,
    message_id: MessageId,
    *,
    region: Region = FIRST_REGION,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """One message, whole."""
    document = Operator(data_dir, region).get(orders_path("poison", queue, message_id))
    answer(document, whole(document), as_json=as_json)


@cli.command()
def redrive(
    queue: Queue,
    message_id: OneOrAll = None,
    *,
    everything: All = False,
    region: Region = FIRST_REGION,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Put poison back into its queue, to be read again."""
    path = orders_path(*_chosen(queue, message_id, everything=everything), "redrive")
    document = Operator(data_dir, region).call("POST", path)
    answer(document, f"Put back into {queue}: {document['redriven']}.", as_json=as_json)


@cli.command()
def drop(
    queue: Queue,
    message_id: OneOrAll = None,
    *,
    everything: All = False,
    region: Region = FIRST_REGION,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Remove poison for good."""
    path = orders_path(*_chosen(queue, message_id, everything=everything))
    document = Operator(data_dir, region).call("DELETE", path)
    answer(document, f"Removed of {queue}: {document['dropped']}.", as_json=as_json)


def _chosen(queue: str, message_id: str | None, *, everything: bool) -> tuple[str, ...]:
    """The words of a path to one message, or to all."""
    if everything == (message_id is not None):
        raise typer.BadParameter("give one of MESSAGE and --all")
    return ("poison", queue) if message_id is None else ("poison", queue, message_id)
