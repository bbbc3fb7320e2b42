"""Follows an order as an app does: each change as soon as it happens, until nothing moves it any more."""

from collections.abc import AsyncIterator
from http import HTTPStatus

from pydantic import BaseModel

from localcloud.replay.api import RefusedError, Request
from localcloud.replay.guest import Guest

FINAL = frozenset({"confirmed", "completed", "rejected", "cancelled", "needs_attention"})
"""Statuses that only people move an order on from."""

_WAIT = 15


class Change(BaseModel, frozen=True):
    """An entry of an order's history."""

    at: str
    status: str


class Check(BaseModel, frozen=True):
    """Where Simphony holds the order."""

    check_number: int


class Totals(BaseModel, frozen=True):
    """What is to be paid."""

    total: str
    currency: str


class Order(BaseModel, frozen=True):
    """What of an order matters here."""

    status: str
    reason: str | None = None
    totals: Totals
    check: Check | None = None
    history: tuple[Change, ...]


async def follow(guest: Guest, path: str) -> AsyncIterator[Order]:
    """The order at a path as it is, then after each change; its final state is the last.

    Raises:
        RefusedError: the order cannot be seen.
    """
    etag = ""
    while True:
        answer = await guest.call(_look(path, etag))
        if answer.status == HTTPStatus.NOT_MODIFIED:
            continue
        if answer.status != HTTPStatus.OK:
            raise RefusedError("Accepted, but not to be seen", answer.status, answer.problem)
        order = Order.model_validate_json(answer.body)
        yield order
        if order.status in FINAL:
            return
        etag = answer.headers.get("ETag", "")


def _look(path: str, etag: str) -> Request:
    if not etag:
        return Request("GET", path)
    return Request("GET", f"{path}?wait={_WAIT}", headers={"If-None-Match": etag}, wait=_WAIT)
