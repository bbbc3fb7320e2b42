"""Links of an account's chain of tokens: which goes back to which, in whatever order they arrive. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from muneris.simphony.model import Account

_NO_MASTER = 0
"""The epoch of who signs in: any region may, and no role is needed."""


@dataclass(frozen=True, order=True)
class Writer:
    """Who adds links: a region as the master of an epoch, or (epoch 0) as the place of a sign-in."""

    epoch: int
    region: str

    @classmethod
    def of_sign_in(cls, region: str) -> "Writer":
        """The writer of what a sign-in in a region gives."""
        return cls(_NO_MASTER, region)

    @classmethod
    def parse(cls, text: str) -> "Writer":
        """The writer that a text names.

        Raises:
            ValueError: it names none.
        """
        epoch, _, region = text.partition("@")
        return cls(int(epoch), region)

    def __str__(self) -> str:
        return f"{self.epoch}@{self.region}"


@dataclass(frozen=True)
class Link:
    """The tokens that one sign-in or one refresh gave, sealed, and what is no secret of them.

    `seen` has the newest version of every writer that it goes back to, its own included. `expires_at` is the
    bearer's. `password_at` is when somebody last entered the password. What is `spent` never becomes unspent:
    the refresh token once Oracle has refused it, the sealed password once it has refused that.
    """

    account: Account
    writer: Writer
    version: int
    seen: Mapping[Writer, int]
    obtained_at: datetime
    expires_at: datetime
    password_at: datetime
    sealed: bytes
    keeps_password: bool = False
    spent: bool = False
    password_spent: bool = False

    @property
    def id(self) -> str:
        """What no other link of the account is called."""
        return f"{self.writer}/{self.version}"

    def supersedes(self, other: "Link") -> bool:
        """Whether this link goes back to another one."""
        return self.id != other.id and self.seen.get(other.writer, 0) >= other.version

    def merged_with(self, twin: "Link") -> "Link":
        """The same link as two regions know it: what either knows to be spent is."""
        return replace(
            self,
            spent=self.spent or twin.spent,
            password_spent=self.password_spent or twin.password_spent,
        )


def heads(links: Iterable[Link]) -> Sequence[Link]:
    """Those that no other one supersedes, newest first: more than one is a fork."""
    known: dict[str, Link] = {}
    for link in links:
        twin = known.get(link.id)
        known[link.id] = link if twin is None else twin.merged_with(link)
    standing = [link for link in known.values() if not any(each.supersedes(link) for each in known.values())]
    return sorted(standing, key=lambda link: (link.version, link.writer), reverse=True)


def next_version(known: Iterable[Link]) -> int:
    """The version of a link that goes back to all of these."""
    return 1 + max((version for link in known for version in link.seen.values()), default=0)


def seen_after(known: Iterable[Link], writer: Writer, version: int) -> Mapping[Writer, int]:
    """What a new link of a writer has seen that goes back to all of these."""
    seen: dict[Writer, int] = {}
    for link in known:
        for each, newest in link.seen.items():
            seen[each] = max(newest, seen.get(each, 0))
    return {**seen, writer: version}
