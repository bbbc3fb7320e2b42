from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends
from pydantic import BaseModel
from tests.asgi import call
from tests.ordering import OrderingRegion
from tests.tenants import TenantRegion

from muneris.cloud.http import Authenticate, create_api, problem_responses
from muneris.cloud.http.guard import Guard
from muneris.cloud.http.openapi import json_body
from muneris.core.identity import Caller
from muneris.core.problems import FORBIDDEN, INVALID_REQUEST, PROPERTY_IN_ANOTHER_REGION

type Node = dict[str, Any]


class Condiment(BaseModel):
    condiment_id: int


class Line(BaseModel):
    condiments: list[Condiment] = []
    first: Condiment | None


class Order(BaseModel):
    lines: list[Line]


EXAMPLE = {"lines": [{"condiments": [{"condiment_id": 1}]}]}
CONDIMENT = {
    "title": "Condiment",
    "type": "object",
    "properties": {"condiment_id": {"title": "Condiment Id", "type": "integer"}},
    "required": ["condiment_id"],
}


def test_a_body_is_described_without_references() -> None:
    body = json_body(Order, EXAMPLE)["requestBody"]
    assert body["required"] is True
    content = body["content"]["application/json"]
    assert content["example"] == EXAMPLE
    assert "$ref" not in str(content)
    assert "$defs" not in str(content)
    line = content["schema"]["properties"]["lines"]["items"]
    assert line["properties"]["condiments"]["items"] == CONDIMENT
    assert line["properties"]["first"]["anyOf"] == [CONDIMENT, {"type": "null"}]


def test_a_route_that_reads_its_body_itself_has_it_in_the_document() -> None:
    router = APIRouter()

    @router.post("/orders", openapi_extra=json_body(Order, EXAMPLE))
    async def place() -> None: ...

    document = create_api("orders", router).openapi()
    assert document["paths"]["/orders"]["post"]["requestBody"] == json_body(Order, EXAMPLE)["requestBody"]


def example_api(authenticate: Authenticate) -> APIRouter:
    router = APIRouter()

    @router.post("/orders/{code}", responses=problem_responses(FORBIDDEN, INVALID_REQUEST))
    async def place(code: str, order: Order, _: Annotated[Caller, Depends(authenticate)]) -> Order:
        raise FORBIDDEN(f"{code} {order}")

    @router.get("/orders/{code}", responses=problem_responses(PROPERTY_IN_ANOTHER_REGION))
    async def read(code: str) -> Order:
        raise PROPERTY_IN_ANOTHER_REGION(code)

    @router.get("/up", responses={503: {"model": Condiment}})
    async def look() -> None: ...

    return router


def refusals_of(operation: Node) -> dict[str, str]:
    return {
        status: response["description"]
        for status, response in operation["responses"].items()
        if "application/problem+json" in response.get("content", {})
    }


def test_refusals_that_routes_share_are_listed_once() -> None:
    api = create_api("orders", example_api(TenantRegion().authenticate()))
    paths = api.openapi()["paths"]
    assert api.openapi()["paths"] == paths
    assert "ValidationError" not in str(api.openapi())
    assert refusals_of(paths["/orders/{code}"]["post"]) == {
        "400": "`malformed_json`",
        "401": "`unauthenticated`, `session_of_another_region`",
        "403": "`forbidden`",
        "413": "`request_too_large`",
        "422": "`invalid_request`",
        "503": "`service_unavailable`",
    }
    assert refusals_of(paths["/orders/{code}"]["get"]) == {
        "413": "`request_too_large`",
        "421": "`property_in_another_region`",
        "422": "`invalid_request`",
        "503": "`service_unavailable`",
    }
    assert set(paths["/up"]["get"]["responses"]["503"]["content"]) == {
        "application/json",
        "application/problem+json",
    }


def test_a_reader_can_sign_in_where_it_is_needed() -> None:
    document = create_api("orders", example_api(TenantRegion().authenticate())).openapi()
    scheme = document["components"]["securitySchemes"]["AccessToken"]
    assert (scheme["type"], scheme["scheme"], scheme["bearerFormat"]) == ("http", "bearer", "JWT")
    operations = document["paths"]["/orders/{code}"]
    assert operations["post"]["security"] == [{"AccessToken": []}]
    assert "security" not in operations["get"]
    assert [each["name"] for each in operations["post"]["parameters"]] == ["code"]


async def document_of(app: str) -> Node:
    server = {
        "auth": TenantRegion().auth,
        "config": TenantRegion().config_app,
        "inventory": OrderingRegion().inventory_app,
        "orders": OrderingRegion().app,
    }[app]
    document: Node = (await call(server, "GET", f"/v1/{app}/openapi.json")).json()
    return document


def operations_of(document: Node) -> Iterator[tuple[str, Node]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield f"{method} {path}", operation


@pytest.mark.parametrize("app", ["auth", "config", "inventory"])
async def test_every_body_has_an_example(app: str) -> None:
    document = await document_of(app)
    schemas = document["components"]["schemas"]
    for name, operation in operations_of(document):
        bodies = [operation.get("requestBody", {})]
        bodies += [response for status, response in operation["responses"].items() if status < "300"]
        for body in bodies:
            for media in body.get("content", {}).values():
                assert "example" in media or has_example(media["schema"], schemas), name


def has_example(schema: Node, schemas: Node) -> bool:
    """Whether a reader is shown a value: of the whole, or of every part of it."""
    if {"example", "examples", "enum", "const"} & set(schema):
        return True
    if "$ref" in schema:
        return has_example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "items" in schema:
        return has_example(schema["items"], schemas)
    if "anyOf" in schema:
        return all(has_example(each, schemas) for each in schema["anyOf"] if each != {"type": "null"})
    properties = schema.get("properties", {})
    return bool(properties) and all(has_example(each, schemas) for each in properties.values())


@pytest.mark.parametrize("page", ["openapi.json", "docs"])
async def test_no_route_of_an_app_stands_before_those_of_its_document(page: str) -> None:
    routes = APIRouter()

    @routes.get("/v1/orders/{code}")
    async def show(code: str) -> str:
        return code

    answer = await call(Guard(create_api("orders", routes), "api1"), "GET", f"/v1/orders/{page}")
    assert (answer.status, answer.body != f'"{page}"'.encode()) == (200, True)
