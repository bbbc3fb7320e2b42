"""Shows on standard error how far a replay is."""

import sys
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from localcloud.replay.report import Result


class ReplayProgress:
    """A bar of orders in a terminal; elsewhere only lines. Used as a context manager."""

    def __init__(self, orders: int) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(file=sys.stderr),
            disable=not sys.stderr.isatty(),
        )
        self._orders: TaskID = self._bar.add_task("Orders", total=orders)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def say(self, line: str) -> None:
        """Show a line, above the bar if there is one."""
        self._bar.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def ended(self, _result: Result) -> None:
        """One more order has come to its end."""
        self._bar.advance(self._orders)
