"""Runs one function host: `python -m localcloud.function_host <config.json>`."""

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path

from localcloud.function_host import FunctionHostConfig, serve

_USAGE = "Usage: python -m localcloud.function_host <config.json> (the fields of FunctionHostConfig)"


async def _serve_until_signalled(config: FunctionHostConfig) -> None:
    serving = asyncio.create_task(serve(config))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, serving.cancel)
    with suppress(asyncio.CancelledError):  # asked to end
        await serving


def main(arguments: list[str]) -> None:
    """Read the config and serve until SIGINT or SIGTERM.

    Raises:
        SystemExit: there is not exactly one argument, or the app cannot be loaded.
    """
    if len(arguments) != 1:
        raise SystemExit(_USAGE)
    config = FunctionHostConfig.model_validate_json(Path(arguments[0]).read_bytes())
    asyncio.run(_serve_until_signalled(config))


if __name__ == "__main__":
    main(sys.argv[1:])
