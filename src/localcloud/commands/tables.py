"""Lists of the API as tables to read."""

import re
from collections.abc import Mapping

from pydantic import JsonValue
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.json import JSON
from rich.table import Column, Table
from rich.text import Text

_IDENTIFYING = 2
_FRACTION = re.compile(r"(?<=:[0-9]{2})\.[0-9]+(?=Z$)")
"""What of a time no one needs to read."""


def listed(document: Mapping[str, JsonValue], columns: Mapping[str, str], nothing: str) -> RenderableType:
    """A row an item, and how to go on; `nothing` is said of an empty list.

    Columns are headings with the dotted names of what is below them; the first two say which item it is.
    """
    table = Table(
        *(
            Column(name, no_wrap=number < _IDENTIFYING, overflow="fold")
            for number, name in enumerate(columns)
        ),
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    items = document["items"]
    assert isinstance(items, list)  # noqa: S101 - every list of the API has them
    for item in items:
        table.add_row(*(_text(item, name) for name in columns.values()))
    parts: list[RenderableType] = [table if items else Text(nothing)]
    if document.get("continuation"):
        parts.append(Text(f"More: --continuation {document['continuation']}"))
    return Group(*parts)


def whole(document: Mapping[str, JsonValue]) -> RenderableType:
    """A document with everything in it."""
    return JSON.from_data(document)


def _text(item: JsonValue, name: str) -> str:
    """What an item has under a dotted name."""
    for part in name.split("."):
        item = item.get(part) if isinstance(item, dict) else None
    return "-" if item is None else _FRACTION.sub("", str(item))
