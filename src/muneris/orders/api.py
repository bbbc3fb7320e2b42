"""HTTP routes of orders."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, JsonValue

from muneris.cloud.http import Authenticate, problem_responses
from muneris.cloud.http.api import PlainRoute
from muneris.cloud.http.conditional import names_etag, to_etag
from muneris.cloud.http.openapi import json_body
from muneris.core.identity import Caller
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
from muneris.orders.guests import TOO_MANY_OPEN_ORDERS
from muneris.orders.health import Health, HealthReport
from muneris.orders.model import Order
from muneris.orders.pricing import CONDIMENT_RULE, PRICE_CHANGED, TOO_MANY_STOCK_ITEMS, UNKNOWN_ITEM
from muneris.orders.queries import LONGEST_WAIT, ORDER_NOT_FOUND, OrderQueries
from muneris.orders.request import OrderRequest
from muneris.orders.service import (
    ITEM_UNAVAILABLE,
    PAYMENT_NOT_CONFIGURED,
    PROPERTY_NOT_OPEN,
    Intake,
    PlaceOrder,
)
from muneris.orders.store import StoredOrder

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


def router(intake: Intake, queries: OrderQueries, health: Health, authenticate: Authenticate) -> APIRouter:
    """The routes of the orders app."""
    routes = APIRouter(tags=["orders"])
    Authenticated = Annotated[Caller, Depends(authenticate)]  # noqa: N806 - a type

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
            ITEM_UNAVAILABLE, PRICE_CHANGED,
        ),
        openapi_extra={
            "parameters": _PARAMETERS, "security": [{authenticate.scheme_name: []}],
            **json_body(OrderRequest, _EXAMPLE),
        },
    )  # fmt: skip

    @routes.get(
        "/v1/orders/{property_code}/{order_id}",
        summary="An order, or its next change",
        response_model=Order,
        responses={
            304: {"description": "Not changed"},
            **problem_responses(*_PROPERTY, ORDER_NOT_FOUND, INVALID_REQUEST),
        },
    )
    async def get_order(
        caller: Authenticated,
        property_code: str,
        order_id: str,
        if_none_match: Annotated[str | None, Header()] = None,
        wait: Annotated[float, Query(ge=0, description=f"Seconds, {LONGEST_WAIT:.0f} at most")] = 0,
    ) -> Response:
        """With `If-None-Match` and `wait` it answers as soon as the order changes, else 304."""
        stored = await queries.get_change(
            caller, property_code, order_id, lambda order: names_etag(if_none_match, _etag(order)), wait
        )
        return _order_response(stored, caller, is_known=names_etag(if_none_match, _etag(stored.order)))

    @routes.get("/health", summary="The region's health", responses={503: {"model": HealthReport}})
    async def get_health() -> Response:
        """200 exactly when tables, queues and this app work and the region is not draining."""
        report = await health.report()
        return Response(report.model_dump_json(), report.http_status, media_type="application/json")

    return routes


def _etag(order: Order) -> str:
    return to_etag(str(order.sequence))


def _order_response(stored: StoredOrder, caller: Caller, *, is_known: bool) -> Response:
    """The order; what only staff may read of its history is left out for others."""
    headers = {"ETag": _etag(stored.order), "Cache-Control": "private, no-cache"}
    if is_known:
        return Response(status_code=304, headers=headers)
    hidden: dict[str, bool | dict[str, set[str]]] = {"sequence": True}
    if not caller.is_staff:
        hidden["history"] = {"__all__": {"detail"}}
    body = stored.order.model_dump_json(exclude=hidden, exclude_none=True)
    return Response(body, headers=headers, media_type="application/json")
