"""Options that every command takes."""

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_DATA_DIR = Path(".muneris")

DataDir = Annotated[Path, typer.Option("--data-dir", metavar="D", help="Folder of the local cloud's data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]
