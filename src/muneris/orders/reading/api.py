"""HTTP routes that answer orders."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from pydantic import AwareDatetime

from muneris.cloud.http import Authenticate, problem_responses
from muneris.cloud.http.conditional import names_etag
from muneris.cloud.http.continuation import read_continuation
from muneris.core.identity import Caller
from muneris.core.problems import (
    FORBIDDEN,
    INVALID_REQUEST,
    PROPERTY_IN_ANOTHER_REGION,
    PROPERTY_NOT_FOUND,
)
from muneris.orders.access import ORDER_NOT_FOUND
from muneris.orders.model import Order, Status
from muneris.orders.reading.listing import POSITION, OrderFilter
from muneris.orders.reading.queries import LONGEST_WAIT, OrderQueries
from muneris.orders.reading.representation import (
    Orders,
    etag_of,
    order_response,
    orders_response,
    unchanged_response,
)

_PROPERTY = (PROPERTY_NOT_FOUND, PROPERTY_IN_ANOTHER_REGION)
_MOST_LISTED = 100

Code = Annotated[str, Path(examples=["NOR-CPH01"])]
Moment = Annotated[
    AwareDatetime | None, Query(description="Of `created_at`", examples=["2030-05-04T00:00:00Z"])
]


def router(queries: OrderQueries, authenticate: Authenticate) -> APIRouter:
    """The routes of orders. They come last: to them any word is a property's code, or an order's id."""
    routes = APIRouter(prefix="/v1/orders", tags=["orders"])
    Authenticated = Annotated[Caller, Depends(authenticate)]  # noqa: N806 - a type

    @routes.get(
        "/{property_code}",
        summary="A property's orders, the newest first",
        response_model=Orders,
        responses=problem_responses(*_PROPERTY, FORBIDDEN),
    )
    async def list_orders(
        caller: Authenticated,
        property_code: Code,
        status: Status | None = None,
        since: Moment = None,
        until: Moment = None,
        limit: Annotated[int, Query(ge=1, le=_MOST_LISTED)] = _MOST_LISTED,
        continuation: Annotated[str | None, Query(description="Of the page before")] = None,
    ) -> Response:
        """All for staff, a guest's own for a guest. A page may be short and still have a `continuation`."""
        wanted = OrderFilter(status, since, until)
        start = read_continuation(continuation, POSITION)
        return orders_response(await queries.page(caller, property_code, wanted, limit, start), caller)

    @routes.get(
        "/{property_code}/{order_id}",
        summary="An order, or its next change",
        response_model=Order,
        responses={
            304: {"description": "Not changed"},
            **problem_responses(*_PROPERTY, ORDER_NOT_FOUND, INVALID_REQUEST),
        },
    )
    async def get_order(
        caller: Authenticated,
        property_code: Code,
        order_id: Annotated[str, Path(examples=["01a2006b-2f0e-7c44-9d3a-5a4b1c2d3e4f"])],
        if_none_match: Annotated[str | None, Header()] = None,
        wait: Annotated[float, Query(ge=0, description=f"Seconds, {LONGEST_WAIT:.0f} at most")] = 0,
    ) -> Response:
        """With `If-None-Match` and `wait` it answers as soon as the order changes, else 304."""

        def is_known(order: Order) -> bool:
            return names_etag(if_none_match, etag_of(order))

        order = (await queries.get_change(caller, property_code, order_id, is_known, wait)).order
        return unchanged_response(order) if is_known(order) else order_response(order, caller)

    return routes
