"""Orders as they are answered."""

import json
from collections.abc import Mapping

from fastapi import Response
from pydantic import BaseModel, Field

from muneris.cloud.http.conditional import to_etag
from muneris.cloud.http.continuation import to_continuation
from muneris.core.identity import Caller
from muneris.orders.model import INTERNAL, Order, Status
from muneris.orders.reading.listing import OrderPage
from muneris.orders.round import ROUND_INTERNAL

_PRIVATE = {"Cache-Control": "private, no-cache"}
_JSON = "application/json"


class Orders(BaseModel):
    """A page of orders; it may have fewer than asked for, or none, and still be followed by another."""

    items: list[Order]
    continuation: str | None = Field(default=None, examples=[None])


def etag_of(order: Order) -> str:
    """The entity tag of an order as it is now."""
    return to_etag(str(order.sequence))


def order_response(order: Order, caller: Caller, status: int = 200) -> Response:
    """An order."""
    return Response(_document(order, caller), status, _headers(order), media_type=_JSON)


def unchanged_response(order: Order) -> Response:
    """To whoever knows the order as it is."""
    return Response(status_code=304, headers=_headers(order))


def orders_response(page: OrderPage, caller: Caller) -> Response:
    """A page of orders, each as it is answered alone."""
    items = ",".join(_document(stored.order, caller) for stored in page.items)
    continuation = None if page.following is None else to_continuation(page.following)
    body = f'{{"items":[{items}],"continuation":{json.dumps(continuation)}}}'
    return Response(body, headers=_PRIVATE, media_type=_JSON)


def _headers(order: Order) -> Mapping[str, str]:
    return {"ETag": etag_of(order), **_PRIVATE}


def _document(order: Order, caller: Caller) -> str:
    """What only staff may read of its history is left out for others; who cancelled said the reason."""
    hidden: dict[str, bool | dict[str, set[str]]] = dict.fromkeys(INTERNAL, True)
    hidden["rounds"] = {"__all__": {*ROUND_INTERNAL, *(() if caller.is_staff else ("detail",))}}
    hidden["history"] = {"__all__": {"comment", *(() if caller.is_staff else ("detail",))}}
    return _with_words(order).model_dump_json(exclude=hidden, exclude_none=True)


def _with_words(order: Order) -> Order:
    """The comments of whoever cancelled are the reasons; an order that is called off has the newest."""
    if not any(each.comment for each in order.history):
        return order
    history = tuple(
        each.model_copy(update={"reason": each.comment}) if each.comment else each for each in order.history
    )
    reason = order.reason
    if reason is None and order.status in {Status.CANCELLING, Status.CANCELLED}:
        reason = next(each.reason for each in reversed(history) if each.comment)
    return order.model_copy(update={"history": history, "reason": reason})
