"""What rows of orders hold beside the order itself, each with the version that was read."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from muneris.cloud.tables import Values
from muneris.core.identity import Caller
from muneris.orders.model import Order


class Claim(NamedTuple):
    """Who placed an order, or a round of one, with which request, and what was answered."""

    fingerprint: str
    placed_by: str
    receipt: bytes

    def is_repeated_by(self, caller: Caller, fingerprint: str) -> bool:
        """Whether somebody asks for the same once more."""
        return self.placed_by == caller.subject and self.fingerprint == fingerprint


@dataclass(frozen=True)
class StoredOrder:
    """An order with its claim and the version that was read."""

    order: Order
    claim: Claim
    etag: str


class GuestOrders(NamedTuple):
    """The orders of a guest that were open when last looked at; `etag` is None before the first."""

    order_ids: tuple[UUID, ...] = ()
    etag: str | None = None


class Place(NamedTuple):
    """A row that lists who has a slot's places, the new order among them; `etag` is None before the first."""

    key: str
    values: Values
    etag: str | None
