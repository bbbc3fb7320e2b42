"""One ratio, too short to mean anything: real processes, real sockets, a real storage emulator."""

from pathlib import Path

import pytest
from benchmarks.intake import DIRECT, GROUPED, HOST, Row, measure_row


def children() -> set[str]:
    """The processes that this one has started and that run."""
    return set(Path("/proc/self/task/self/children").read_text().split())
