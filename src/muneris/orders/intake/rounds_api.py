"""The HTTP route that adds to an order's check."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from pydantic import BaseModel, ConfigDict, JsonValue

from muneris.cloud.http import Authenticate, problem_responses
from muneris.cloud.http.openapi import json_body
from muneris.core.identity import Caller
from muneris.core.problems import (
    IDEMPOTENCY_KEY_EXPIRED,
    IDEMPOTENCY_KEY_REQUIRED,
    IDEMPOTENCY_KEY_REUSED,
    INVALID_REQUEST,
    MALFORMED_JSON,
    PROPERTY_IN_ANOTHER_REGION,
    PROPERTY_NOT_FOUND,
)
from muneris.orders.access import ORDER_NOT_FOUND
from muneris.orders.intake.pricing import CONDIMENT_RULE, ITEM_UNAVAILABLE, TOO_MANY_STOCK_ITEMS, UNKNOWN_ITEM
from muneris.orders.intake.request import RoundRequest
from muneris.orders.intake.rounds import CHECK_CLOSED, CHECK_NOT_OPEN, TOO_MANY_ROUNDS, AddRound, Rounds
from muneris.orders.intake.timing import PROPERTY_NOT_OPEN

_EXAMPLE = {"lines": [{"menu_item_id": 11001, "quantity": 1}]}
_RECEIPT: dict[str, JsonValue] = {
    "round_id": "01a2006c-8d10-7a35-8e21-7c5d4e3f2a1b",
    "order_id": "01a2006b-2f0e-7c44-9d3a-5a4b1c2d3e4f",
    "property_code": "NOR-CPH01",
    "status": "received",
    "total": "10.70",
    "currency": "EUR",
    "created_at": "2030-05-04T11:05:00.000000Z",
}

Code = Annotated[str, Path(examples=["NOR-CPH01"])]
OrderId = Annotated[str, Path(examples=["01a2006b-2f0e-7c44-9d3a-5a4b1c2d3e4f"])]
Key = Annotated[str | None, Header(description="A UUIDv7, the same on retries")]


class RoundReceipt(BaseModel):
    """What an accepted round is answered with, the same for ever."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RECEIPT]})

    round_id: str
    order_id: str
    property_code: str
    status: str
    total: str
    currency: str
    created_at: str


def router(rounds: Rounds, authenticate: Authenticate) -> APIRouter:
    """The route of rounds."""
    routes = APIRouter(prefix="/v1/orders/{property_code}/{order_id}", tags=["orders"])

    @routes.post(
        "/rounds",
        status_code=202,
        summary="Add a round to an order's open check",
        response_model=RoundReceipt,
        responses=problem_responses(
            PROPERTY_NOT_FOUND, PROPERTY_IN_ANOTHER_REGION, ORDER_NOT_FOUND, IDEMPOTENCY_KEY_REQUIRED,
            IDEMPOTENCY_KEY_EXPIRED, MALFORMED_JSON, INVALID_REQUEST, IDEMPOTENCY_KEY_REUSED, CHECK_NOT_OPEN,
            CHECK_CLOSED, TOO_MANY_ROUNDS, PROPERTY_NOT_OPEN, UNKNOWN_ITEM, CONDIMENT_RULE,
            TOO_MANY_STOCK_ITEMS, ITEM_UNAVAILABLE,
        ),
        openapi_extra=json_body(RoundRequest, _EXAMPLE),
    )  # fmt: skip
    async def add_round(
        caller: Annotated[Caller, Depends(authenticate)],
        property_code: Code,
        order_id: OrderId,
        request: Request,
        idempotency_key: Key = None,
    ) -> Response:
        """The same key with the same body is always answered with the same receipt. See it in `rounds`."""
        wish = AddRound(caller, property_code, order_id, idempotency_key, await request.body())
        added = await rounds.add(wish)
        headers = {"Location": f"/v1/orders/{property_code}/{order_id}"}
        if added.replayed:
            headers["Idempotency-Replayed"] = "true"
        return Response(added.receipt, 202, headers, media_type="application/json")

    return routes
