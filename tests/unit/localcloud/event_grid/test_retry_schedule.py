import pytest

from localcloud.event_grid.delivery import Outcome
from localcloud.event_grid.retry_schedule import delay_seconds


def middle() -> float:
    return 0.5


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 10), (2, 30), (3, 60), (4, 300), (5, 600), (6, 1800), (7, 3600), (10, 43200), (29, 43200)],
)
def test_follows_event_grids_schedule(attempts: int, seconds: float) -> None:
    assert delay_seconds(attempts, Outcome.TIMED_OUT, middle) == seconds


@pytest.mark.parametrize(
    ("outcome", "seconds"), [(Outcome.NOT_FOUND, 300), (Outcome.UNAUTHORIZED, 300), (Outcome.BUSY, 30)]
)
def test_some_outcomes_wait_longer(outcome: Outcome, seconds: float) -> None:
    assert delay_seconds(1, outcome, middle) == seconds


def test_spreads_by_a_tenth() -> None:
    assert delay_seconds(1, None, lambda: 0.0) == pytest.approx(9)
    assert delay_seconds(1, None, lambda: 1.0) == pytest.approx(11)
