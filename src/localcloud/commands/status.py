"""`muneris status`: what the local cloud is doing."""

import asyncio

from localcloud.commands.answer import answer
from localcloud.commands.options import DEFAULT_DATA_DIR, AsJson, DataDir
from localcloud.commands.status_table import status_table
from localcloud.supervisor.running import get_running


def status(*, data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """Show what the local cloud is doing."""
    document = asyncio.run(get_running(data_dir).get_status())
    answer(document, status_table(document), as_json=as_json)
