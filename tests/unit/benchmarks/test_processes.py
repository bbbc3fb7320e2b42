import os
import time

from benchmarks.processes import cpu_seconds, memory_use, own_cpu_seconds

PID = os.getpid()


def test_work_is_seen_from_outside_as_the_process_sees_it_itself() -> None:
    before, own = cpu_seconds(PID), own_cpu_seconds()
    ends_at = time.process_time() + 0.05
    while time.process_time() < ends_at:
        pass
    assert cpu_seconds(PID) - before >= 0.03
    assert own_cpu_seconds() - own >= 0.05


def test_shared_memory_counts_in_parts() -> None:
    use = memory_use(PID)
    assert 0 < use.pss <= use.rss
