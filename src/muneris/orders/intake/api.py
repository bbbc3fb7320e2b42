"""HTTP routes of intake."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, JsonValue

from muneris.cloud.http import Authenticate, problem_responses
from muneris.cloud.http.api import PlainRoute
from muneris.cloud.http.openapi import json_body
from muneris.core.problems import (
    FORBIDDEN,
    IDEMPOTENCY_KEY_EXPIRED,
    IDEMPOTENCY_KEY_REQUIRED,
    IDEMPOTENCY_KEY_REUSED,
    INVALID_REQUEST,
    MALFORMED_JSON,
    PROPERTY_IN_ANOTHER_REGION,
    PROPERTY_NOT_FOUND,
)
from muneris.orders.intake.guests import TOO_MANY_OPEN_ORDERS
from muneris.orders.intake.pricing import (
    CONDIMENT_RULE,
    ITEM_UNAVAILABLE,
    PRICE_CHANGED,
    TOO_MANY_STOCK_ITEMS,
    UNKNOWN_ITEM,
)
from muneris.orders.intake.request import OrderRequest
from muneris.orders.intake.service import PAYMENT_NOT_CONFIGURED, Intake, PlaceOrder
from muneris.orders.intake.slots import SLOT_FULL
from muneris.orders.intake.timing import PROPERTY_NOT_OPEN, REQUESTED_TIME_UNAVAILABLE

_PROPERTY = (PROPERTY_NOT_FOUND, PROPERTY_IN_ANOTHER_REGION)
_EXAMPLE = {
    "channel": "online",
    "fulfilment": {"type": "pickup"},
    "lines": [{"menu_item_id": 11001, "quantity": 2, "condiments": [{"condiment_id": 52003}]}],
    "payment": {"method": "at_counter"},
    "expected_total": "23.40",
}

_PARAMETERS = [
    {
        "name": "property_code",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "title": "Property Code", "examples": ["NOR-CPH01"]},
    },
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "format": "uuid", "title": "Idempotency-Key"},
        "description": "A UUIDv7, the same on retries",
    },
]
"""Of placing an order, which reads them itself: with FastAPI's reading it took a tenth longer."""

_RECEIPT: dict[str, JsonValue] = {
    "order_id": "01a2006b-2f0e-7c44-9d3a-5a4b1c2d3e4f",
    "property_code": "NOR-CPH01",
    "region": "api1",
    "status": "received",
    "total": "23.40",
    "currency": "EUR",
    "created_at": "2030-05-04T10:30:00.000000Z",
}


class Receipt(BaseModel):
    """What an accepted order is answered with, the same for ever."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RECEIPT]})

    order_id: str
    property_code: str
    region: str
    status: str
    total: str
    currency: str
    created_at: str


def router(intake: Intake, authenticate: Authenticate) -> APIRouter:
    """The route that is called most: it goes before those that others have for the same path."""
    routes = APIRouter(tags=["orders"])

    async def place_order(request: Request) -> Response:
        """The same key with the same body is always answered with the same receipt."""
        caller = await authenticate(request)
        property_code, key = request.path_params["property_code"], request.headers.get("idempotency-key")
        placed = await intake.place(PlaceOrder(caller, property_code, key, await request.body()))
        headers = {"Location": f"/v1/orders/{property_code}/{placed.order_id}"}
        if placed.replayed:
            headers["Idempotency-Replayed"] = "true"
        return Response(placed.receipt, 202, headers, media_type="application/json")

    routes.add_api_route(
        "/v1/orders/{property_code}",
        place_order,
        methods=["POST"],
        route_class_override=PlainRoute,
        status_code=202,
        summary="Place an order",
        response_model=Receipt,
        responses=problem_responses(
            *_PROPERTY, IDEMPOTENCY_KEY_REQUIRED, IDEMPOTENCY_KEY_EXPIRED,
            MALFORMED_JSON, INVALID_REQUEST, FORBIDDEN, IDEMPOTENCY_KEY_REUSED, PROPERTY_NOT_OPEN,
            PAYMENT_NOT_CONFIGURED, TOO_MANY_OPEN_ORDERS, UNKNOWN_ITEM, CONDIMENT_RULE, TOO_MANY_STOCK_ITEMS,
            ITEM_UNAVAILABLE, PRICE_CHANGED, REQUESTED_TIME_UNAVAILABLE, SLOT_FULL,
        ),
        openapi_extra={
            "parameters": _PARAMETERS, "security": [{authenticate.scheme_name: []}],
            **json_body(OrderRequest, _EXAMPLE),
        },
    )  # fmt: skip

    return routes
