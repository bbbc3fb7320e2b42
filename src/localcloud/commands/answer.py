"""How a command answers: one JSON document, or something to read."""

import json
from collections.abc import Mapping

from pydantic import BaseModel, JsonValue
from rich.console import Console, RenderableType


def answer(document: BaseModel | Mapping[str, JsonValue], readable: RenderableType, *, as_json: bool) -> None:
    """Print the command's answer on standard output."""
    if isinstance(readable, str) and not as_json:
        print(readable, flush=True)  # as it is: a token must not be wrapped
    elif not as_json:
        Console().print(readable)
    elif isinstance(document, BaseModel):
        print(document.model_dump_json(), flush=True)
    else:
        print(json.dumps(document), flush=True)
