"""Options that commands share."""

from pathlib import Path
from typing import Annotated

import typer

from localcloud.layout import REGIONS

DEFAULT_DATA_DIR = Path(".muneris")
FIRST_REGION = REGIONS[0].name

DataDir = Annotated[Path, typer.Option("--data-dir", metavar="D", help="Folder of the local cloud's data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]
Region = Annotated[str, typer.Option("--region", metavar="R", help="For example: api1.")]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=100, help="How many at most.")]
Continuation = Annotated[
    str | None, typer.Option("--continuation", metavar="C", help="Of the page before: where to go on.")
]
MOST_LISTED = 100
