"""What processes use, as Linux counts it (proc(5))."""

import os
import resource
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_USER_TICKS = 11  # fields 14 and 15 of /proc/<pid>/stat, counted from behind the name
_KIB_PER_MIB = 1024


@dataclass(frozen=True)
class MemoryUse:
    """MiB: resident, and with the process's share of what it shares with others."""

    rss: float
    pss: float


def cpu_seconds(pid: int) -> float:
    """The CPU time that a process has used, to a hundredth of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = fields[_USER_TICKS : _USER_TICKS + 2]
    return (int(user) + int(system)) / _TICKS_PER_SECOND


def own_cpu_seconds() -> float:
    """The CPU time that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def memory_use(pid: int) -> MemoryUse:
    """A process's memory."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kib = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}
    return MemoryUse(kib["Rss"] / _KIB_PER_MIB, kib["Pss"] / _KIB_PER_MIB)
