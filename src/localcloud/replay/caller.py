"""A mobile app: places orders for one guest after another, and sees each through to its end."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal
from uuid import UUID

from pydantic import JsonValue, ValidationError

from localcloud.replay.api import Api, Problem, RefusedError, Request
from localcloud.replay.following import follow
from localcloud.replay.guest import Guest
from muneris.core.ids import new_uuid7

ORDERS_A_GUEST = 10
_ORDER_SECONDS = 600.0

_RECEIPTS_DIFFER = Problem(code="receipts_differ", detail="One key was answered with two receipts.")

type End = Literal["confirmed", "rejected", "failed"]

_ENDS: dict[str, End] = {
    "confirmed": "confirmed",
    "completed": "confirmed",
    "rejected": "rejected",
    "cancelled": "rejected",
    "needs_attention": "failed",
}


@dataclass(frozen=True)
class Outcome:
    """How an order ended; `seconds` from its first request to that, `reason` unless it was confirmed."""

    order_id: UUID
    end: End
    seconds: float
    reason: str = ""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Caller:
    """Places one order at a time; with `twice` each is sent twice at once under its one key."""

    def __init__(
        self,
        api: Api,
        property_code: str,
        *,
        twice: bool = False,
        order_seconds: float = _ORDER_SECONDS,
        new_id: Callable[[], UUID] = lambda: new_uuid7(_utc_now()),
    ) -> None:
        self._api = api
        self._path = f"/v1/orders/{property_code}"
        self._property_code = property_code
        self._twice = twice
        self._order_seconds = order_seconds
        self._new_id = new_id
        self._guest: Guest | None = None
        self._orders_left = 0

    async def place(self, body: JsonValue) -> Outcome:
        """Place an order and wait until nothing moves it any more."""
        order_id, begun = self._new_id(), time.monotonic()
        end: End
        try:
            async with asyncio.timeout(self._order_seconds):
                guest = await self._next_guest()
                begun = time.monotonic()
                await self._accepted(guest, order_id, json.dumps(body).encode())
                end, reason = await self._final(guest, order_id)
        except RefusedError as error:
            end, reason = "failed", str(error)
        except ValidationError as error:
            end, reason = "failed", f"No answer as it should be: {error}"
        except TimeoutError:
            end, reason = "failed", f"Not at its end after {self._order_seconds:.0f} s"
        if end == "failed":
            self._guest = None  # its session may be why
        return Outcome(order_id, end, time.monotonic() - begun, reason)

    async def _next_guest(self) -> Guest:
        if self._guest is None or self._orders_left == 0:
            self._guest = await Guest.arrive(self._api, self._property_code)
            self._orders_left = ORDERS_A_GUEST
        self._orders_left -= 1
        return self._guest

    async def _accepted(self, guest: Guest, order_id: UUID, body: bytes) -> None:
        """Return once the order is accepted, by the same receipt however often it was sent."""
        request = Request("POST", self._path, body, {"Idempotency-Key": str(order_id)})
        answers = await asyncio.gather(*(guest.call(request) for _ in range(2 if self._twice else 1)))
        for answer in answers:
            if answer.status != HTTPStatus.ACCEPTED:
                raise RefusedError("Refused", answer.status, answer.problem)
        if len({answer.body for answer in answers}) > 1:
            raise RefusedError("Sent twice", HTTPStatus.ACCEPTED, _RECEIPTS_DIFFER)

    async def _final(self, guest: Guest, order_id: UUID) -> tuple[End, str]:
        status = reason = ""
        async for order in follow(guest, f"{self._path}/{order_id}"):
            status, reason = order.status, order.reason or order.status
        end = _ENDS[status]
        return end, "" if end == "confirmed" else reason
