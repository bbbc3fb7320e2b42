"""HTTP routes of stock that comes, goes and is counted."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel, Field

from muneris.cloud.http import Authenticate, problem_responses
from muneris.cloud.http.continuation import read_continuation, to_continuation
from muneris.core.canonical import MalformedJsonError, read_json
from muneris.core.clock import Clock
from muneris.core.idempotency import read_key
from muneris.core.identity import Caller
from muneris.core.problems import (
    FORBIDDEN,
    IDEMPOTENCY_KEY_EXPIRED,
    IDEMPOTENCY_KEY_REQUIRED,
    IDEMPOTENCY_KEY_REUSED,
    MALFORMED_JSON,
    PROPERTY_IN_ANOTHER_REGION,
    PROPERTY_NOT_FOUND,
)
from muneris.inventory.access import Access
from muneris.inventory.fields import Delta, OwnSku, Quantity, Sku, SomeQuantity
from muneris.inventory.movement import LESS_THAN_HELD, Kind, Movement, MovementAsk
from muneris.inventory.movements import ITEM_NOT_FOUND, Movements

_MOST_LISTED = 100
_PLACE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\|[a-z-]+")
_READING = problem_responses(FORBIDDEN, PROPERTY_NOT_FOUND, PROPERTY_IN_ANOTHER_REGION, ITEM_NOT_FOUND)
_MOVING = problem_responses(
    FORBIDDEN, PROPERTY_NOT_FOUND, PROPERTY_IN_ANOTHER_REGION, ITEM_NOT_FOUND, LESS_THAN_HELD,
    IDEMPOTENCY_KEY_REQUIRED, IDEMPOTENCY_KEY_EXPIRED, IDEMPOTENCY_KEY_REUSED,
)  # fmt: skip
Reason = Annotated[str, Field(min_length=1, max_length=200)]


class Adjustment(BaseModel):
    """A correction by a difference."""

    delta: Delta = Field(examples=["-0.5"])
    reason: Reason = Field(examples=["Found in the cellar"])


class Delivery(BaseModel):
    """A delivery."""

    quantity: SomeQuantity = Field(examples=["2.5"])
    supplier: Reason | None = Field(default=None, examples=["Grønttorvet"])
    reference: Reason | None = Field(default=None, examples=["Delivery note 4711"])


class Waste(BaseModel):
    """What was thrown away."""

    quantity: SomeQuantity = Field(examples=["0.75"])
    reason: Reason = Field(examples=["Spilled"])


class StockTake(BaseModel):
    """What was counted on the shelf, held for orders or not."""

    counted: Quantity = Field(examples=["12.5"])


class MovementList(BaseModel):
    """What was moved of an item, the newest first."""

    items: list[Movement]
    continuation: str | None = Field(default=None, examples=[None])


@dataclass(frozen=True)
class _Claim:
    """Who asks for what once, and where."""

    property_code: str
    key: UUID
    fingerprint: str
    by: str

    def asks(self, sku: str, kind: Kind, quantity: Decimal, **said: str | None) -> MovementAsk:
        return MovementAsk(
            sku=sku,
            kind=kind,
            quantity=quantity,
            key=self.key,
            fingerprint=self.fingerprint,
            by=self.by,
            **said,
        )


def movement_routes(
    movements: Movements, staff: Access, authenticate: Authenticate, clock: Clock
) -> APIRouter:
    """The routes below `/v1/inventory/{property_code}/items/{sku}` that move stock."""
    routes = APIRouter(prefix="/v1/inventory/{property_code}/items/{sku}", tags=["movements"])
    Staffed = Annotated[str, Depends(staff)]  # noqa: N806 - a type

    async def claim(
        request: Request,
        property_code: Staffed,
        caller: Annotated[Caller, Depends(authenticate)],
        idempotency_key: Annotated[str | None, Header(description="A UUIDv7, the same on retries")] = None,
    ) -> _Claim:
        key = read_key(idempotency_key, clock.now())
        try:
            _, sent = read_json(await request.body())
        except MalformedJsonError as error:
            raise MALFORMED_JSON(f"The body is not unambiguous JSON: {error}.") from error
        return _Claim(property_code, key, sent, caller.subject)

    Claimed = Annotated[_Claim, Depends(claim)]  # noqa: N806 - a type

    async def move(claim: _Claim, asked: MovementAsk, response: Response) -> Movement:
        done = await movements.move(claim.property_code, asked)
        if done.replayed:
            response.headers["Idempotency-Replayed"] = "true"
        return done.movement

    @routes.post("/adjust", summary="Correct what is on hand by a difference", responses=_MOVING)
    async def adjust(claim: Claimed, sku: OwnSku, body: Adjustment, response: Response) -> Movement:
        """Once for each key."""
        return await move(claim, claim.asks(sku, "adjust", body.delta, reason=body.reason), response)

    @routes.post("/receive", summary="Add what was delivered", responses=_MOVING)
    async def receive(claim: Claimed, sku: OwnSku, body: Delivery, response: Response) -> Movement:
        """Once for each key."""
        said = {"supplier": body.supplier, "reference": body.reference}
        return await move(claim, claim.asks(sku, "receive", body.quantity, **said), response)

    @routes.post("/waste", summary="Take away what was thrown away", responses=_MOVING)
    async def waste(claim: Claimed, sku: OwnSku, body: Waste, response: Response) -> Movement:
        """Once for each key."""
        return await move(claim, claim.asks(sku, "waste", body.quantity, reason=body.reason), response)

    @routes.post("/stock-take", summary="Set what is on hand to what was counted", responses=_MOVING)
    async def take_stock(claim: Claimed, sku: OwnSku, body: StockTake, response: Response) -> Movement:
        """Once for each key: what is sold after the count is not undone by a repeat."""
        return await move(claim, claim.asks(sku, "stock-take", body.counted), response)

    @routes.get("/movements", summary="What was moved of an item, the newest first", responses=_READING)
    async def list_movements(
        property_code: Staffed,
        sku: Sku,
        limit: Annotated[int, Query(ge=1, le=_MOST_LISTED)] = _MOST_LISTED,
        continuation: Annotated[str | None, Query(description="Of the page before")] = None,
    ) -> MovementList:
        """By the time in their keys. What orders take is not among them."""
        page = await movements.page(property_code, sku, limit, read_continuation(continuation, _PLACE))
        following = None if page.following is None else to_continuation(page.following)
        return MovementList(items=list(page.movements), continuation=following)

    return routes
