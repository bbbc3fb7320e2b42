"""`muneris down`: stop the local cloud."""

import asyncio

from localcloud.commands.answer import answer
from localcloud.commands.options import DEFAULT_DATA_DIR, AsJson, DataDir
from localcloud.supervisor.running import find_running


def down(*, data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """Stop the local cloud; its data stays."""
    running = find_running(data_dir)
    stopped = asyncio.run(running.stop()) if running else {"stopped": 0}
    said = f"Stopped {stopped['stopped']} processes." if running else f"No local cloud runs on {data_dir}."
    answer(stopped, said, as_json=as_json)
