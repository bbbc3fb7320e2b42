"""`muneris replay`: place a file of orders, and check what came of them."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import contextmanager
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from localcloud import staff
from localcloud.commands.answer import answer
from localcloud.commands.options import DEFAULT_DATA_DIR, AsJson, DataDir
from localcloud.supervisor.keys import read_staff_key
from localcloud.supervisor.running import RunningCloud, get_running

if TYPE_CHECKING:
    from localcloud.replay.report import Report, Result
    from localcloud.replay.run import Finished, Options
    from localcloud.replay.sample import SampleOrder

