"""`muneris order`: orders, and what only a person can settle."""

from collections.abc import Mapping
from typing import Annotated, Literal

import typer
from pydantic import JsonValue, TypeAdapter

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
from localcloud.commands.tables import listed, whole
from localcloud.operators import Operator, orders_path

cli = typer.Typer(help="List, show and settle orders.", no_args_is_help=True)

_ROUNDS = "rounds_in_doubt"
_OBJECTS = TypeAdapter(list[dict[str, JsonValue]])
_OF_PROPERTY = {
    "order": "order_id",
    "status": "status",
    "reason": "reason",
    "total": "totals.total",
    "created": "created_at",
}
_OF_REGION = {
    "order": "order_id",
    "property": "property_code",
    "since": "updated_at",
    "total": "totals.total",
    "rounds in doubt": _ROUNDS,
}

Property = Annotated[str, typer.Argument(metavar="PROPERTY", help="For example: NOR-CPH01.")]
OrderId = Annotated[str, typer.Argument(metavar="ORDER")]
Moment = Annotated[str | None, typer.Option(metavar="TIME", help="Of creation: 2030-05-04T10:30:00Z.")]


@cli.command("list")
def list_orders(  # noqa: PLR0913 - as many as a list has filters
    property_code: Annotated[str | None, typer.Argument(metavar="PROPERTY")] = None,
    *,
    status: Annotated[str | None, typer.Option(metavar="S", help="For example: needs_attention.")] = None,
    since: Moment = None,
    until: Moment = None,
    limit: Limit = MOST_LISTED,
    continuation: Continuation = None,
    region: Region = FIRST_REGION,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """A property's orders, the newest first; without one, the region's orders that need attention."""
    if property_code is None and (status, since, until) != (None, None, None):
        raise typer.BadParameter("name a property to choose among its orders")
    path = "attention" if property_code is None else property_code
    query = {"status": status, "since": since, "until": until, "limit": limit, "continuation": continuation}
    document = Operator(data_dir, region).get(orders_path(path), query)
    if property_code is None:
        readable = listed(_with_doubts(document), _OF_REGION, "No order needs attention.")
    else:
        readable = listed(document, _OF_PROPERTY, "No such orders.")
    answer(document, readable, as_json=as_json)


@cli.command()
def show(
    property_code: Property,
    order_id: OrderId,
    *,
    region: Region = FIRST_REGION,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """One order, with all that staff may see of it."""
    document = Operator(data_dir, region).get(orders_path(property_code, order_id))
    answer(document, whole(document), as_json=as_json)


@cli.command()
def resolve(  # noqa: PLR0913 - as many as a resolution has parts
    property_code: Property,
    order_id: OrderId,
    kind: Annotated[
        Literal["confirmed", "rejected", "cancelled", "retry"],
        typer.Argument(help="What became of it; retry asks Simphony again."),
    ],
    *,
    note: Annotated[str, typer.Option(metavar="TEXT", help="What you found out, for staff.")],
    round_id: Annotated[
        str | None, typer.Option("--round", metavar="ID", help="Of this round of it alone.")
    ] = None,
    check_ref: Annotated[
        str | None, typer.Option(metavar="REF", help="confirmed: the check that holds it.")
    ] = None,
    check_number: Annotated[int | None, typer.Option(metavar="N", help="confirmed: its number.")] = None,
    region: Region = FIRST_REGION,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Settle an order that needs attention."""
    resolution: dict[str, JsonValue] = {
        "kind": kind,
        "round": round_id,
        "check_ref": check_ref,
        "check_number": check_number,
        "note": note,
    }
    path = orders_path(property_code, order_id, "resolve")
    document = Operator(data_dir, region).call("POST", path, resolution)
    answer(document, f"{order_id} is {document['status']}.", as_json=as_json)


def _with_doubts(document: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Orders, each with the ids of those of its rounds that need attention."""
    orders = _OBJECTS.validate_python(document["items"])
    return {**document, "items": [{**order, _ROUNDS: _rounds_in_doubt(order)} for order in orders]}


def _rounds_in_doubt(order: Mapping[str, JsonValue]) -> str | None:
    rounds = _OBJECTS.validate_python(order.get("rounds", []))
    return " ".join(str(each["id"]) for each in rounds if each["status"] == "needs_attention") or None
