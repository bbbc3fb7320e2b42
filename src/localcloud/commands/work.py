"""`muneris work`: what orders owe."""

from typing import Annotated

import typer

from localcloud.commands.answer import answer
from localcloud.commands.options import (
    DEFAULT_DATA_DIR,
    FIRST_REGION,
    MOST_LISTED,
    AsJson,
    Continuation,
    DataDir,
    Limit,
    Region,
)
from localcloud.commands.tables import listed
from localcloud.operators import Operator, orders_path

cli = typer.Typer(help="List what orders owe, and send it again.", no_args_is_help=True)

_COLUMNS = {
    "order": "order_id",
    "property": "property_code",
    "step": "step",
    "tries": "attempts",
    "next": "due_at",
}

Order = Annotated[str | None, typer.Option("--order", metavar="ORDER", help="Of this order alone.")]


@cli.command("list")
def list_work(
    property_code: Annotated[str | None, typer.Argument(metavar="PROPERTY")] = None,
    *,
    order_id: Order = None,
    limit: Limit = MOST_LISTED,
    continuation: Continuation = None,
    region: Region = FIRST_REGION,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """What a property's orders owe, or the whole region's: how often each step was sent, and when next."""
    if property_code is None and order_id is not None:
        raise typer.BadParameter("name the order's property as well")
    path = orders_path("work") if property_code is None else orders_path(property_code, "work")
    query = {"order_id": order_id, "limit": limit, "continuation": continuation}
    document = Operator(data_dir, region).get(path, query)
    answer(document, listed(document, _COLUMNS, "Nothing is owed."), as_json=as_json)


@cli.command()
def retry(
    property_code: Annotated[str, typer.Argument(metavar="PROPERTY")],
    *,
    order_id: Order = None,
    region: Region = FIRST_REGION,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Make due now what a property's orders owe: it is sent within 5 s."""
    path = orders_path(property_code, "work", "retry")
    document = Operator(data_dir, region).call("POST", path, {"order_id": order_id})
    answer(document, f"Steps due now: {document['retried']}.", as_json=as_json)
