import pytest
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from tests.asgi import call

from muneris.cloud.http import create_api
from muneris.cloud.http.api import PlainRoute
from muneris.cloud.http.guard import Guard
from muneris.core.operational import OperationalError
from muneris.core.problems import FORBIDDEN


class Line(BaseModel):
    quantity: int


def routes() -> APIRouter:
    router = APIRouter()
    inner = APIRouter(prefix="/inner")

    @router.post("/lines")
    @inner.post("/lines")
    async def add(line: Line) -> int:
        return line.quantity

    router.include_router(inner)
    return router


API = create_api("orders", routes())


@pytest.mark.parametrize("path", ["/lines", "/inner/lines"])
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "application/json; charset=utf-8",
        "application/merge-patch+json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain;charset=UTF-8",
        "application/octet-stream",
        "nonsense",
    ],
)
async def test_a_body_is_json_whatever_it_is_called(path: str, content_type: str | None) -> None:
    headers = [] if content_type is None else [(b"content-type", content_type.encode())]

    async def without_default(scope: dict[str, object], receive: object, send: object) -> None:
        await API({**scope, "headers": headers}, receive, send)  # type: ignore[arg-type] # as received

    answer = await call(without_default, "POST", path, body=b'{"quantity": 2}')  # type: ignore[arg-type] # a scope is a dict
    assert (answer.status, answer.json()) == (200, 2)


async def test_a_body_that_is_no_json_is_told_so_whatever_it_is_called() -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await call(API, "POST", "/lines", body=b"quantity=2", headers=headers)
    assert (answer.status, answer.code) == (400, "malformed_json")


def plain_routes() -> APIRouter:
    router = APIRouter()

    async def cook(request: Request) -> Response:
        """Cooks it."""
        dish = request.path_params["dish"]
        if dish == "secret":
            raise FORBIDDEN("Not yours.")
        if dish == "cold":
            raise OperationalError("an address of ours")
        return Response(f"{dish}: {(await request.body()).decode()}", 202)

    async def look(request: Request) -> Response:
        return Response(request.path_params["dish"])

    for endpoint, method in ((cook, "POST"), (look, "GET")):
        router.add_api_route(
            "/dishes/{dish}", endpoint, methods=[method], route_class_override=PlainRoute, response_model=str
        )
    return router


PLAIN = Guard(create_api("orders", plain_routes(), routes()), "api1")


async def test_a_plain_route_gets_the_request_and_answers_itself() -> None:
    answer = await call(PLAIN, "POST", "/dishes/soup", body=b"hot")
    assert (answer.status, answer.body) == (202, b"soup: hot")
    assert (await call(PLAIN, "GET", "/dishes/soup")).body == b"soup"


async def test_other_routes_are_served_beside_plain_ones() -> None:
    answer = await call(PLAIN, "POST", "/lines", json={"quantity": 2})
    assert (answer.status, answer.json()) == (200, 2)


@pytest.mark.parametrize(
    ("dish", "status", "code"), [("secret", 403, "forbidden"), ("cold", 503, "service_unavailable")]
)
async def test_what_a_plain_route_raises_is_answered(dish: str, status: int, code: str) -> None:
    answer = await call(PLAIN, "POST", f"/dishes/{dish}")
    assert (answer.status, answer.code, answer.json()["instance"]) == (status, code, f"/dishes/{dish}")
    assert answer.headers["muneris-region"] == "api1"
    assert b"address" not in answer.body


async def test_a_plain_route_has_its_methods_alone() -> None:
    answer = await call(PLAIN, "DELETE", "/dishes/soup")
    assert (answer.status, answer.code) == (405, "method_not_allowed")


async def test_a_plain_route_is_documented() -> None:
    document = (await call(PLAIN, "GET", "/v1/orders/openapi.json")).json()
    assert document["paths"]["/dishes/{dish}"]["post"]["description"] == "Cooks it."
