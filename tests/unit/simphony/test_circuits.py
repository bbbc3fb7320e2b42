import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muneris.simphony.circuits import Circuit, Circuits, Patience
from muneris.simphony.errors import PausedError

PATIENCE = Patience(failures=3, first_pause=2.0, longest_pause=5.0, probe=10.0)


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def circuits(time: Time) -> Circuits:
    return Circuits(PATIENCE, time)


def fail(circuits: Circuits, times: int, site: str = "a") -> None:
    for _ in range(times):
        circuits.call(site)
        circuits.failed(site)


def is_paused(circuits: Circuits, site: str = "a") -> bool:
    try:
        circuits.call(site)
    except PausedError:
        return True
    return False


def test_so_many_failures_in_a_row_open_it(circuits: Circuits) -> None:
    fail(circuits, 2)
    circuits.answered("a")
    fail(circuits, 2)
    assert not is_paused(circuits)
    circuits.failed("a")
    assert is_paused(circuits)


def test_a_dead_property_costs_no_other(circuits: Circuits) -> None:
    fail(circuits, 3, "a")
    assert not is_paused(circuits, "b")


def test_after_its_pause_one_call_probes_it(circuits: Circuits, time: Time) -> None:
    fail(circuits, 3)
    time.now += 1.9
    assert is_paused(circuits)
    time.now += 0.1
    assert not is_paused(circuits)
    assert is_paused(circuits)
    circuits.answered("a")
    assert not is_paused(circuits)
    assert not is_paused(circuits)


def test_each_failed_probe_doubles_the_pause_up_to_the_longest(circuits: Circuits, time: Time) -> None:
    fail(circuits, 3)
    for pause in (2.0, 4.0, 5.0, 5.0):
        time.now += pause - 0.1
        assert is_paused(circuits)
        time.now += 0.1
        fail(circuits, 1)


def test_what_was_under_way_when_it_opened_does_not_lengthen_the_pause(
    circuits: Circuits, time: Time
) -> None:
    for _ in range(5):
        circuits.call("a")
    for _ in range(5):
        circuits.failed("a")
    time.now += 2.0
    assert not is_paused(circuits)


def test_a_probe_that_told_nothing_makes_room_for_the_next(circuits: Circuits, time: Time) -> None:
    fail(circuits, 3)
    time.now += 2.0
    circuits.call("a")
    circuits.told_nothing("a")
    assert not is_paused(circuits)


def test_a_probe_that_never_ended_makes_room_in_the_end(circuits: Circuits, time: Time) -> None:
    fail(circuits, 3)
    time.now += 2.0
    circuits.call("a")
    time.now += 9.9
    assert is_paused(circuits)
    time.now += 0.1
    assert not is_paused(circuits)


def test_whoever_may_not_probe_takes_nobody_elses_turn(circuits: Circuits, time: Time) -> None:
    circuits.call("a", may_probe=False)
    fail(circuits, 3)
    time.now += 2.0
    with pytest.raises(PausedError):
        circuits.call("a", may_probe=False)
    assert not is_paused(circuits)
    circuits.answered("a")
    circuits.call("a", may_probe=False)


def test_who_asks_to_wait_is_left_alone_for_so_long(circuits: Circuits, time: Time) -> None:
    circuits.call("a")
    circuits.asked_to_wait("a", 30.0)
    time.now += 29.9
    assert is_paused(circuits)
    time.now += 0.1
    assert not is_paused(circuits)


events = st.lists(
    st.tuples(st.sampled_from(["call", "failed", "answered", "told_nothing"]), st.floats(0, 20)), max_size=60
)


@given(events)
def test_whatever_happens_it_is_called_again_and_an_answer_closes_it(
    happened: list[tuple[str, float]],
) -> None:
    circuit, now = Circuit(), 0.0
    for what, later in happened:
        now += later
        match what:
            case "call" if circuit.admits(now):
                circuit = circuit.called(now, PATIENCE)
            case "failed":
                circuit = circuit.failed(now, PATIENCE)
            case "answered":
                circuit = circuit.answered()
            case "told_nothing":
                circuit = circuit.told_nothing()
        assert circuit.pause <= PATIENCE.longest_pause
        assert circuit.admits(now + PATIENCE.longest_pause + PATIENCE.probe)
        assert circuit.answered().admits(-math.inf)
