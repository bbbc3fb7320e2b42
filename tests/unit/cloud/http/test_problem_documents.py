from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from tests.asgi import Response, call

from muneris.cloud.documents import DocumentsUnavailableError
from muneris.cloud.http import create_api, problem_responses
from muneris.cloud.http.guard import Guard
from muneris.core.identity import STAFF, Caller
from muneris.core.problems import (
    FORBIDDEN,
    INVALID_REQUEST,
    PROPERTY_IN_ANOTHER_REGION,
    SESSION_OF_ANOTHER_REGION,
    UNAUTHENTICATED,
)


class Line(BaseModel):
    quantity: int


class Order(BaseModel):
    lines: Annotated[list[Line], Field(min_length=1)]
    channel: str = "table"


async def nobody() -> Caller:
    return Caller("staff", STAFF)


def routes() -> APIRouter:
    router = APIRouter()

    @router.post("/orders", responses=problem_responses(UNAUTHENTICATED, INVALID_REQUEST))
    async def place(order: Order, limit: Annotated[int, Query(le=100)] = 50) -> int:
        return len(order.lines) + limit

    @router.get("/elsewhere", responses=problem_responses(PROPERTY_IN_ANOTHER_REGION))
    async def move(_caller: Annotated[Caller, Depends(nobody)]) -> None:
        raise PROPERTY_IN_ANOTHER_REGION(
            "Call that region.", headers={"X-Hint": "there"}, home_endpoint="https://api2.muneris.app"
        )

    @router.get("/down")
    async def fall() -> None:
        raise DocumentsUnavailableError("an address of ours")

    return router


API = create_api("orders", routes())


async def send(method: str, path: str, **arguments: object) -> Response:
    return await call(Guard(API, "api1"), method, path, **arguments)  # type: ignore[arg-type] # passed on as is


async def test_a_problem_is_a_document_with_its_members_and_headers() -> None:
    answer = await send("GET", "/elsewhere")
    assert answer.status == 421
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-hint"] == "there"
    assert answer.json() == {
        "type": "https://muneris.app/problems/property_in_another_region",
        "title": "Property in another region",
        "status": 421,
        "detail": "Call that region.",
        "instance": "/elsewhere",
        "code": "property_in_another_region",
        "correlation_id": answer.headers["traceparent"].split("-")[1],
        "home_endpoint": "https://api2.muneris.app",
    }


async def test_an_address_that_is_none() -> None:
    answer = await send("GET", "/nothing/here")
    assert (answer.status, answer.code, answer.json()["instance"]) == (404, "not_found", "/nothing/here")


async def test_a_method_that_an_address_does_not_have() -> None:
    answer = await send("DELETE", "/orders")
    assert (answer.status, answer.code, answer.headers["allow"]) == (405, "method_not_allowed", "POST")


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("/orders", {"lines": [{"quantity": 1}, {"quantity": "x"}]}, ["lines.1.quantity"]),
        ("/orders", {"lines": [{}], "channel": 1}, ["lines.0.quantity", "channel"]),
        ("/orders", {}, ["lines"]),
        ("/orders", {"lines": []}, ["lines"]),
        ("/orders?limit=101", {"lines": [{"quantity": 1}]}, ["limit"]),
        ("/orders?limit=x", {"lines": "none"}, ["limit", "lines"]),
        ("/orders", [1], [""]),
    ],
)
async def test_wrong_fields_are_named_by_their_paths(path: str, body: object, fields: list[str]) -> None:
    answer = await send("POST", path, json=body)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [error["field"] for error in answer.json()["errors"]] == fields
    assert all(set(error) == {"field", "message"} and error["message"] for error in answer.json()["errors"])


@pytest.mark.parametrize(
    "body",
    [b"{", b"{'a':1}", b"nothing", b'{"lines":', b'{"a":"\xff"}', b"\xff\xfe{}", b"[" * 100_000],
    ids=len,
)
async def test_a_body_that_is_no_json(body: bytes) -> None:
    answer = await send("POST", "/orders", body=body)
    assert (answer.status, answer.code) == (400, "malformed_json")


async def test_an_outage_asks_to_come_back_and_tells_nothing_of_ours() -> None:
    answer = await send("GET", "/down")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "service_unavailable", "2")
    assert b"address" not in answer.body


def test_refusals_of_one_status_share_their_description() -> None:
    responses = problem_responses(UNAUTHENTICATED, FORBIDDEN, SESSION_OF_ANOTHER_REGION)
    assert {status: response["description"] for status, response in responses.items()} == {
        401: "`unauthenticated`, `session_of_another_region`",
        403: "`forbidden`",
    }


async def test_the_openapi_document_lists_the_problems_of_a_route() -> None:
    document = (await send("GET", "/v1/orders/openapi.json")).json()
    assert document["info"] == {"title": "Muneris orders", "version": "1"}
    responses = document["paths"]["/elsewhere"]["get"]["responses"]
    assert list(responses) == ["200", "413", "421", "503"]
    assert responses["421"]["description"] == "`property_in_another_region`"
    schema = responses["421"]["content"]["application/problem+json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/ProblemDocument"}


async def test_a_person_can_read_it() -> None:
    answer = await send("GET", "/v1/orders/docs")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
