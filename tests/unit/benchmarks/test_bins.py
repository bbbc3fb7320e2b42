import random
from collections import Counter

import pytest
from benchmarks.model.bins import SURE, fullest


def test_a_single_bin_has_everything() -> None:
    assert fullest(133.4, 1) == 133.4


@pytest.mark.parametrize(
    ("things", "bins", "most"),
    [(2, 2, 2), (8, 2, 7), (8, 5, 5), (7.2, 5, 5), (1, 1_000, 1), (0, 7, 0)],
)
def test_few_things_may_lie_together(things: float, bins: int, most: int) -> None:
    assert fullest(things, bins) == most


def test_more_bins_never_fill_the_fullest_more() -> None:
    found = [fullest(200, bins) for bins in range(1, 300)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == 5


def test_as_many_layouts_are_fuller_as_it_says() -> None:
    throw = random.Random(1)  # noqa: S311 - the same numbers each time
    most, layouts = fullest(200, 50), 1_000
    fullest_of = [max(Counter(throw.randrange(50) for _ in range(200)).values()) for _ in range(layouts)]
    assert sum(each > most for each in fullest_of) <= (1 - SURE) * layouts
    assert sum(each > most - 1 for each in fullest_of) > (1 - SURE) * layouts
