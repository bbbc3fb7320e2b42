"""A round: lines added to an order's open check, and what may follow what in it. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from muneris.orders.differences import Differences
from muneris.orders.priced import PricedLine

ROUND_INTERNAL = frozenset({"asked", "expires_at"})
"""The fields of a round that it is not shown with."""


class RoundStatus(StrEnum):
    """Where a round stands."""

    RECEIVED = "received"
    RESERVED = "reserved"
    POSTING = "posting"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    NEEDS_ATTENTION = "needs_attention"


ROUND: Mapping[RoundStatus, frozenset[RoundStatus]] = {
    RoundStatus.RECEIVED: frozenset({RoundStatus.RESERVED, RoundStatus.REJECTED}),
    RoundStatus.RESERVED: frozenset({RoundStatus.POSTING, RoundStatus.REJECTED}),
    RoundStatus.POSTING: frozenset(
        {RoundStatus.CONFIRMED, RoundStatus.REJECTED, RoundStatus.NEEDS_ATTENTION}
    ),
    RoundStatus.CONFIRMED: frozenset(),
    RoundStatus.REJECTED: frozenset(),
    RoundStatus.NEEDS_ATTENTION: frozenset({RoundStatus.CONFIRMED, RoundStatus.REJECTED}),
}
"""What may follow what."""


class Round(BaseModel):
    """A round as it is stored with its order, and but for `ROUND_INTERNAL` as the order is answered with it.

    `items` are the menu items that its `reason` is about, `differences` what its check holds otherwise than
    it was asked for, `detail` is what others said, for staff alone. `asked` is the order's sequence at which
    the ask began that it waits for. From `expires_at` on it is not wanted any more.
    """

    model_config = ConfigDict(frozen=True)
    id: str
    status: RoundStatus = RoundStatus.RECEIVED
    reason: str | None = None
    items: tuple[int, ...] | None = None
    differences: Differences | None = None
    detail: str | None = None
    lines: tuple[dict[str, Any], ...]
    priced_lines: tuple[PricedLine, ...]
    total: str
    placed_by: str
    created_at: str
    asked: int = 0
    expires_at: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing follows any more."""
        return not ROUND[self.status]
