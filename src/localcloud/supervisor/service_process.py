"""What a freshly forked process does: become a service of its own and run it until it is told to end."""

import asyncio
import contextlib
import importlib
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NoReturn, get_type_hints

from pydantic import BaseModel

from localcloud.supervisor.messages import Fork

_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def run(command: Fork, lifeline: int) -> NoReturn:
    """Run the service and end this process with its exit code: 0 when it was told to end.

    Args:
        command: what to run.
        lifeline: reading end of a pipe that closes when the fork server is gone.
    """
    code = 1
    try:
        os.setsid()
        _write_to(Path(command.log))
        _restore_signals()
        _show_as(Path(command.log).stem)
        os.environ.update(command.environment)
        threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
        asyncio.run(_serve(command))
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - the entry point of a process: nothing may return to the fork server
        traceback.print_exc()
    finally:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # without what the fork server has registered for its own end


def _write_to(log: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(nothing, 0)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(nothing)
    os.close(file)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr] # a text file here, as at every start
    logging.basicConfig(level=logging.INFO, format=_LOG_FORMAT, force=True)
    logging.getLogger("azure").setLevel(logging.WARNING)  # below, it logs every request it makes


def _restore_signals() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _show_as(name: str) -> None:
    """Let `ps` and `top` show the service's name, at most 15 bytes of it (proc_pid_comm(5)); Linux only."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name)


def _end_with(lifeline: int) -> NoReturn:
    """End at once when the pipe closes: whoever would have ended this process is gone."""
    os.read(lifeline, 1)
    os._exit(1)


async def _serve(command: Fork) -> None:
    serve, config_type = _find(command.target)
    service = asyncio.ensure_future(serve(config_type.model_validate_json(command.config)))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, service.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await service


def _find(target: str) -> tuple[Callable[[BaseModel], Awaitable[None]], type[BaseModel]]:
    module, _, name = target.partition(":")
    serve = getattr(importlib.import_module(module), name)
    return serve, next(iter(get_type_hints(serve).values()))  # of its one parameter
