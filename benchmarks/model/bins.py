"""How unevenly hashes spread: a property's code decides where it lies, not its load."""

import math
from functools import cache
from itertools import accumulate

SURE = 0.95
"""How sure a plan is that nothing is fuller than it takes the fullest to be."""


@cache
def fullest(things: float, bins: int) -> float:
    """The most of so many things in any one of some bins, where each lies in a bin by its hash.

    So many are exceeded once in twenty times (`SURE`). A single bin has them all.
    """
    if bins == 1:
        return things
    whole = math.ceil(things)
    chances = accumulate(_chance(whole, count, 1 / bins) for count in range(whole))
    sure_of_each = SURE ** (1 / bins)
    return next((count for count, chance in enumerate(chances) if chance >= sure_of_each), whole)


def _chance(things: int, count: int, share: float) -> float:
    """That just so many things lie in a bin that gets a share of them (binomial distribution)."""
    ways = math.lgamma(things + 1) - math.lgamma(count + 1) - math.lgamma(things - count + 1)
    return math.exp(ways + count * math.log(share) + (things - count) * math.log1p(-share))
