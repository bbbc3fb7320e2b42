"""HTTP routes for operators: what orders owe, which need attention, and how much waits."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Query, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from muneris.cloud.http import Authenticate, problem_responses
from muneris.cloud.http.continuation import read_continuation, to_continuation
from muneris.cloud.http.staff import require_staff
from muneris.core.clock import Clock
from muneris.core.identity import Caller
from muneris.core.problems import FORBIDDEN, PROPERTY_IN_ANOTHER_REGION, PROPERTY_NOT_FOUND
from muneris.orders.model import Step, Work
from muneris.orders.operations.backlog import Backlog
from muneris.orders.operations.metrics import CONTENT_TYPE, exposition
from muneris.orders.operations.owed import POSITION, OwedPage, OwedWork
from muneris.orders.read_models import Homes
from muneris.orders.reading.attention import POSITION as ATTENTION_POSITION
from muneris.orders.reading.attention import Attention
from muneris.orders.reading.representation import Orders, orders_response

_MOST_LISTED = 100
_REFUSALS = problem_responses(FORBIDDEN, PROPERTY_NOT_FOUND, PROPERTY_IN_ANOTHER_REGION)
_ORDER_ID = "01a2006b-2f0e-7c44-9d3a-5a4b1c2d3e4f"

Code = Annotated[str, Path(examples=["NOR-CPH01"])]
Limit = Annotated[int, Query(ge=1, le=_MOST_LISTED)]
Continuation = Annotated[str | None, Query(description="Of the page before")]


class OwedStep(BaseModel):
    """A step that an order owes: how often it was sent, and when it is sent next.

    `round`: the round of the order whose step it is. Between `first_sent_at` and `last_deadline` a call to
    Simphony may have been carried out; until `claimed_until` one may be under way. From `expires_at` on it is
    not wanted any more.
    """

    property_code: str = Field(examples=["NOR-CPH01"])
    order_id: UUID = Field(examples=[_ORDER_ID])
    number: int = Field(examples=[2])
    step: Step = Field(examples=["post"])
    round: str | None = Field(examples=[None])
    attempts: int = Field(examples=[3])
    born_at: datetime = Field(examples=["2030-05-04T10:30:00Z"])
    due_at: datetime = Field(examples=["2030-05-04T10:31:10Z"])
    first_sent_at: datetime | None = Field(examples=["2030-05-04T10:30:01Z"])
    last_deadline: datetime | None = Field(examples=["2030-05-04T10:31:06Z"])
    claimed_until: datetime | None = Field(examples=[None])
    expires_at: datetime | None = Field(examples=[None])


class OwedSteps(BaseModel):
    """A page of what is owed; it may have fewer than asked for, or none, and still be followed by another."""

    items: list[OwedStep]
    continuation: str | None = Field(examples=[None])


class Retry(BaseModel):
    """Which order's steps are to be sent again; every order's if none is named."""

    order_id: UUID | None = Field(default=None, examples=[_ORDER_ID])


class Retried(BaseModel):
    """How many steps are due now."""

    retried: int = Field(examples=[1])


def router(
    owed: OwedWork,
    backlog: Backlog,
    attention: Attention,
    homes: Homes,
    clock: Clock,
    authenticate: Authenticate,
) -> APIRouter:
    """The routes of what is owed and of who needs attention, and the metrics."""
    staff = require_staff(authenticate)
    routes = APIRouter(prefix="/v1/orders", tags=["operators"], dependencies=[Depends(staff)])

    @routes.get(
        "/metrics",
        summary="How much waits, for Prometheus",
        response_class=PlainTextResponse,
        responses=problem_responses(FORBIDDEN),
    )
    async def get_metrics() -> Response:
        """Gauges in the text-based format, at most 15 s old."""
        return PlainTextResponse(exposition(await backlog.count(), clock.now()), media_type=CONTENT_TYPE)

    @routes.get(
        "/attention",
        summary="Orders that need attention, in the whole region",
        response_model=Orders,
        responses=problem_responses(FORBIDDEN),
    )
    async def list_attention(
        caller: Annotated[Caller, Depends(staff)],
        limit: Limit = _MOST_LISTED,
        continuation: Continuation = None,
    ) -> Response:
        """By property, the oldest first; their history has the evidence."""
        page = await attention.page(limit, read_continuation(continuation, ATTENTION_POSITION))
        return orders_response(page, caller)

    @routes.get("/work", summary="What the region's orders owe", responses=problem_responses(FORBIDDEN))
    async def list_region(limit: Limit = _MOST_LISTED, continuation: Continuation = None) -> OwedSteps:
        """By property, the oldest order first."""
        return _answer(await owed.of_region(limit, read_continuation(continuation, POSITION)))

    @routes.get("/{property_code}/work", summary="What a property's orders owe", responses=_REFUSALS)
    async def list_property(
        property_code: Code,
        order_id: Annotated[UUID | None, Query(description="Of this order alone")] = None,
        limit: Limit = _MOST_LISTED,
        continuation: Continuation = None,
    ) -> OwedSteps:
        """The oldest order first."""
        await homes.require_here(property_code)
        start = read_continuation(continuation, POSITION)
        return _answer(await owed.of_property(property_code, limit, start, order_id))

    @routes.post("/{property_code}/work/retry", summary="Send again what is owed", responses=_REFUSALS)
    async def retry(
        property_code: Code, body: Annotated[Retry | None, Body(examples=[{"order_id": _ORDER_ID}])] = None
    ) -> Retried:
        """Due at once: the sweeper sends it within 5 s, to a silent target only as a probe."""
        await homes.require_here(property_code)
        order_id = None if body is None else body.order_id
        return Retried(retried=await owed.retry(property_code, order_id))

    return routes


def _answer(page: OwedPage) -> OwedSteps:
    following = None if page.following is None else to_continuation(page.following)
    return OwedSteps(items=[_step(work) for work in page.items], continuation=following)


def _step(work: Work) -> OwedStep:
    ask = work.ask
    return OwedStep(
        property_code=ask.property_code,
        order_id=ask.order_id,
        number=ask.number,
        step=ask.step,
        round=ask.round or None,
        attempts=work.attempts,
        born_at=work.born_at,
        due_at=work.due_at,
        first_sent_at=work.first_sent_at,
        last_deadline=work.last_deadline,
        claimed_until=work.claimed_until,
        expires_at=work.expires_at,
    )
