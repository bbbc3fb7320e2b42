"""The master role: who holds it, by what the regions say. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

SETTLING = timedelta(minutes=5)
"""From a promotion until the new master acts: longer than an older one's refresh can be under way."""


@dataclass(frozen=True)
class Role:
    """Who is master since when; `forced`: somebody made it so without a majority."""

    epoch: int
    region: str
    since: datetime
    forced: bool = False

    def is_same(self, other: "Role | None") -> bool:
        """Whether two regions speak of one promotion."""
        return other is not None and (self.epoch, self.region) == (other.epoch, other.region)


type Votes = Mapping[str, Role | None]
"""What each region that answered has in its row; None: it has none yet."""


def majority_of(regions: Collection[str]) -> int:
    """How many of the configured regions decide: one of one, two of two or three."""
    return len(regions) // 2 + 1


def has_majority(answered: Collection[str], configured: Collection[str]) -> bool:
    """Whether those that answered may decide for all."""
    return len(set(answered) & set(configured)) >= majority_of(configured)


def highest(votes: Votes) -> Role | None:
    """The role of the highest epoch that any region has."""
    known = (role for role in votes.values() if role is not None)
    return max(known, key=lambda role: role.epoch, default=None)


def find_holder(votes: Votes, configured: Collection[str]) -> Role | None:
    """The role that a majority of the configured regions confirms, or None."""
    for role in votes.values():
        if role is None:
            continue
        confirming = [region for region, vote in votes.items() if role.is_same(vote)]
        if has_majority(confirming, configured):
            return role
    return None


def find_master(votes: Votes, configured: Collection[str], region: str) -> Role | None:
    """The role in force, as one region sees it: a majority's, or its own that was forced.

    A forced role holds as long as no region that answers has one of a higher epoch.
    """
    holder = find_holder(votes, configured)
    own = votes.get(region)
    if own is not None and own.forced and own.region == region:
        others = [role for role in votes.values() if role is not None and not own.is_same(role)]
        if all(role.epoch < own.epoch for role in others):
            return own
    return holder


def is_settled(role: Role, now: datetime) -> bool:
    """Whether a master may act yet."""
    return now >= role.since + SETTLING
