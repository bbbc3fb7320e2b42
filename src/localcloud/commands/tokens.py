"""`muneris tokens`: how the Oracle accounts stand in every region. Tokens themselves are never shown."""

import typer
from pydantic import JsonValue, TypeAdapter

from localcloud.commands.answer import answer
from localcloud.commands.options import DEFAULT_DATA_DIR, FIRST_REGION, AsJson, DataDir, Region
from localcloud.commands.tables import listed
from localcloud.operators import Document, Operator

cli = typer.Typer(help="See the tokens of Oracle accounts.", no_args_is_help=True)

ACCOUNTS_PATH = "/v1/sts_token_master/accounts"
_OBJECTS = TypeAdapter(list[dict[str, JsonValue]])
_COLUMNS = {
    "organization": "organization",
    "user": "username",
    "region": "region",
    "state": "state",
    "version": "version",
    "age": "age",
    "expires": "expires",
}


@cli.callback()
def tokens() -> None:
    """See the tokens of Oracle accounts."""


@cli.command("list")
def list_tokens(
    *, region: Region = FIRST_REGION, data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False
) -> None:
    """Each account in each region: state, version, age and expiry; --region names the one that is asked."""
    document = Operator(data_dir, region).get(ACCOUNTS_PATH)
    rows: dict[str, JsonValue] = {"items": _each_region(document)}
    answer(document, listed(rows, _COLUMNS, "No account was ever signed in."), as_json=as_json)


def _each_region(document: Document) -> list[JsonValue]:
    """Every account once for each region."""
    return [
        {
            **account,
            **regional,
            "age": _days("{} d", regional["age_days"]),
            "expires": _days("in {} d", regional["days_left"]),
        }
        for account in _OBJECTS.validate_python(document["items"])
        for regional in _OBJECTS.validate_python(account["regions"])
    ]


def _days(form: str, days: JsonValue) -> JsonValue:
    return None if days is None else form.format(days)
