"""HTTP routes that change an order."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Path, Response
from pydantic import BaseModel, Field

from muneris.cloud.http import Authenticate, problem_responses
from muneris.cloud.http.staff import require_staff
from muneris.core.identity import Caller
from muneris.core.problems import FORBIDDEN, PROPERTY_IN_ANOTHER_REGION, PROPERTY_NOT_FOUND
from muneris.orders.access import ORDER_NOT_FOUND
from muneris.orders.life.commands import OrderCommands
from muneris.orders.life.wishes import (
    FULFILMENT_ORDER,
    NEEDS_ATTENTION,
    NOT_IN_DOUBT,
    ORDER_NOT_CONFIRMED,
    ROUNDS_UNDER_WAY,
    TOO_LATE_TO_CANCEL,
    TOO_MANY_CHANGES,
    Resolution,
)
from muneris.orders.model import Order
from muneris.orders.reading.representation import order_response

_NOT_HERE = (PROPERTY_NOT_FOUND, PROPERTY_IN_ANOTHER_REGION, ORDER_NOT_FOUND)
_RESOLUTION = {
    "kind": "confirmed",
    "check_ref": "0b4f7c2a-1001",
    "check_number": 1001,
    "note": "Found in Simphony by the order's name",
}

Code = Annotated[str, Path(examples=["NOR-CPH01"])]
OrderId = Annotated[str, Path(examples=["01a2006b-2f0e-7c44-9d3a-5a4b1c2d3e4f"])]


class Cancellation(BaseModel):
    """Why an order is called off, in the caller's own words."""

    reason: str | None = Field(default=None, max_length=200, examples=["Ordered by mistake"])


class FulfilmentReport(BaseModel):
    """How far the kitchen is."""

    status: Literal["preparing", "ready", "completed"] = Field(examples=["ready"])


def router(commands: OrderCommands, authenticate: Authenticate) -> APIRouter:
    """The routes below an order."""
    routes = APIRouter(prefix="/v1/orders/{property_code}/{order_id}", tags=["orders"])
    Authenticated = Annotated[Caller, Depends(authenticate)]  # noqa: N806 - a type
    Staff = Annotated[Caller, Depends(require_staff(authenticate))]  # noqa: N806 - a type

    @routes.post(
        "/cancel",
        status_code=202,
        summary="Call an order off",
        response_model=Order,
        responses=problem_responses(*_NOT_HERE, TOO_LATE_TO_CANCEL, NEEDS_ATTENTION, TOO_MANY_CHANGES),
    )
    async def cancel_order(
        caller: Authenticated, property_code: Code, order_id: OrderId, body: Cancellation | None = None
    ) -> Response:
        """Again while it is being cancelled: without effect. If Simphony refuses it is confirmed again."""
        comment = None if body is None else body.reason
        stored = await commands.cancel(caller, property_code, order_id, comment)
        return order_response(stored.order, caller, 202)

    @routes.post(
        "/fulfilment",
        summary="Say how far the kitchen is with an order",
        response_model=Order,
        responses=problem_responses(
            FORBIDDEN, *_NOT_HERE, ORDER_NOT_CONFIRMED, FULFILMENT_ORDER, ROUNDS_UNDER_WAY
        ),
    )
    async def report_fulfilment(
        caller: Staff, property_code: Code, order_id: OrderId, body: FulfilmentReport
    ) -> Response:
        """Forward only; the same again is without effect. `completed` ends the order."""
        stored = await commands.fulfil(caller, property_code, order_id, body.status)
        return order_response(stored.order, caller)

    @routes.post(
        "/resolve",
        summary="Settle an order that needs attention",
        response_model=Order,
        responses=problem_responses(FORBIDDEN, *_NOT_HERE, NOT_IN_DOUBT, TOO_MANY_CHANGES),
    )
    async def resolve_order(
        caller: Staff,
        property_code: Code,
        order_id: OrderId,
        body: Annotated[Resolution, Body(examples=[_RESOLUTION])],
    ) -> Response:
        """`confirmed` names the check that holds it, `retry` asks Simphony again."""
        stored = await commands.resolve(caller, property_code, order_id, body)
        return order_response(stored.order, caller)

    return routes
