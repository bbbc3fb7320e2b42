from hypothesis import given
from hypothesis import strategies as st

from localcloud.function_host.backoff import PollingBackoff


def test_doubles_to_the_maximum_and_starts_again() -> None:
    backoff = PollingBackoff(1.0, chance=lambda: 0.5)
    assert [backoff.next_seconds() for _ in range(6)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    backoff.reset()
    assert backoff.next_seconds() == 0.1


@given(st.floats(0.1, 60), st.floats(0, 1, exclude_max=True))
def test_spreads_each_wait_by_a_fifth_and_never_exceeds_the_maximum(maximum: float, chance: float) -> None:
    backoff = PollingBackoff(maximum, chance=lambda: chance)
    base = 0.1
    for _ in range(12):
        wait = backoff.next_seconds()
        assert min(base * 0.8, maximum) - 1e-9 <= wait <= min(base * 1.2, maximum) + 1e-9
        base = min(base * 2, maximum)
