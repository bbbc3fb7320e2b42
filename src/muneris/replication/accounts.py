"""How an Oracle account stands, and what its master does next. Pure.

Ages are those of the STS Gen2 guide, "Location Based API Requirements": an id_token lives 14 days unless
`expires_in` says otherwise, and is renewed after 7.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from muneris.replication.links import Link, Writer, heads

PASSWORD_LIFE = timedelta(days=60)
"""How long a password of an API account serves (Simphony configuration for Muneris, "STS setup")."""
_PASSWORD_WARNING = timedelta(days=10)
_STILL_STORING = timedelta(minutes=15)
"""Longer than an attempt may last, with the storing of what it gave."""
_RESERVE = timedelta(days=2)
"""What must be left of a bearer for its master to wait for a region that may hold a successor."""
_LATE_AFTER = timedelta(days=1)
_DUE_SHARE, _SPREAD = 0.5, 0.1
"""A refresh is due at half of a token's life, up to a tenth of that earlier: not all accounts' at once."""


class State(StrEnum):
    """How an account's tokens stand."""

    VALID = "valid"
    REFRESH_DUE = "refresh_due"
    SIGN_IN_NEEDED = "sign_in_needed"


@dataclass(frozen=True)
class Standing:
    """How an account stands at a moment; `version` and `writer` are those of the link whose bearer is sent.

    `days_left` are whole days until that bearer expires; `is_late`: a refresh has been due for a day.
    """

    state: State
    version: int
    writer: Writer
    obtained_at: datetime
    expires_at: datetime
    days_left: int
    is_late: bool
    is_forked: bool
    password_expires_soon: bool
    password_expires_at: datetime
    password_expired: bool

    @property
    def is_in_trouble(self) -> bool:
        """Whether its tokens will expire unless somebody does something."""
        return self.is_late or self.state is State.SIGN_IN_NEEDED

    @property
    def wants_attention(self) -> bool:
        """Whether somebody should hear of it."""
        return self.is_in_trouble or self.password_expires_soon


@dataclass(frozen=True)
class Attempt:
    """A refresh that a master was about to send: with which link, and the version of the successor."""

    writer: Writer
    version: int
    link_id: str
    at: datetime
    until: datetime
    """When it has ended whatever became of it."""


def bearer_link(links: Iterable[Link]) -> Link | None:
    """The link whose bearer is sent: the one that expires last."""
    return max(heads(links), key=lambda link: (link.expires_at, link.version, link.writer), default=None)


def standing_of(links: Iterable[Link], now: datetime) -> Standing | None:
    """How an account with these links stands; None: it was never signed in."""
    known = heads(links)
    best = bearer_link(known)
    if best is None:
        return None
    due_at = refresh_due_at(best)
    password_expires_at = best.password_at + PASSWORD_LIFE
    if all(link.spent for link in known):
        state = State.SIGN_IN_NEEDED
    else:
        state = State.VALID if now < due_at else State.REFRESH_DUE
    return Standing(
        state,
        best.version,
        best.writer,
        best.obtained_at,
        best.expires_at,
        days_left=max(0, (best.expires_at - now) // timedelta(days=1)),
        is_late=state is State.REFRESH_DUE and now >= due_at + _LATE_AFTER,
        is_forked=len(known) > 1,
        password_expires_soon=now >= password_expires_at - _PASSWORD_WARNING,
        password_expires_at=password_expires_at,
        password_expired=now >= password_expires_at,
    )


def refresh_due_at(link: Link) -> datetime:
    """When a link is to be refreshed; at once if it cannot be: then another one must show that it can."""
    if link.spent:
        return link.obtained_at
    life = link.expires_at - link.obtained_at
    return link.obtained_at + _DUE_SHARE * life * (1 - _SPREAD * _place_of(link.account.id))


def is_owed(links: Iterable[Link], now: datetime) -> bool:
    """Whether the master has something to do: a refresh, or signing in with a sealed password."""
    known = heads(links)
    standing = standing_of(known, now)
    if standing is None:
        return False
    if standing.state is State.SIGN_IN_NEEDED:
        return password_link(known) is not None
    return standing.state is State.REFRESH_DUE


def usable(
    links: Iterable[Link],
    attempts: Iterable[Attempt],
    reachable: Collection[str],
    region: str,
    now: datetime,
) -> Sequence[Link]:
    """The links to refresh with, in turn, newest first.

    What another region tried just now it may still be storing: that is left alone. What one tried that is not
    `reachable` may have succeeded there. While there is time its successor is waited for; with little time
    left it is tried, and a fork is the price.
    """
    known = heads(links)
    best = bearer_link(known)
    hurries = best is None or best.expires_at - now < _RESERVE
    others = (each for each in attempts if each.writer.region != region)
    doubtful = {
        each.link_id
        for each in others
        if now < each.at + _STILL_STORING or (not hurries and each.writer.region not in reachable)
    }
    return [link for link in known if not link.spent and link.id not in doubtful]


def password_link(links: Iterable[Link]) -> Link | None:
    """The link with a sealed password that may still serve: the one entered last."""
    keeping = (link for link in heads(links) if link.keeps_password and not link.password_spent)
    return max(keeping, key=lambda link: link.password_at, default=None)


def latest(attempts: Iterable[Attempt]) -> Attempt | None:
    """The attempt that was made last: of the highest epoch, then of the highest version."""
    return max(attempts, key=lambda each: (each.writer.epoch, each.version), default=None)


def _place_of(account_id: str) -> float:
    """Where an account stands among all, evenly spread over 0 to 1."""
    return int.from_bytes(hashlib.sha256(account_id.encode()).digest()[:4]) / 2**32
